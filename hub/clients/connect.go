package clients

import (
	"net/netip"
	"slices"
	"time"

	"vapd/protocol/pairing"
)

// Request is what a client says of itself when it connects.
type Request struct {
	ID, Name, Token string
	From            netip.AddrPort
	// Identity is under which key DTLS verified the client (pairing.Pairing.Identity);
	// empty without encryption.
	Identity string
	// Elsewhere says that a client of this id is connected and alive at another
	// address and port than From.
	Elsewhere bool
}

// Decision is the answer to a Request. When Err is nil the client is let in, and Token,
// if not empty, is its new token, to be sent to it once and kept nowhere. Rekeyed says that
// it used its newest key for the first time, which made the key before void.
type Decision struct {
	Token   string
	Rekeyed bool
	Err     error
}

// Connect decides about requests in their order. What has to survive of all of them goes
// to the disk at once, so that a house that connects at the same moment does not wait for
// it a thousand times. While the disk takes nothing, clients that are known are let in.
func (g *Registry) Connect(requests ...Request) []Decision {
	g.changing.Lock()
	defer g.changing.Unlock()
	v := g.newVisits()
	decisions := make([]Decision, len(requests))
	for i, r := range requests {
		decisions[i] = v.connect(r)
	}
	err := v.keep()
	if err == nil {
		return decisions
	}
	for i, r := range requests {
		v := g.newVisits()
		if decisions[i] = v.connect(r); v.must {
			decisions[i] = Decision{Err: err}
			continue
		}
		v.keepInMemory()
	}
	return decisions
}

// visits are decisions that are not in the table yet.
type visits struct {
	*Registry
	now      time.Time
	changed  map[string]*client // those to be kept, by id
	seen     map[string]*client // those of whom only the time and place are new
	approved int
	added    int
	must     bool // something has to survive
}

func (g *Registry) newVisits() *visits {
	return &visits{
		Registry: g, now: g.cfg.Now(), changed: make(map[string]*client), seen: make(map[string]*client),
		approved: g.approved, // changes under changing only
	}
}

func (v *visits) connect(r Request) Decision {
	if r.ID == "" || len(r.ID) > maxID {
		return Decision{Err: ErrID}
	}
	c, known := v.find(r.ID)
	before := c
	if err := v.verify(&c, r); err != nil {
		return Decision{Err: err}
	}
	if !known {
		var err error
		if c, err = v.introduce(r); err != nil {
			return Decision{Err: err}
		}
	}
	token, refusal := v.admit(&c, r)
	if known && refusal != nil && c.State != Pending {
		return Decision{Err: refusal}
	}
	c.LastSeen = v.now
	if refusal == nil {
		c.Name, c.Address = r.Name, r.From.Addr().Unmap()
	}
	v.must = v.must || token != "" || !known && c.State == Approved
	v.note(&before, &c)
	return Decision{Token: token, Rekeyed: c.Keys != before.Keys, Err: refusal}
}

// find is a client as it is after the decisions before.
func (v *visits) find(id string) (client, bool) {
	for _, m := range []map[string]*client{v.changed, v.seen} {
		if c := m[id]; c != nil {
			return *c, true
		}
	}
	return v.get(id)
}

// verify checks what encryption says of the client, and takes note of the key it used.
func (v *visits) verify(c *client, r Request) error {
	if r.Identity == "" {
		if c.Keys.Current != (pairing.Key{}) || v.cfg.RequirePaired && !v.cfg.Local(r.From.Addr().Unmap()) {
			return ErrPlain
		}
		return nil
	}
	id, keyID, _ := pairing.SplitIdentity(r.Identity)
	key, ok := c.Keys.Find(keyID)
	if !ok || id != r.ID {
		return ErrIdentity
	}
	c.Keys = c.Keys.UsedByPeer(key)
	return nil
}

// introduce makes the entry of a client that nobody knows.
func (v *visits) introduce(r Request) (client, error) {
	if v.known()+v.added >= MaxKnown {
		return client{}, ErrFull
	}
	c := client{ID: r.ID, Name: r.Name, Address: r.From.Addr().Unmap(), State: Pending, FirstSeen: v.now}
	if v.cfg.Local(c.Address) || v.cfg.Approval == ApproveAll || v.cfg.Approval == ApproveFirst && v.approved == 0 {
		c.State = Approved
		v.approved++
		v.added++
	}
	return c, nil
}

// admit checks the owner's decision and the token, and issues a token where one is due.
func (v *visits) admit(c *client, r Request) (token string, err error) {
	tokenless := slices.Contains(v.cfg.Tokenless, c.ID)
	switch {
	case c.State == Denied:
		return "", ErrDenied
	case c.State == Pending:
		return "", ErrPending
	case r.Token != "" && v.cfg.Tokens.Matches(r.Token, c.TokenHash):
		c.TokenUsed = true
		return "", nil
	case r.Token == "" && tokenless && r.Identity == "" && r.Elsewhere:
		return "", ErrTaken
	case r.Token == "" && tokenless:
		return "", nil
	// Whom its key vouches for may have lost its token.
	case r.Identity != "", c.TokenHash == nil,
		!c.TokenUsed && r.Token == "" && c.Address == r.From.Addr().Unmap():
		token, c.TokenHash, err = v.cfg.Tokens.New()
		c.TokenUsed = false
		return token, err
	}
	return "", ErrToken
}

// note remembers a client after a visit.
func (v *visits) note(before, c *client) {
	same := before.Name == c.Name && before.State == c.State && before.TokenUsed == c.TokenUsed &&
		slices.Equal(before.TokenHash, c.TokenHash) && before.Keys == c.Keys
	// From where it came matters as long as its token is provisional.
	same = same && (c.TokenUsed || c.TokenHash == nil || before.Address == c.Address)
	if same && c.LastSeen.Sub(c.kept) < seenStep && v.changed[c.ID] == nil {
		v.seen[c.ID] = c
		return
	}
	delete(v.seen, c.ID)
	v.changed[c.ID] = c
}

// keep makes the decisions true, on the disk first.
func (v *visits) keep() error {
	if err := v.Registry.keep(v.changed); err != nil {
		return err
	}
	v.changed = nil
	v.keepInMemory()
	return nil
}

// keepInMemory makes the decisions true until the hub ends.
func (v *visits) keepInMemory() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, m := range []map[string]*client{v.changed, v.seen} {
		for id, c := range m {
			v.set(id, c)
		}
	}
	for len(v.pending) > maxPending {
		v.dropOldestPending()
	}
}

func (g *Registry) dropOldestPending() {
	var oldest *client
	for id := range g.pending {
		if c := g.clients[id]; oldest == nil || c.LastSeen.Before(oldest.LastSeen) {
			oldest = c
		}
	}
	g.set(oldest.ID, nil)
}
