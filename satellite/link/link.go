package link

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Registry is the client registry's client, as far as the link needs it.
type Registry interface {
	// Identify asks the hub at addr for its ID, which is empty for a foreign hub that
	// has none, and for its port Secured. An error says that nobody answers.
	Identify(ctx context.Context, addr netip.AddrPort) (Hub, error)
	// Connect introduces the satellite to hub, with its token there or "": encrypted, and
	// only to who has the key, when it has a key of hub.ID, else plainly. A refusal is a
	// *vap.Error; ErrKey says that hub has another key or none.
	Connect(ctx context.Context, hub Hub, token string) (vap.Connected, error)
	// Ping asks the hub that took the satellite whether it still knows it. A hub that
	// was restarted does not, and refuses with a *vap.Error.
	Ping(ctx context.Context) error
}

// Keys says which hubs the satellite is paired with.
type Keys interface {
	Paired(hubID string) bool
	Empty() bool // with none
}

type noKeys struct{}

func (noKeys) Paired(string) bool { return false }
func (noKeys) Empty() bool        { return true }

// Finder looks for hubs once, calling found for each, and returns when it has looked
// everywhere or ctx ends. It is a hint: what it finds need not be a hub.
type Finder func(ctx context.Context, found func(Hub)) error

// Network is the machine's own network, as far as the link needs it.
type Network interface {
	// Changed is rung when an interface, an address or a route came or went.
	Changed() <-chan struct{}
	// Way is the local address from which datagrams to addr leave; an error says why
	// none can.
	Way(addr netip.AddrPort) (netip.Addr, error)
}

// Config is what a Link needs.
type Config struct {
	Registry Registry
	Find     Finder
	Tokens   Store
	Keys     Keys // nil: the satellite is paired with none
	// Plain says where the satellite may go without encryption, if it has no key of the
	// hub there: its own machine, or everywhere in open mode.
	Plain func(netip.Addr) bool
	// Network lets the link act at once when the machine's network changes; nil: it
	// learns that from what the hub does not answer.
	Network Network
	// Changed is told of each change, on Run's goroutine; it must not block.
	Changed func(Status)
	Logger  *slog.Logger
}

// Link is the satellite's end of the connection. Make it with New, then call Run once.
type Link struct {
	cfg   Config
	check chan struct{} // one slot: somebody doubts the state

	// Owned by Run's goroutine.
	tokens  *tokens
	ignored map[string]bool // ids of other hubs that were told of
	search  schedule        // of looking everywhere
	home    Hub             // that took the satellite last

	mu        sync.Mutex
	status    Status
	preferred Hub // to go to at once, if it has an address
}

// New makes a Link. Tokens that can't be read are logged and count as lost.
func New(cfg Config) *Link {
	if cfg.Keys == nil {
		cfg.Keys = noKeys{}
	}
	t, err := openTokens(cfg.Tokens)
	if err != nil {
		cfg.Logger.Error("tokens are lost: hubs may have to forget this satellite first", "error", err)
	}
	return &Link{cfg: cfg, check: make(chan struct{}, 1), tokens: t, ignored: make(map[string]bool)}
}

// Errors of pairing, which tell the remedy.
var (
	// ErrUnpaired says that the hub wants the satellite paired, or that the satellite
	// wants it.
	ErrUnpaired = errors.New("not paired yet: run 'vapd hub pair' at the hub and hold the satellite's key, or 'vapd satellite pair'")
	// ErrKey says that the hub refused the satellite's key. It is a hint: who says so is
	// not authenticated.
	ErrKey = errors.New("the hub refuses this satellite's key: pair it again ('vapd hub pair'), if it was unpaired there")
)

