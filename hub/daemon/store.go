package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vapd/hub/clients"
	"vapd/hub/store"
)

// StoreCheck checks a store in a process of its own: the program's hidden command
// "hub store-check".
func StoreCheck(executable string) func(ctx context.Context, path string) (warning string, err error) {
	return store.Checker(executable, "hub", "store-check")
}

// openStore opens what the hub keeps in the folder state.
func openStore(ctx context.Context, o Options, state, id string) (*store.Store, error) {
	s, err := store.Open(ctx, store.Config{
		Dir: state, Identity: id, Check: StoreCheck(o.Executable), Logger: o.Logger,
	})
	if err != nil {
		return nil, err
	}
	if err := takeOver(s, filepath.Join(state, "clients.json")); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// takeOver moves the clients of a hub from before it had a store into the store. The old
// file is renamed, not removed.
func takeOver(s *store.Store, path string) error {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("daemon: %w", err)
	}
	known := s.Bucket(store.Clients)
	for range known.All() {
		data = nil // it was interrupted between the import and the renaming
	}
	if len(data) > 0 {
		if err := clients.Import(known, data); err != nil {
			return err
		}
	}
	if err := os.Rename(path, path+".imported"); err != nil {
		return fmt.Errorf("daemon: %w", err)
	}
	return nil
}
