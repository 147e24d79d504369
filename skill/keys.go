package skill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"vapd/internal/durable"
	"vapd/protocol/coap"
	"vapd/protocol/pairing"
	"vapd/protocol/pairing/keyring"
	"vapd/protocol/skillregistry"
)

// keyFile keeps a skill's keys of hubs in its state folder, of mode 0600. It is read for
// each use, as another program may have paired the skill meanwhile.
type keyFile string

func (f keyFile) open() (*keyring.Keyring, error) {
	k, err := keyring.Open(durable.File{Path: filepath.Join(string(f), "pairings.json")})
	if err != nil {
		return k, fmt.Errorf("skill: %s: %w", string(f), err)
	}
	return k, nil
}

// offer keeps a key that was agreed, and where the hub is. A damaged file makes room.
func (f keyFile) offer(p pairing.Pairing, address string) error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("skill: %w", err)
	}
	k, _ := f.open()
	return k.OfferAt(p, address)
}

// replace keeps a key that was agreed under an older one.
func (f keyFile) replace(p pairing.Pairing) error {
	k, err := f.open()
	if err != nil {
		return err
	}
	return k.Offer(p)
}

// worked takes note that a handshake was finished under p.
func (f keyFile) worked(p pairing.Pairing) error {
	k, err := f.open()
	if err != nil {
		return err
	}
	return k.Worked(p)
}

// Keys are the keys with which a skill is let in by hubs on other machines. Skills that run
// use what is changed here when they connect the next time.
type Keys struct {
	id     string
	file   keyFile
	logger *slog.Logger
}

// OpenKeys are the keys of the skill of that id in a folder; "" is where the skill keeps its
// state by itself, and a logger of nil the default one.
func OpenKeys(id, state string, logger *slog.Logger) (*Keys, error) {
	if err := skillregistry.CheckID(id); err != nil {
		return nil, err
	}
	if len(id) > pairing.MaxSkillID {
		return nil, fmt.Errorf("skill: the id of a skill that is paired has %d bytes at most", pairing.MaxSkillID)
	}
	if state == "" {
		var err error
		if state, err = stateDir(id); err != nil {
			return nil, err
		}
	}
	return &Keys{id: id, file: keyFile(state), logger: cmp.Or(logger, slog.Default())}, nil
}

// Pair agrees a key with the hub that made the code of eight digits ('vapd hub skills pair').
// name is for people. The hub is at a host and port; "" finds the only one in the network.
// When it returns nil, the key is on the disk.
func (k *Keys) Pair(ctx context.Context, name, hub, digits string) (hubName string, err error) {
	code, err := pairing.ParsePasscode(digits)
	if err != nil {
		return "", err
	}
	end, err := coap.Listen(coap.Config{Addr: anywhere(), Logger: k.logger})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, end.Close()) }()
	none, err := keyring.Open(empty{})
	if err != nil {
		return "", err
	}
	found, err := finder{address: hub, end: end}.choose(ctx, none) // whatever it was paired with
	if err != nil {
		return "", err
	}
	me := pairing.Satellite{ID: pairing.SkillID(k.id), Name: pairingName(name)}
	p, err := pairing.NewClient(pairing.ClientConfig{Logger: k.logger}).WithCode(ctx, end.Peer(found.Addr), me, found.ID, code)
	if err != nil {
		return "", err
	}
	return p.HubName, k.file.offer(p, found.Addr.String())
}

// pairingName is a name as a hub takes it.
func pairingName(name string) string {
	if len(name) > pairing.MaxName {
		name = strings.ToValidUTF8(name[:pairing.MaxName], "")
	}
	return name
}

// empty is the store of a keyring without keys.
type empty struct{}

func (empty) Load() ([]byte, error) { return nil, nil }
func (empty) Save([]byte) error     { return nil }

// Import takes over the key of a file that a hub's owner made ('vapd hub skills pair
// --export'). When it returns nil, the key is on the disk.
func (k *Keys) Import(f pairing.KeyFile) error {
	if id, ok := pairing.SplitSkill(f.Pairing.ID); !ok || id != k.id {
		return fmt.Errorf("skill: the key file is for %q, not for this skill: make one with 'vapd hub skills pair --export FILE --id %s'", f.Pairing.ID, k.id)
	}
	return k.file.offer(f.Pairing, f.Address)
}

// Hub is a hub of which a skill has a key.
type Hub struct {
	ID, Name string
	Address  string // where it was when they were paired; may be empty
}

// Hubs are those of which there is a key, ordered by id.
func (k *Keys) Hubs() ([]Hub, error) {
	ring, err := k.file.open()
	if err != nil {
		return nil, err
	}
	var hubs []Hub
	for _, h := range ring.Hubs() {
		hubs = append(hubs, Hub{ID: h.ID, Name: h.Name, Address: h.Address})
	}
	return hubs, nil
}

// Forget removes the key of a hub, by its id or name; "" is the only one.
func (k *Keys) Forget(hub string) (Hub, error) {
	all, err := k.Hubs()
	if err != nil {
		return Hub{}, err
	}
	var found []Hub
	for _, h := range all {
		if hub == "" || hub == h.ID || hub == h.Name {
			found = append(found, h)
		}
	}
	if len(found) != 1 {
		return Hub{}, fmt.Errorf("skill: it has keys of %d hubs that are %q: name one by its id, of %s", len(found), hub, hubNames(all))
	}
	ring, err := k.file.open()
	if err == nil {
		_, err = ring.Forget(found[0].ID)
	}
	return found[0], err
}

func hubNames(all []Hub) string {
	words := make([]string, len(all))
	for i, h := range all {
		words[i] = fmt.Sprintf("%s (%s)", h.ID, h.Name)
	}
	return strings.Join(words, ", ")
}