// Times of the link.
const (
	pingEvery = 2 * time.Second
	// silence is after which the hub counts as gone: two pings.
	silence = 4500 * time.Millisecond
	// spread is within which the satellites of a hub that was restarted come back.
	spread       = 2 * time.Second
	identifyWait = 2 * time.Second // for a sign of life: a hub answers that from memory
	connectWait  = 4 * time.Second // for the answer to connect: the hub saves it first
	// associateWait is connectWait and the time in which a hub refuses two keys, which
	// says so late (package dtls).
	associateWait = connectWait + 16*time.Second
	scanTime      = 3 * time.Second
	// retryKnown is between attempts to reach the hub of before, for as long as it takes:
	// a question and its repetitions cost no more than the pings of a hub that is there.
	retryKnown = time.Second
	// firstWait is between searches, which all of the house hears; it doubles up to
	// longestWait.
	firstWait    = 500 * time.Millisecond
	longestWait  = 30 * time.Second
	pendingWait  = 10 * time.Second // when the hub names no time
	keyWait      = 10 * time.Second // while the hub refuses the key: who says so is not proved
	deniedWait   = 2 * time.Minute
	shortestWait = 500 * time.Millisecond // whatever the hub names
)

// Status is the link at this moment; any goroutine may ask.
func (l *Link) Status() Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.status
}

// Check makes the link look at once: it pings the hub, or ends a wait and searches.
func (l *Link) Check() {
	select {
	case l.check <- struct{}{}:
	default:
	}
}

// Prefer makes the link leave the hub that it has, if any, and go to h at once: the
// satellite was paired with it, or has a new key of it.
func (l *Link) Prefer(h Hub) {
	l.mu.Lock()
	l.preferred = h
	l.mu.Unlock()
	l.Check()
}

// Forget drops the token of a hub that the satellite is not paired with any more, and
// leaves it.
func (l *Link) Forget(hubID string) error {
	l.mu.Lock()
	if l.preferred.ID == hubID {
		l.preferred = Hub{}
	}
	l.mu.Unlock()
	err := l.tokens.forget(hubID)
	l.Check()
	return err
}

func (l *Link) takePreferred() Hub {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.preferred
	l.preferred = Hub{}
	return h
}

// stays reports whether a hub that the satellite had joined with a key, or without one, is
// still where it wants to be.
func (l *Link) stays(hub Hub, paired bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.preferred.Addr.IsValid() && l.cfg.Keys.Paired(hub.ID) == paired
}

// errLeft is why a link ends that was well.
var errLeft = errors.New("link: the keys of the satellite's hubs changed")

// Run finds a hub and keeps the connection until ctx ends.
func (l *Link) Run(ctx context.Context) {
	for ctx.Err() == nil {
		hub, answer, ok := l.join(ctx)
		if !ok {
			return
		}
		l.set(func(s *Status) { *s = Status{State: Up, Hub: hub, Answer: answer, Losses: s.Losses} })
		l.home = hub
		restarted, err := l.keep(ctx, hub)
		if ctx.Err() != nil {
			return
		}
		l.set(func(s *Status) { s.State, s.Why = Searching, err; s.Losses++ })
		if restarted { // and all its other satellites know as well
			l.sleep(ctx, rand.N(spread))
		}
	}
}

func (l *Link) set(change func(*Status)) {
	l.mu.Lock()
	before := l.status
	change(&l.status)
	now := l.status
	l.mu.Unlock()
	if now.State != before.State || now.Hub != before.Hub {
		l.cfg.Logger.Info("link", "state", now.State, "hub", now.Hub.Name, "address", now.Hub.Addr, "why", now.Why)
	}
	l.cfg.Changed(now)
}

// join tries until a hub takes the satellite, or ctx ends. When the network changes, it
// tries at once.
func (l *Link) join(ctx context.Context) (Hub, vap.Connected, bool) {
	l.search = schedule{}
	for {
		attempt, stop := l.untilChange(ctx)
		hub, answer, err := l.connect1(attempt)
		changed := stop()
		if err == nil {
			return hub, answer, true
		}
		if ctx.Err() != nil {
			return Hub{}, vap.Connected{}, false
		}
		if !changed {
			state, wait := judge(err)
			l.set(func(s *Status) { s.State, s.Hub, s.Why = state, hub, err })
			if wait == 0 {
				wait = l.search.wait(hub.Addr.IsValid())
			}
			woken := l.sleep(ctx, wait)
			if woken == ended {
				return Hub{}, vap.Connected{}, false
			}
			changed = woken != timeUp
		}
		if changed {
			l.search = schedule{}
		}
	}
}

