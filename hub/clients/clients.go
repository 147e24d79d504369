// Package clients knows the satellites: who may connect, by which key or token, and where
// each was seen last. It keeps them over a restart.
//
// A client that was paired has a key, and proves with it who it is (DTLS): it is let in
// with any token or none, and never again without encryption. A key is provisional until
// its first use: until then, and while a newer one was not used yet, the older way in
// stays open, so that nobody is locked out by a crash on either side.
//
// A token is the proof of clients that have no key: that one is the client that was
// approved. It is given out once, and provisional until it is first used: a client that
// lost power between getting its token and keeping it asks again from the same address
// and gets another. Only hashes of tokens are kept.
//
// All that is asked often is answered from memory. What must survive is on the disk
// before it is answered; that a client was seen again is not, so that a house that
// reconnects writes nothing.
package clients

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"

	"vapd/protocol/pairing"
)

// State says what the owner of the hub decided about a client.
type State string

// States of a client.
const (
	Approved State = "approved"
	Pending  State = "pending" // waits for the owner; forgotten with a restart of the hub
	Denied   State = "denied"
)

// Approval is how clients that nobody knows are treated. Clients on the hub's own
// machine are approved in every way, since who can send from there owns the machine.
type Approval string

// Ways of approval.
const (
	ApproveFirst Approval = "first" // the first one; the owner decides about the others
	ApproveAsk   Approval = "ask"   // the owner decides about each
	ApproveAll   Approval = "all"   // everyone who asks, for a network that is trusted
)

// KeyState says how far the pairing of a client is.
type KeyState string

// States of a client's key.
const (
	Unpaired KeyState = ""
	Offered  KeyState = "offered"  // a first key was agreed and not used yet
	Paired   KeyState = "paired"   // connects with its key only
	Rotating KeyState = "rotating" // paired, and a new key was agreed and not used yet
)

// Reasons for which a client is not let in.
var (
	ErrTaken    = errors.New("clients: another client with this id is connected")
	ErrDenied   = errors.New("clients: the owner of the hub denied this client")
	ErrPending  = errors.New("clients: the owner of the hub has not approved this client yet")
	ErrToken    = errors.New("clients: wrong or missing token for a known client")
	ErrFull     = errors.New("clients: too many clients are known: forget some with 'vapd hub clients forget'")
	ErrUnknown  = errors.New("clients: no client with this id")
	ErrID       = errors.New("clients: an id must have 1 to 256 bytes")
	ErrPlain    = errors.New("clients: this client is paired, or has to be: it must use its key")
	ErrIdentity = errors.New("clients: the key is not one of this client: pair it again")
	// ErrUnkept wraps the store's error: what must survive could not be kept.
	ErrUnkept = errors.New("clients: can't be kept")
)

const (
	// MaxKnown bounds the clients that are kept.
	MaxKnown = 20_000
	maxID    = 256 // bytes
	// maxPending bounds the clients that wait for approval, which can be made up by
	// anybody on the network: the oldest of them give way.
	maxPending = 50
	// seenStep is how far the time and place that a client was seen last may be behind
	// on the disk.
	seenStep = time.Hour
)

// Client is what is known of one client, but for its secrets.
type Client struct {
	ID, Name  string
	State     State
	Key       KeyState
	Address   netip.Addr // where it was seen last
	FirstSeen time.Time
	LastSeen  time.Time // when it connected last
}

// client is what is known of one client.
type client struct {
	ID        string
	Name      string
	State     State
	TokenHash []byte
	TokenUsed bool // false: provisional
	Keys      pairing.Keyring
	Address   netip.Addr
	FirstSeen time.Time
	LastSeen  time.Time
	kept      time.Time // LastSeen as it is on the disk
}

func (c *client) public() Client {
	return Client{c.ID, c.Name, c.State, c.key(), c.Address, c.FirstSeen, c.LastSeen}
}

func (c *client) key() KeyState {
	none := pairing.Key{}
	switch current, next := c.Keys.Current != none, c.Keys.Next != none; {
	case current && next:
		return Rotating
	case current:
		return Paired
	case next:
		return Offered
	}
	return Unpaired
}

// Tokens makes and checks tokens.
type Tokens interface {
	New() (token string, hash []byte, err error)
	Matches(token string, hash []byte) bool // in constant time
}

