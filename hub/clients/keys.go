package clients

import (
	"cmp"
	"fmt"

	"vapd/protocol/pairing"
)

// Offer keeps a key that was agreed with a satellite, and approves the satellite
// (pairing.Keys): the owner paired it. The keys from before stay valid until the new one
// is used.
func (g *Registry) Offer(p pairing.Pairing) error {
	g.changing.Lock()
	defer g.changing.Unlock()
	c, ok := g.get(p.ID)
	if !ok {
		if g.known() >= MaxKnown {
			return ErrFull
		}
		now := g.cfg.Now()
		c = client{ID: p.ID, FirstSeen: now, LastSeen: now}
	}
	c.Name, c.State, c.Keys = cmp.Or(p.Name, c.Name), Approved, c.Keys.Offer(p.Key)
	return g.keep(map[string]*client{p.ID: &c})
}

// Replace keeps a key that was agreed under an older one, if that is still valid
// (pairing.Keys).
func (g *Registry) Replace(id string, old, next pairing.Key) error {
	g.changing.Lock()
	defer g.changing.Unlock()
	c, ok := g.get(id)
	if key, valid := c.Keys.Find(old.ID()); !ok || c.State == Denied || !valid || key != old {
		return fmt.Errorf("clients: the key of %q became void while another was agreed", id)
	}
	c.Keys = c.Keys.Offer(next)
	return g.keep(map[string]*client{id: &c})
}

// known counts the clients that are kept.
func (g *Registry) known() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return len(g.clients) - len(g.pending)
}

// Paired reports whether a satellite of this id has a key (pairing.Keys).
func (g *Registry) Paired(id string) bool {
	c, ok := g.get(id)
	return ok && c.key() != Unpaired
}

// Key finds the key of a pairing.Pairing.Identity, in memory. A denied client has none.
func (g *Registry) Key(identity string) (pairing.Key, bool) {
	id, keyID, ok := pairing.SplitIdentity(identity)
	if !ok {
		return pairing.Key{}, false
	}
	c, ok := g.get(id)
	if !ok || c.State == Denied {
		return pairing.Key{}, false
	}
	return c.Keys.Find(keyID)
}

// Unpair voids the keys of a client. It stays approved, and may connect as clients do
// that were never paired. Whose device is lost is for Revoke.
func (g *Registry) Unpair(id string) error {
	return g.change(id, func(c *client) { c.Keys = pairing.Keyring{} })
}

// Revoke denies a client whose device somebody else may have, and voids its keys and its
// token for good: they stay void when the client is approved again.
func (g *Registry) Revoke(id string) error {
	return g.change(id, func(c *client) {
		c.State, c.Keys, c.TokenHash, c.TokenUsed = Denied, pairing.Keyring{}, nil, false
	})
}

var _ pairing.Keys = (*Registry)(nil)
