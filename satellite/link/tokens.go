package link

import (
	"encoding/json"
	"fmt"
	"maps"
	"sync"
)

// Store keeps bytes over a restart.
type Store interface {
	Load() ([]byte, error) // nil when nothing was saved yet
	Save([]byte) error     // atomic and durable
}

// maxTokens bounds the hubs that a satellite has tokens of: ids come from the network.
const maxTokens = 64

// tokens has one token for each hub, by the hub's id. Its methods may be called from any
// goroutine.
type tokens struct {
	store Store

	mu    sync.Mutex
	known map[string]string
}

type tokenFile struct {
	Version int               `json:"version"`
	Tokens  map[string]string `json:"tokens"`
}

// openTokens loads the tokens. With an error they are empty and usable: hubs that know
// the satellite will refuse it until they are told to forget it.
func openTokens(store Store) (*tokens, error) {
	t := &tokens{store: store, known: map[string]string{}}
	data, err := store.Load()
	if err != nil || len(data) == 0 {
		return t, err
	}
	var f tokenFile
	if err := json.Unmarshal(data, &f); err != nil {
		return t, fmt.Errorf("the file of tokens is damaged: %w", err)
	}
	if f.Version != 1 {
		return t, fmt.Errorf("the file of tokens has version %d, this program knows 1", f.Version)
	}
	for hub, token := range f.Tokens {
		t.known[hub] = token
	}
	return t, nil
}

func (t *tokens) of(hub string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[hub]
}

func (t *tokens) empty() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.known) == 0
}

// forget removes the token of hub; it is off the disk when forget returns nil.
func (t *tokens) forget(hub string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.known[hub]; !known {
		return nil
	}
	next := maps.Clone(t.known)
	delete(next, hub)
	if err := t.save(next); err != nil {
		return err
	}
	t.known = next
	return nil
}

// keep saves the token of hub; it is on disk when keep returns nil.
func (t *tokens) keep(hub, token string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.known[hub]; !known && len(t.known) >= maxTokens {
		return fmt.Errorf("tokens of %d hubs are kept already: delete the file of tokens to begin anew", maxTokens)
	}
	t.known[hub] = token
	return t.save(t.known)
}

func (t *tokens) save(known map[string]string) error {
	data, err := json.MarshalIndent(tokenFile{1, known}, "", "  ")
	if err != nil {
		return err
	}
	return t.store.Save(append(data, '\n'))
}
