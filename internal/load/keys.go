package load

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"vapd/protocol/control"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
)

// Keys are what satellites show a hub over DTLS, by their ids.
type Keys map[string]dtls.Credentials

// Of is the key of one satellite, or an error that says what to do.
func (k Keys) Of(id string) (dtls.Credentials, error) {
	c, ok := k[id]
	if !ok {
		return c, fmt.Errorf("load: no key for the satellite %q: make one with 'vapd hub pair --id %s --export FILE'", id, id)
	}
	return c, nil
}

func (k Keys) add(f pairing.KeyFile) {
	k[f.Pairing.ID] = dtls.Credentials{Identity: f.Pairing.Identity(), Key: f.Pairing.Key[:]}
}

// ReadKeys reads the key files in a folder, as 'vapd hub pair --export' writes them.
func ReadKeys(dir string) (Keys, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("load: the folder of key files: %w", err)
	}
	keys := make(Keys)
	for _, e := range entries {
		file, err := pairing.ReadKeyFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		keys.add(file)
	}
	return keys, nil
}

// exporters is how many keys a hub is asked for at the same time.
const exporters = 16

// ExportKeys pairs satellites PREFIX-0 to PREFIX-(n-1) with the hub whose control socket
// is named, and returns their keys.
func ExportKeys(ctx context.Context, socket, prefix string, n int) (Keys, error) {
	conn, err := control.Dial(ctx, socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	keys := make(Keys, n)
	var mu sync.Mutex
	ids := make(chan string)
	var wg sync.WaitGroup
	for range exporters {
		wg.Go(func() {
			for id := range ids {
				file, err := export(ctx, conn, id)
				if err != nil {
					cancel(fmt.Errorf("load: a key for %s: %w", id, err))
					continue
				}
				mu.Lock()
				keys.add(file)
				mu.Unlock()
			}
		})
	}
	for i := range n {
		ids <- satelliteID(prefix, i)
	}
	close(ids)
	wg.Wait()
	return keys, context.Cause(ctx)
}

func export(ctx context.Context, conn *control.Client, id string) (pairing.KeyFile, error) {
	file, err := control.Call[control.PairingFile](ctx, conn, control.MethodPairExport, control.PairingExport{ID: id, Name: id})
	if err != nil {
		return pairing.KeyFile{}, err
	}
	return pairing.ParseKeyFile([]byte(file.Text))
}
