package hub

import (
	"fmt"

	"vapd/hub/clients"
	"vapd/protocol/pairing"
)

// keys are those of satellites and of skills (pairing.Keys). The id under which a skill is
// paired, and with it the identity of its key, says that it is one: so the key of a satellite
// is of no use to a skill, nor the reverse.
type keys struct {
	clients, skills *clients.Registry // skills: nil where none are served
}

// of is the registry that a pairing's id belongs to, and whose it is there.
func (k keys) of(id string) (*clients.Registry, string, error) {
	skill, ok := pairing.SplitSkill(id)
	switch {
	case !ok:
		return k.clients, id, nil
	case k.skills == nil:
		return nil, "", errNoSkills
	}
	return k.skills, skill, nil
}

// Offer implements pairing.Keys.
func (k keys) Offer(p pairing.Pairing) error {
	r, id, err := k.of(p.ID)
	if err != nil {
		return err
	}
	p.ID = id
	return r.Offer(p)
}

// Replace implements pairing.Keys.
func (k keys) Replace(id string, old, next pairing.Key) error {
	r, id, err := k.of(id)
	if err != nil {
		return err
	}
	return r.Replace(id, old, next)
}

// Paired implements pairing.Keys.
func (k keys) Paired(id string) bool {
	r, id, err := k.of(id)
	return err == nil && r.Paired(id)
}

// Key implements pairing.Keys.
func (k keys) Key(identity string) (pairing.Key, bool) {
	r, identity, err := k.of(identity)
	if err != nil {
		return pairing.Key{}, false
	}
	return r.Key(identity)
}

// skillIdentity is the identity of a skill's key, as the registry of skills knows it; empty
// is a skill without encryption.
func skillIdentity(identity string) (string, error) {
	skill, ok := pairing.SplitSkill(identity)
	if !ok && identity != "" {
		return "", fmt.Errorf("it has a satellite's key: %w", clients.ErrIdentity)
	}
	return skill, nil
}

var _ pairing.Keys = keys{}
