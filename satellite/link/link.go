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

	"vapd/protocol/vap"
)

// Registry is the client registry's client, as far as the link needs it.
type Registry interface {
	// Identify asks the hub at addr for its id, which is empty for a foreign hub that
	// has none. An error says that nobody answers.
	Identify(ctx context.Context, addr netip.AddrPort) (id string, err error)
	// Connect introduces the satellite to the hub at addr, with its token there or "".
	// A refusal is a *vap.Error.
	Connect(ctx context.Context, addr netip.AddrPort, token string) (vap.Connected, error)
	// Ping asks the hub that took the satellite whether it still knows it. A hub that
	// was restarted does not, and refuses with a *vap.Error.
	Ping(ctx context.Context) error
}

// Finder looks for hubs once, calling found for each, and returns when it has looked
// everywhere or ctx ends. It is a hint: what it finds need not be a hub.
type Finder func(ctx context.Context, found func(Hub)) error

// Config is what a Link needs.
type Config struct {
	Registry Registry
	Find     Finder
	Tokens   Store
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

	mu     sync.Mutex
	status Status
}

// New makes a Link. Tokens that can't be read are logged and count as lost.
func New(cfg Config) *Link {
	t, err := openTokens(cfg.Tokens)
	if err != nil {
		cfg.Logger.Error("tokens are lost: hubs may have to forget this satellite first", "error", err)
	}
	return &Link{cfg: cfg, check: make(chan struct{}, 1), tokens: t, ignored: make(map[string]bool)}
}

// Times of the link.
const (
	pingEvery    = 2 * time.Second
	silence      = 5 * time.Second // after which the hub counts as gone
	connectWait  = 4 * time.Second // for the answer to connect: the hub saves it first
	scanTime     = 3 * time.Second
	firstWait    = 500 * time.Millisecond // between attempts, doubling up to longestWait
	longestWait  = 30 * time.Second
	pendingWait  = 10 * time.Second // when the hub names no time
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

// Run finds a hub and keeps the connection until ctx ends.
func (l *Link) Run(ctx context.Context) {
	for ctx.Err() == nil {
		hub, answer, ok := l.join(ctx)
		if !ok {
			return
		}
		l.set(func(s *Status) { *s = Status{State: Up, Hub: hub, Answer: answer, Losses: s.Losses} })
		err := l.keep(ctx)
		if ctx.Err() != nil {
			return
		}
		l.set(func(s *Status) { s.State, s.Why = Searching, err; s.Losses++ })
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

// join tries until a hub takes the satellite, or ctx ends.
func (l *Link) join(ctx context.Context) (Hub, vap.Connected, bool) {
	backoff := firstWait
	for {
		hub, answer, err := l.connect1(ctx)
		if err == nil {
			return hub, answer, true
		}
		if ctx.Err() != nil {
			return Hub{}, vap.Connected{}, false
		}
		state, wait := judge(err)
		if wait == 0 {
			wait = jitter(backoff)
			backoff = min(2*backoff, longestWait)
		}
		l.set(func(s *Status) { s.State, s.Hub, s.Why = state, hub, err })
		if !l.sleep(ctx, wait) {
			return Hub{}, vap.Connected{}, false
		}
	}
}

// judge says what a failed attempt means, and how long to wait; 0 leaves that to the
// back-off.
func judge(err error) (State, time.Duration) {
	var refusal *vap.Error
	if !errors.As(err, &refusal) {
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
	return Searching, min(refusal.RetryAfter, deniedWait)
}

// jitter spreads a wait by a quarter, so that the satellites of a house do not fall
// upon a restarted hub together.
func jitter(d time.Duration) time.Duration {
	return d*3/4 + rand.N(d/2)
}

// keep pings the hub until it falls silent, refuses, or ctx ends.
func (l *Link) keep(ctx context.Context) error {
	heard := time.Now()
	for l.sleep(ctx, pingEvery) {
		err := l.ping1(ctx, heard.Add(silence))
		var refusal *vap.Error
		switch {
		case errors.As(err, &refusal) && refusal.Type == vap.TypeUnauthorized:
			return fmt.Errorf("link: the hub does not know this satellite any more: %w", err)
		case err == nil, refusal != nil: // busy, perhaps, but there
			heard = time.Now()
		case time.Since(heard) >= silence:
			return fmt.Errorf("link: nothing heard for %v: %w", silence, err)
		}
	}
	return ctx.Err()
}

func (l *Link) ping1(ctx context.Context, until time.Time) error {
	// A ping gets a round trip at least, however late it is.
	ctx, cancel := context.WithDeadline(ctx, later(until, time.Now().Add(firstWait)))
	defer cancel()
	return l.cfg.Registry.Ping(ctx)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sleep waits for d, for Check or for the end of ctx; false is the end.
func (l *Link) sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-l.check:
	case <-t.C:
	}
	return true
}
