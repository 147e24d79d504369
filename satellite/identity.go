package satellite

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
)

// product is what kind of thing this is; the protocol wants org.company.product.
const product = "org.vapd.satellite"

// Identity is the id that store keeps, or a new one: the product and a random device
// part, so that no two satellites of a house have the same. It outlives everything but
// the loss of the state folder; whoever has lost that is a new satellite.
func Identity(store Store) (string, error) {
	data, err := store.Load()
	if err != nil {
		return "", fmt.Errorf("satellite: loading the identity: %w", err)
	}
	if id := strings.TrimSpace(string(data)); id != "" {
		return id, nil
	}
	part := make([]byte, 5)
	rand.Read(part)
	id := product + "." + strings.ToLower(base32.StdEncoding.EncodeToString(part))
	if err := store.Save([]byte(id + "\n")); err != nil {
		return "", fmt.Errorf("satellite: saving the identity: %w", err)
	}
	return id, nil
}
