package clients

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"vapd/protocol/pairing"
)

// record is the stored form of a client.
type record struct {
	Name      string     `json:"name"`
	State     State      `json:"state"`
	TokenHash []byte     `json:"token_sha256,omitempty"`
	TokenUsed bool       `json:"token_used,omitempty"`
	Key       []byte     `json:"key,omitempty"`      // raw, as DTLS needs it
	NextKey   []byte     `json:"next_key,omitempty"` // agreed and not used yet
	Address   netip.Addr `json:"address"`
	FirstSeen time.Time  `json:"first_seen"`
	LastSeen  time.Time  `json:"last_seen"`
}

func encode(c *client) []byte {
	data, err := json.Marshal(record{
		c.Name, c.State, c.TokenHash, c.TokenUsed, rawKey(c.Keys.Current), rawKey(c.Keys.Next),
		c.Address, c.FirstSeen, c.LastSeen,
	})
	if err != nil {
		panic(err) // it has strings, bytes and times
	}
	return data
}

func rawKey(k pairing.Key) []byte {
	if k == (pairing.Key{}) {
		return nil
	}
	return k[:]
}

func decode(id string, data []byte) (*client, error) {
	var r record
	err := json.Unmarshal(data, &r)
	for _, k := range [][]byte{r.Key, r.NextKey} {
		if err == nil && k != nil && len(k) != pairing.KeySize {
			err = fmt.Errorf("a key of %d bytes", len(k))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("clients: what is kept of %q makes no sense: %w", id, err)
	}
	c := &client{
		ID: id, Name: r.Name, State: r.State, TokenHash: r.TokenHash, TokenUsed: r.TokenUsed,
		Address: r.Address, FirstSeen: r.FirstSeen, LastSeen: r.LastSeen, kept: r.LastSeen,
	}
	copy(c.Keys.Current[:], r.Key)
	copy(c.Keys.Next[:], r.NextKey)
	return c, nil
}

// Import puts the clients of a clients.json, in which hubs kept them before they had a
// store, into store.
func Import(store Store, data []byte) error {
	var f struct {
		Version int `json:"version"`
		Clients []struct {
			ID string `json:"id"`
			record
		} `json:"clients"`
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return fmt.Errorf("clients: clients.json is damaged: %w (move it away to start with none; every satellite then connects anew)", err)
	}
	if f.Version != 1 {
		return fmt.Errorf("clients: clients.json has version %d, this program knows 1: use the newer program", f.Version)
	}
	records := make(map[string][]byte)
	for _, c := range f.Clients {
		if c.State == Pending {
			continue // it asks again
		}
		data, err := json.Marshal(c.record)
		if err != nil {
			return fmt.Errorf("clients: encoding %q: %w", c.ID, err)
		}
		records[c.ID] = data
	}
	return store.Apply(records)
}
