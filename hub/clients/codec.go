package clients

import (
	"encoding/json"
	"fmt"
)

// file is the stored form. A later form gets another version.
type file struct {
	Version int      `json:"version"`
	Clients []Client `json:"clients"`
}

func encode(clients map[string]Client) ([]byte, error) {
	g := Registry{clients: clients}
	data, err := json.MarshalIndent(file{1, g.list()}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("clients: encoding: %w", err)
	}
	return append(data, '\n'), nil
}

func decode(data []byte) (map[string]Client, error) {
	known := map[string]Client{}
	if len(data) == 0 {
		return known, nil
	}
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("clients: the file of clients is damaged: %w (move it away to start with none; every satellite then connects anew)", err)
	}
	if f.Version != 1 {
		return nil, fmt.Errorf("clients: the file of clients has version %d, this program knows 1: use the newer program", f.Version)
	}
	for _, c := range f.Clients {
		known[c.ID] = c
	}
	return known, nil
}
