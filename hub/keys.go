package hub

import (
	"fmt"

	"vapd/hub/clients"
	"vapd/protocol/pairing"
)

// keys are those of satellites and of skills (pairing.Keys). The id under which a skill is
// paired, and with it the identity of its key, says that it is one: so the key of a satellite
// is of no use to a skill, nor the reverse.
type keys struct{ clients, skills *clients.Registry }

// of is the registry that a pairing's id belongs to, and whose it is there.
func (k keys) of(id string) (*clients.Registry, string) {
	if skill, ok := pairing.SplitSkill(id); ok {
		return k.skills, skill
	}
	return k.clients, id
}

// Offer implements pairing.Keys.
func (k keys) Offer(p pairing.Pairing) error {
	var r *clients.Registry
	r, p.ID = k.of(p.ID)
	return r.Offer(p)
}

// Replace implements pairing.Keys.
func (k keys) Replace(id string, old, next pairing.Key) error {
	r, id := k.of(id)
	return r.Replace(id, old, next)
}

// Paired implements pairing.Keys.
func (k keys) Paired(id string) bool {
	r, id := k.of(id)
	return r.Paired(id)
}

// Key implements pairing.Keys.
func (k keys) Key(identity string) (pairing.Key, bool) {
	r, identity := k.of(identity)
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