// Store keeps records over a restart.
type Store interface {
	All() iter.Seq2[string, []byte]
	// Apply sets the records of these keys, all or none, deletes those that are nil, and
	// returns when that is on the disk.
	Apply(map[string][]byte) error
}

// Config is what a Registry needs.
type Config struct {
	Store    Store
	Tokens   Tokens
	Approval Approval
	// RequirePaired keeps out who has no key, but for clients on the hub's own machine.
	RequirePaired bool
	// Tokenless are ids that connect without a token: peers that can't keep one.
	Tokenless []string
	// Local reports whether an address is the hub's own machine's. A client there that
	// found the hub in the network comes from the network's address, not from loopback.
	Local func(netip.Addr) bool
	Now   func() time.Time
}

// Registry is the table of clients. Its methods may be called from any goroutine; those
// that change something wait for the disk.
type Registry struct {
	cfg Config

	changing sync.Mutex // one change at a time; held while the disk writes

	mu       sync.RWMutex // never held while the disk works
	clients  map[string]*client
	pending  map[string]bool // ids of those that wait
	approved int
}

// Open loads the table. A record that makes no sense is an error, because starting
// without it would lock out a satellite.
func Open(cfg Config) (*Registry, error) {
	g := &Registry{cfg: cfg, clients: make(map[string]*client), pending: make(map[string]bool)}
	for id, data := range cfg.Store.All() {
		c, err := decode(id, data)
		if err != nil {
			return nil, err
		}
		g.set(id, c)
	}
	return g, nil
}

// set puts c, or nothing, in the place of what is known of a client. The caller holds mu,
// or is Open.
func (g *Registry) set(id string, c *client) {
	if old := g.clients[id]; old != nil && old.State == Approved {
		g.approved--
	}
	delete(g.pending, id)
	if c == nil {
		delete(g.clients, id)
		return
	}
	g.clients[id] = c
	switch c.State {
	case Approved:
		g.approved++
	case Pending:
		g.pending[id] = true
	}
}

// get is a copy of what is known of a client.
func (g *Registry) get(id string) (client, bool) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if c := g.clients[id]; c != nil {
		return *c, true
	}
	return client{}, false
}

// keep puts changed clients on the disk, nil ones off it, and then into the table. Who
// waits for approval is kept in the table alone, so that strangers write nothing. The
// caller holds changing.
func (g *Registry) keep(changes map[string]*client) error {
	records := make(map[string][]byte, len(changes))
	for id, c := range changes {
		if c == nil {
			records[id] = nil
			continue
		}
		if c.State == Pending {
			continue
		}
		c.kept = c.LastSeen
		records[id] = encode(c)
	}
	if len(records) > 0 {
		if err := g.cfg.Store.Apply(records); err != nil {
			return fmt.Errorf("%w: %w", ErrUnkept, err)
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for id, c := range changes {
		g.set(id, c)
	}
	return nil
}

// change changes what is known of one client, on the disk first.
func (g *Registry) change(id string, f func(*client)) error {
	g.changing.Lock()
	defer g.changing.Unlock()
	c, ok := g.get(id)
	if !ok {
		return fmt.Errorf("%w: %q", ErrUnknown, id)
	}
	f(&c)
	return g.keep(map[string]*client{id: &c})
}

// Decide sets what the owner decided about a client.
func (g *Registry) Decide(id string, s State) error {
	return g.change(id, func(c *client) { c.State = s })
}

// Forget removes all that is known of a client; it may introduce itself anew.
func (g *Registry) Forget(id string) error {
	g.changing.Lock()
	defer g.changing.Unlock()
	if _, ok := g.get(id); !ok {
		return fmt.Errorf("%w: %q", ErrUnknown, id)
	}
	return g.keep(map[string]*client{id: nil})
}

// Get is what is known of a client.
func (g *Registry) Get(id string) (Client, bool) {
	c, ok := g.get(id)
	return c.public(), ok
}

// List is all clients, ordered by id.
func (g *Registry) List() []Client {
	g.mu.RLock()
	defer g.mu.RUnlock()
	out := make([]Client, 0, len(g.clients))
	for c := range maps.Values(g.clients) {
		out = append(out, c.public())
	}
	slices.SortFunc(out, func(a, b Client) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