// judge says what a failed attempt means, and how long to wait; 0 leaves that to the
// back-off.
func judge(err error) (State, time.Duration) {
	var refusal *vap.Error
	switch {
	case errors.Is(err, ErrUnpaired):
		return Unpaired, jitter(pendingWait)
	case errors.Is(err, ErrKey):
		return Denied, jitter(keyWait)
	case !errors.As(err, &refusal):
		return Searching, 0
	}
	switch refusal.Type {
	case vap.TypeApprovalPending:
		wait := pendingWait
		if refusal.RetryAfter > 0 {
			wait = refusal.RetryAfter
		}
		return Pending, min(max(wait, shortestWait), deniedWait)
	case vap.TypeConnectionDenied, vap.TypeToken, vap.TypeVersion, vap.TypeIDExists:
		return Denied, jitter(deniedWait)
	}
	if refusal.RetryAfter == 0 {
		return Searching, 0
	}
	return Searching, min(refusal.RetryAfter, deniedWait) + rand.N(spread) // others were told the same
}

// keep pings the hub until it falls silent, refuses, can't be reached any more, is not the
// satellite's any more, or ctx ends. restarted says that the hub forgot the satellite,
// which did not move.
func (l *Link) keep(ctx context.Context, hub Hub) (restarted bool, err error) {
	addr, paired := hub.Addr, l.cfg.Keys.Paired(hub.ID)
	way, err := l.way(addr)
	if err != nil {
		return false, fmt.Errorf("link: hub at %v: %w", addr, err)
	}
	heard, moved := time.Now(), false
	next := heard.Add(pingEvery)
	for woken := l.sleep(ctx, pingEvery); woken != ended; {
		if !l.stays(hub, paired) {
			return false, errLeft
		}
		if woken == networkChanged {
			before := way
			if way, err = l.way(addr); err != nil {
				return false, fmt.Errorf("link: hub at %v: %w", addr, err)
			}
			moved = moved || way != before
			if !moved && time.Now().Before(next) {
				woken = l.sleep(ctx, time.Until(next))
				continue
			}
		}
		changed, err := l.ping1(ctx, heard.Add(silence))
		var refusal *vap.Error
		switch {
		case errors.As(err, &refusal) && refusal.Type == vap.TypeUnauthorized:
			return !moved, fmt.Errorf("link: the hub does not know this satellite any more: %w", err)
		case errors.Is(err, coap.ErrEnded): // the hub said so, perhaps to all its satellites
			return true, fmt.Errorf("link: the hub ended the connection: %w", err)
		case err == nil, refusal != nil: // busy, perhaps, but there
			heard, moved = time.Now(), false
			next = heard.Add(pingEvery)
		case time.Since(heard) >= silence:
			return false, fmt.Errorf("link: nothing heard for %v: %w", silence, err)
		}
		if woken = networkChanged; !changed {
			next = time.Now().Add(pingEvery)
			woken = l.sleep(ctx, pingEvery)
		}
	}
	return false, ctx.Err()
}

// ping1 asks once, until a time or until the network changes.
func (l *Link) ping1(ctx context.Context, until time.Time) (changed bool, err error) {
	ctx, stop := l.untilChange(ctx)
	// A ping gets a round trip at least, however late it is.
	inner, cancel := context.WithDeadline(ctx, later(until, time.Now().Add(firstWait)))
	defer cancel()
	err = l.cfg.Registry.Ping(inner)
	return stop(), err
}

// way is Network.Way, if there is a Network.
func (l *Link) way(addr netip.AddrPort) (netip.Addr, error) {
	if l.cfg.Network == nil {
		return netip.Addr{}, nil
	}
	return l.cfg.Network.Way(addr)
}
