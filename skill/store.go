package skill

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"vapd/internal/durable"
)

// Store keeps small things over restarts, as JSON in one file: what Set returned for is on
// the disk. Its methods may be called from any goroutine.
type Store struct {
	file durable.File

	mu   sync.Mutex
	all  map[string]json.RawMessage // nil until it was read
	fail error
}

// OpenStore is the Store of a folder, which need not be there.
func OpenStore(dir string) *Store {
	return &Store{file: durable.File{Path: filepath.Join(dir, "store.json")}}
}

// load reads the file once. mu is held.
func (s *Store) load() error {
	if s.all != nil || s.fail != nil {
		return s.fail
	}
	data, err := s.file.Load()
	s.all = make(map[string]json.RawMessage)
	if err == nil && data != nil {
		err = json.Unmarshal(data, &s.all)
	}
	if err != nil {
		s.all = nil
		s.fail = fmt.Errorf("skill: what %s keeps can't be read, and is left as it is: %w", s.file.Path, err)
	}
	return s.fail
}

// Get reads what is kept under a key into value; false when there is nothing.
func (s *Store) Get(key string, value any) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return false, err
	}
	data, ok := s.all[key]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal(data, value); err != nil {
		return false, fmt.Errorf("skill: %q is kept as something else: %w", key, err)
	}
	return true, nil
}

// Set keeps value, or, when it is nil, forgets what is kept; where nothing is, the disk is
// left alone.
func (s *Store) Set(key string, value any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.load(); err != nil {
		return err
	}
	before, had := s.all[key]
	if value == nil && !had {
		return nil
	}
	if value == nil {
		delete(s.all, key)
	} else {
		data, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("skill: %q can't be kept: %w", key, err)
		}
		s.all[key] = data
	}
	err := s.save()
	if err != nil { // the file is as it was
		delete(s.all, key)
		if had {
			s.all[key] = before
		}
	}
	return err
}

func (s *Store) save() error {
	data, err := json.Marshal(s.all)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(s.file.Path), 0o700)
	}
	if err == nil {
		err = s.file.Save(data)
	}
	if err != nil {
		return fmt.Errorf("skill: %w", err)
	}
	return nil
}

// tokens keeps the skill's tokens in its Store: one a hub, which no other hub is shown.
type tokens struct {
	store *Store
	hub   string // the one that is asked for or given
}

// tokenKey and the hub's id is a name that skills leave alone.
func (t *tokens) tokenKey() string { return "vap.token " + t.hub }

// Token implements skillregistry.TokenStore.
func (t *tokens) Token() (token string, err error) {
	_, err = t.store.Get(t.tokenKey(), &token)
	return token, err
}

// SetToken implements skillregistry.TokenStore.
func (t *tokens) SetToken(token string) error { return t.store.Set(t.tokenKey(), token) }
