package timer

import (
	"encoding/json"
	"fmt"
)

// file is the stored form. A later form gets another version.
type file struct {
	Version int     `json:"version"`
	Timers  []entry `json:"timers"`
}

func encode(entries []entry) ([]byte, error) {
	data, err := json.MarshalIndent(file{1, entries}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("timer: encoding: %w", err)
	}
	return append(data, '\n'), nil
}

func decode(data []byte) ([]entry, error) {
	if len(data) == 0 {
		return nil, nil
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("timer: the file of timers is damaged: %w (timers start empty)", err)
	}
	if f.Version != 1 {
		return nil, fmt.Errorf("timer: the file of timers has version %d, this program knows 1 (timers start empty)", f.Version)
	}
	if len(f.Timers) > MaxTimers {
		return nil, fmt.Errorf("timer: the file holds %d timers, at most %d are kept (timers start empty)", len(f.Timers), MaxTimers)
	}
	return f.Timers, nil
}
