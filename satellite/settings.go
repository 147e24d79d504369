package satellite

import (
	"context"
	"encoding/json"
	"fmt"
)

// Store keeps bytes over a restart.
type Store interface {
	Load() ([]byte, error) // nil when nothing was saved yet
	Save([]byte) error     // atomic and durable
}

// settings are what a person set at run time. The mute bits are among them: a
// satellite that was muted stays so when it is started again, for whatever reason.
type settings struct {
	Version  int                `json:"version"`
	Volume   Volume             `json:"volume"`
	KeyMuted bool               `json:"key_muted"`
	NetMuted bool               `json:"net_muted"`
	Cutoffs  map[string]float64 `json:"cutoffs,omitempty"` // of wake words, by pack
}

// loadSettings reads the settings, or first where nothing was saved yet. With an error
// they are first, with the microphone closed: nobody can tell whether it had been.
func loadSettings(store Store, first settings) (settings, error) {
	data, err := store.Load()
	if err == nil && len(data) == 0 {
		return first, nil
	}
	var s settings
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err == nil && s.Version != 1 {
		err = fmt.Errorf("version %d, this program knows 1", s.Version)
	}
	if err != nil {
		first.KeyMuted = true
		return first, fmt.Errorf("satellite: the file of settings is damaged, so the microphone starts muted: %w", err)
	}
	s.Volume = s.Volume.clamp()
	return s, nil
}

func (s settings) save(store Store) error {
	s.Version = 1
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("satellite: settings: %w", err)
	}
	return store.Save(append(data, '\n'))
}

// kept lets f happen, and returns when the settings that it changed are on the disk.
func (s *Satellite) kept(ctx context.Context, f func()) error {
	done := make(chan error, 1)
	s.happen(func() {
		f()
		s.chore(func() { done <- s.unsaved })
	})
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
