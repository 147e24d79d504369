// Package keyring keeps the keys of the hubs that a satellite, or a skill, is paired with.
//
// Whatever is lost on the way, it and its hubs stay together by the rules of
// pairing.Keyring: a key that was agreed is kept before the hub is told so, the newer
// key is tried first, and only one that worked drops the other.
package keyring

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"vapd/protocol/pairing"
)

// Store keeps bytes over a restart, where nobody else can read them.
type Store interface {
	Load() ([]byte, error) // nil when nothing was saved yet
	Save([]byte) error     // atomic and durable
}

// maxHubs bounds the hubs that one is paired with.
const maxHubs = 16

// ErrFull says that there are keys of as many hubs as can be kept.
var ErrFull = fmt.Errorf("keyring: paired with %d hubs already: forget one with 'vapd satellite unpair' or 'vapd skill unpair'", maxHubs)

// Hub is a hub that the satellite or skill is paired with.
type Hub struct {
	ID, Name string
	// As is its id towards this hub: a satellite's own, or that of a key file; of a skill
	// what pairing.SkillID made.
	As   string
	Keys pairing.Keyring
	// Address is host and port where the hub was when it was paired, as a hint; it may be
	// empty.
	Address string
}

// pairings are what to try at the hub, in their order.
func (h Hub) pairings() []pairing.Pairing {
	var list []pairing.Pairing
	for _, k := range []pairing.Key{h.Keys.Next, h.Keys.Current} {
		if k != (pairing.Key{}) {
			list = append(list, pairing.Pairing{HubID: h.ID, HubName: h.Name, ID: h.As, Key: k})
		}
	}
	return list
}

// Keyring is the keys of all hubs. Its methods may be called from any goroutine.
type Keyring struct {
	store Store

	mu   sync.Mutex
	hubs map[string]Hub
}

// file is the stored form.
type file struct {
	Version int         `json:"version"`
	Hubs    []hubRecord `json:"hubs"`
}

type hubRecord struct {
	ID      string `json:"id"`
	Name    string `json:"name,omitempty"`
	As      string `json:"as"`
	Address string `json:"address,omitempty"`
	Current []byte `json:"current_key,omitempty"`
	Next    []byte `json:"next_key,omitempty"`
}

// Open loads the keys. With an error the keyring is empty, and usable: pairing again is
// needed.
func Open(store Store) (*Keyring, error) {
	k := &Keyring{store: store, hubs: make(map[string]Hub)}
	data, err := store.Load()
	if err != nil {
		return k, fmt.Errorf("keyring: loading: %w", err)
	}
	if len(data) == 0 {
		return k, nil
	}
	hubs, err := decode(data)
	if err != nil {
		return k, fmt.Errorf("keyring: the file of keys is damaged, pair again: %w", err)
	}
	for _, h := range hubs {
		k.hubs[h.ID] = h
	}
	return k, nil
}

func decode(data []byte) ([]Hub, error) {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		// The error of a number or text that does not fit may quote a key.
		return nil, errors.New("it is not what this program writes")
	}
	if f.Version != 1 {
		return nil, fmt.Errorf("version %d, this program knows 1", f.Version)
	}
	hubs := make([]Hub, 0, len(f.Hubs))
	for _, r := range f.Hubs {
		h := Hub{ID: r.ID, Name: r.Name, As: r.As, Address: r.Address}
		for _, one := range []struct {
			from []byte
			to   *pairing.Key
		}{{r.Current, &h.Keys.Current}, {r.Next, &h.Keys.Next}} {
			if len(one.from) != 0 && len(one.from) != pairing.KeySize {
				return nil, fmt.Errorf("a key of hub %q has %d bytes", r.ID, len(one.from))
			}
			copy(one.to[:], one.from)
		}
		if h.ID == "" || h.As == "" || h.Keys == (pairing.Keyring{}) {
			return nil, errors.New("a hub without id or key")
		}
		hubs = append(hubs, h)
	}
	return hubs, nil
}

func encode(hubs []Hub) ([]byte, error) {
	f := file{Version: 1}
	for _, h := range hubs {
		r := hubRecord{ID: h.ID, Name: h.Name, As: h.As, Address: h.Address}
		if h.Keys.Current != (pairing.Key{}) {
			r.Current = h.Keys.Current[:]
		}
		if h.Keys.Next != (pairing.Key{}) {
			r.Next = h.Keys.Next[:]
		}
		f.Hubs = append(f.Hubs, r)
	}
	data, err := json.MarshalIndent(f, "", "  ")
	return append(data, '\n'), err
}

// Empty reports whether there are no keys.
func (k *Keyring) Empty() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.hubs) == 0
}

// Paired reports whether there are keys of a hub.
func (k *Keyring) Paired(hubID string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, paired := k.hubs[hubID]
	return paired
}

// Hubs are those of whom there are keys, ordered by id.
func (k *Keyring) Hubs() []Hub {
	k.mu.Lock()
	defer k.mu.Unlock()
	return sorted(k.hubs)
}

func sorted(hubs map[string]Hub) []Hub {
	list := make([]Hub, 0, len(hubs))
	for _, h := range hubs {
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b Hub) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Of are the pairings with a hub, in the order in which they are tried; none for a hub
// of which there are no keys.
func (k *Keyring) Of(hubID string) []pairing.Pairing {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.hubs[hubID].pairings()
}

// Offer adds a key that was agreed with p.HubID. When it returns nil that is on the disk.
func (k *Keyring) Offer(p pairing.Pairing) error { return k.OfferAt(p, "") }

// OfferAt is Offer with the host and port of the hub, or "" to keep those of before.
func (k *Keyring) OfferAt(p pairing.Pairing, address string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	h, known := k.hubs[p.HubID]
	if !known && len(k.hubs) >= maxHubs {
		return ErrFull
	}
	if h.As != p.ID {
		h.Keys = pairing.Keyring{} // keys of another name are of no use
	}
	h.Address = cmp.Or(address, h.Address)
	h.ID, h.Name, h.As, h.Keys = p.HubID, p.HubName, p.ID, h.Keys.Offer(p.Key)
	return k.put(h)
}

// Worked takes note that a handshake was finished under p.
func (k *Keyring) Worked(p pairing.Pairing) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	h, known := k.hubs[p.HubID]
	if !known {
		return nil
	}
	now := h.Keys.Worked(p.Key)
	if now == h.Keys {
		return nil
	}
	h.Keys = now
	return k.put(h)
}

// Forget removes the keys of a hub; known is false when there are none.
func (k *Keyring) Forget(hubID string) (known bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, known = k.hubs[hubID]; !known {
		return false, nil
	}
	next := maps.Clone(k.hubs)
	delete(next, hubID)
	return true, k.replace(next)
}

// Clear removes the keys of all hubs.
func (k *Keyring) Clear() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.replace(make(map[string]Hub))
}

func (k *Keyring) put(h Hub) error {
	next := maps.Clone(k.hubs)
	next[h.ID] = h
	return k.replace(next)
}

func (k *Keyring) replace(next map[string]Hub) error {
	data, err := encode(sorted(next))
	if err != nil {
		return err
	}
	if err := k.store.Save(data); err != nil {
		return fmt.Errorf("keyring: saving: %w", err)
	}
	k.hubs = next
	return nil
}
