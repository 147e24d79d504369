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
	cfg    Config
	tokens *tokens
	check  chan struct{} // one slot: somebody doubts the state

	mu     sync.Mutex
	status Status
}

// New makes a Link. Tokens that can't be read are logged and count as lost.
func New(cfg Config) *Link {
	t, err := openTokens(cfg.Tokens)
	if err != nil {
		cfg.Logger.Error("tokens are lost: hubs may have to forget this satellite first", "error", err)
	}
	return &Link{cfg: cfg, tokens: t, check: make(chan struct{}, 1)}
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

// connect1 makes one attempt: the hub of before, then all that can be found. The error
// is the most telling one.
func (l *Link) connect1(ctx context.Context) (Hub, vap.Connected, error) {
	a := attempt{link: l, ctx: ctx}
	if last := l.Status().Hub; last.Addr.IsValid() && a.try(last) {
		return a.hub, a.answer, nil
	}
	scan, cancel := context.WithTimeout(ctx, scanTime)
	defer cancel()
	found := make(chan Hub, 16)
	failed := make(chan error, 1)
	go func() {
		defer close(found)
		failed <- l.cfg.Find(scan, func(h Hub) {
			select {
			case found <- h:
			case <-scan.Done():
			}
		})
	}()
	a.all(found)
	cancel()
	for range found { // joins the search
	}
	if err := <-failed; err != nil && len(a.tried) == 0 {
		a.err = fmt.Errorf("link: looking for a hub: %w", err)
	}
	return a.hub, a.answer, a.err
}

// attempt is one round of tries.
type attempt struct {
	link   *Link
	ctx    context.Context
	tried  []Hub
	hub    Hub // that took the satellite, or refused it most clearly
	answer vap.Connected
	err    error
}

// all tries hubs as they are found, until one takes the satellite: those first that it
// has a token for.
func (a *attempt) all(found <-chan Hub) {
	var strangers []Hub
	tokens := a.link.tokens
	for h := range found {
		if len(tokens.known) > 0 && tokens.of(h.Name) == "" {
			strangers = append(strangers, h)
			continue
		}
		if a.try(h) {
			return
		}
	}
	for _, h := range strangers {
		if a.try(h) {
			return
		}
	}
	if a.err == nil {
		a.err = errors.New("link: no hub found: is it running, in the same network? (or set its address: hub = \"HOST:5683\")")
	}
}

func (a *attempt) try(h Hub) bool {
	for _, t := range a.tried {
		if t == h {
			return false
		}
	}
	a.tried = append(a.tried, h)
	ctx, cancel := context.WithTimeout(a.ctx, connectWait)
	defer cancel()
	answer, err := a.link.cfg.Registry.Connect(ctx, h.Addr, a.link.tokens.of(h.Name))
	if err == nil {
		a.hub, a.answer, a.err = h, answer, nil
		a.link.keepToken(h, answer.Token)
		return true
	}
	a.refused(h, fmt.Errorf("link: hub %s at %v: %w", h.Name, h.Addr, explain(err)))
	return false
}

// refused keeps the most telling of several refusals: to wait for an approval is more
// than to be denied, and that is more than silence.
func (a *attempt) refused(h Hub, err error) {
	rank := func(err error) int {
		state, _ := judge(err)
		return map[State]int{Searching: 0, Denied: 1, Pending: 2}[state]
	}
	if a.err == nil || rank(err) > rank(a.err) {
		a.hub, a.err = h, err
	}
}

// explain adds the remedy where only a person has one.
func explain(err error) error {
	var refusal *vap.Error
	if errors.As(err, &refusal) {
		switch refusal.Type {
		case vap.TypeApprovalPending:
			return fmt.Errorf("%w: approve it with 'vapd hub clients approve'", err)
		case vap.TypeToken, vap.TypeIDExists:
			return fmt.Errorf("%w: if this satellite was set up anew, use 'vapd hub clients forget'", err)
		}
	}
	return err
}

func (l *Link) keepToken(h Hub, token string) {
	if token == "" {
		return
	}
	if err := l.tokens.keep(h.Name, token); err != nil {
		// The hub lets a satellite in that never used its token, so this is no lockout.
		l.cfg.Logger.Error("the hub's token is not saved: after a restart it may refuse this satellite", "error", err)
	}
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
