// Package clients knows the satellites: who may connect, by which token, and where
// each was seen last. It keeps them over a restart.
//
// A token is the proof that a client is the one that was approved. It is given out
// once, and provisional until it is first used: a client that lost power between
// getting its token and keeping it asks again from the same address and gets
// another, so that nobody is locked out by a crash. Only hashes are kept.
package clients

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// State says what the owner of the hub decided about a client.
type State string

// States of a client.
const (
	Approved State = "approved"
	Pending  State = "pending" // waits for the owner
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

// Reasons for which a client is not let in.
var (
	ErrTaken   = errors.New("clients: another client with this id is connected")
	ErrDenied  = errors.New("clients: the owner of the hub denied this client")
	ErrPending = errors.New("clients: the owner of the hub has not approved this client yet")
	ErrToken   = errors.New("clients: wrong or missing token for a known client")
	ErrFull    = errors.New("clients: too many clients are known: forget some with 'vapd hub clients forget'")
	ErrUnknown = errors.New("clients: no client with this id")
)

// Limits of what is kept. Clients that wait for approval can be made up by anybody
// on the network, so the oldest of them give way.
const (
	maxKnown   = 1000
	maxPending = 50
)

// Client is what is known of one client.
type Client struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	State     State      `json:"state"`
	TokenHash []byte     `json:"token_sha256,omitempty"`
	TokenUsed bool       `json:"token_used"` // false: provisional
	Address   netip.Addr `json:"address"`    // where it was seen last
	FirstSeen time.Time  `json:"first_seen"`
	LastSeen  time.Time  `json:"last_seen"`
}

// Tokens makes and checks tokens.
type Tokens interface {
	New() (token string, hash []byte, err error)
	Matches(token string, hash []byte) bool // in constant time
}

// Store keeps bytes over a restart.
type Store interface {
	Load() ([]byte, error) // nil when nothing was saved yet
	Save([]byte) error     // atomic and durable
}

// Config is what a Registry needs.
type Config struct {
	Store    Store
	Tokens   Tokens
	Approval Approval
	// Tokenless are ids that connect without a token: peers that can't keep one.
	Tokenless []string
	// Local reports whether an address is the hub's own machine's. A client there that
	// found the hub in the network comes from the network's address, not from loopback.
	Local func(netip.Addr) bool
	Now   func() time.Time
}

// Registry is the table of clients. Its methods may be called from any goroutine.
// A change is on disk before it is answered.
type Registry struct {
	cfg Config

	mu      sync.Mutex
	clients map[string]Client
}

// Open loads the table. A damaged one is an error, because starting empty would
// lock out every satellite that has a token.
func Open(cfg Config) (*Registry, error) {
	data, err := cfg.Store.Load()
	if err != nil {
		return nil, fmt.Errorf("clients: loading: %w", err)
	}
	known, err := decode(data)
	if err != nil {
		return nil, err
	}
	return &Registry{cfg: cfg, clients: known}, nil
}

// Request is what a client says of itself when it connects.
type Request struct {
	ID, Name, Token string
	From            netip.AddrPort
	// Elsewhere says that a client of this id is connected and alive at another
	// address and port than From.
	Elsewhere bool
}

// Connect decides about r. When err is nil the client is let in, and token, if not
// empty, is its new token, to be sent to it once and kept nowhere.
func (g *Registry) Connect(r Request) (token string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, known := g.clients[r.ID]
	if !known {
		if c, err = g.introduce(r); err != nil {
			return "", err
		}
	}
	token, refusal := g.admit(&c, r)
	if known && refusal != nil {
		return "", refusal
	}
	if c.LastSeen = g.cfg.Now(); refusal == nil {
		c.Name, c.Address = r.Name, r.From.Addr().Unmap()
	}
	if err := g.put(c); err != nil {
		return "", err
	}
	return token, refusal
}

// introduce makes the entry of a client that nobody knows.
func (g *Registry) introduce(r Request) (Client, error) {
	if len(g.clients) >= maxKnown {
		return Client{}, ErrFull
	}
	c := Client{
		ID: r.ID, Name: r.Name, Address: r.From.Addr().Unmap(),
		State: Pending, FirstSeen: g.cfg.Now(),
	}
	first := !slices.ContainsFunc(g.list(), func(c Client) bool { return c.State == Approved })
	if g.cfg.Local(c.Address) || g.cfg.Approval == ApproveAll || g.cfg.Approval == ApproveFirst && first {
		c.State = Approved
	}
	return c, nil
}

// admit checks the owner's decision and the token, and issues a token where one is due.
func (g *Registry) admit(c *Client, r Request) (token string, err error) {
	tokenless := slices.Contains(g.cfg.Tokenless, c.ID)
	switch {
	case c.State == Denied:
		return "", ErrDenied
	case c.State == Pending:
		return "", ErrPending
	case r.Token != "" && g.cfg.Tokens.Matches(r.Token, c.TokenHash):
		c.TokenUsed = true
		return "", nil
	case r.Token == "" && tokenless && r.Elsewhere:
		return "", ErrTaken
	case r.Token == "" && tokenless:
		return "", nil
	case c.TokenHash == nil, !c.TokenUsed && r.Token == "" && c.Address == r.From.Addr().Unmap():
		token, c.TokenHash, err = g.cfg.Tokens.New()
		c.TokenUsed = false
		return token, err
	}
	return "", ErrToken
}

// put keeps c, on disk first. Of clients that wait for approval the oldest give way.
func (g *Registry) put(c Client) error {
	next := make(map[string]Client, len(g.clients)+1)
	for id, known := range g.clients {
		next[id] = known
	}
	next[c.ID] = c
	if c.State == Pending {
		dropOldestPending(next)
	}
	return g.replace(next)
}

func dropOldestPending(all map[string]Client) {
	var oldest Client
	n := 0
	for _, c := range all {
		if c.State != Pending {
			continue
		}
		if n++; n == 1 || c.LastSeen.Before(oldest.LastSeen) {
			oldest = c
		}
	}
	if n > maxPending {
		delete(all, oldest.ID)
	}
}

func (g *Registry) replace(next map[string]Client) error {
	data, err := encode(next)
	if err != nil {
		return err
	}
	if err := g.cfg.Store.Save(data); err != nil {
		return fmt.Errorf("clients: saving: %w", err)
	}
	g.clients = next
	return nil
}

// Decide sets what the owner decided about a client.
func (g *Registry) Decide(id string, s State) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.clients[id]
	if !ok {
		return fmt.Errorf("%w: %q", ErrUnknown, id)
	}
	c.State = s
	return g.put(c)
}

// Forget removes all that is known of a client; it may introduce itself anew.
func (g *Registry) Forget(id string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, ok := g.clients[id]; !ok {
		return fmt.Errorf("%w: %q", ErrUnknown, id)
	}
	next := make(map[string]Client, len(g.clients))
	for other, c := range g.clients {
		if other != id {
			next[other] = c
		}
	}
	return g.replace(next)
}

// List is all clients, ordered by id.
func (g *Registry) List() []Client {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.list()
}

func (g *Registry) list() []Client {
	out := make([]Client, 0, len(g.clients))
	for _, c := range g.clients {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Client) int { return cmp.Compare(a.ID, b.ID) })
	return out
}
