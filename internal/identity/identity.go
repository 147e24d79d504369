// Package identity gives a device or a hub an id of its own, once.
package identity

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
)

// Store keeps bytes over a restart.
type Store interface {
	Load() ([]byte, error) // nil when nothing was saved yet
	Save([]byte) error     // atomic and durable
}

// Load is the id that store keeps, or a new one: the product ("org.company.product")
// and eight random characters, so that no two in a house have the same. It outlives
// everything but the loss of the store; who has lost that is somebody new.
func Load(store Store, product string) (string, error) {
	data, err := store.Load()
	if err != nil {
		return "", fmt.Errorf("identity: loading: %w", err)
	}
	if id := strings.TrimSpace(string(data)); id != "" {
		return id, nil
	}
	part := make([]byte, 5)
	rand.Read(part) // never fails
	id := product + "." + strings.ToLower(base32.StdEncoding.EncodeToString(part))
	if err := store.Save([]byte(id + "\n")); err != nil {
		return "", fmt.Errorf("identity: saving: %w", err)
	}
	return id, nil
}
