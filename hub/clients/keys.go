package clients

import "vapd/protocol/pairing"

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
	c.Name, c.State, c.Keys = p.Name, Approved, c.Keys.Offer(p.Key)
	return g.keep(map[string]*client{p.ID: &c})
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

// KeyUsed takes note that a handshake was finished under an identity: a new key that was
// used makes the older one void. Connect does the same.
func (g *Registry) KeyUsed(identity string) error {
	key, ok := g.Key(identity)
	id, _, _ := pairing.SplitIdentity(identity)
	if c, _ := g.get(id); !ok || c.Keys.UsedByPeer(key) == c.Keys {
		return nil
	}
	return g.change(id, func(c *client) { c.Keys = c.Keys.UsedByPeer(key) })
}

// Unpair voids the keys of a client. It stays approved, and may connect as clients do
// that were never paired. Whose device is lost is for Forget or Decide.
func (g *Registry) Unpair(id string) error {
	return g.change(id, func(c *client) { c.Keys = pairing.Keyring{} })
}

var _ pairing.Keys = (*Registry)(nil)
