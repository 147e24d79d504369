package pair

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"

	"vapd/protocol/coap"
	"vapd/protocol/pairing"
)

// Hub is a hub that may be there.
type Hub struct {
	ID, Name string // ID is empty when it is not known yet
	Addr     netip.AddrPort
}

// Finder looks for hubs once, calling found for each, until it has looked everywhere or
// ctx ends.
type Finder func(ctx context.Context, found func(Hub)) error

// Order is one attempt.
type Order struct {
	// N tells it from others.
	N uint32
	// Code is that of the code way; zero: push.
	Code pairing.Passcode
	// HubID is the only hub that is asked; empty: any.
	HubID string
	// Address is the host and port where the hub is; empty: it is looked for.
	Address string
}

// Observer is told how the attempt goes, from any goroutine. It must not block.
type Observer interface {
	// Compare: the hub shows code, if it is who it says. Runner.Agree says that it does.
	Compare(n uint32, hub Hub, code pairing.Code)
	// Ended: the key is kept, or err says why there is none. Not told of an attempt that
	// was cancelled.
	Ended(n uint32, hub Hub, err error)
}

// Config is what a Runner needs.
type Config struct {
	ID, Name string // the satellite's
	Client   *pairing.Client
	// Find looks for hubs at an address that a person gave, or everywhere ("").
	Find func(address string) Finder
	// Identify asks the hub at an address for its id.
	Identify func(context.Context, netip.AddrPort) (id string, err error)
	// Peer is the hub at an address, without encryption.
	Peer func(netip.AddrPort) coap.Peer
	// Keep stores the key, and where the hub was found. When it returns nil that is on
	// the disk.
	Keep     func(p pairing.Pairing, at netip.AddrPort) error
	Observer Observer
	Logger   *slog.Logger
}

// Errors of an attempt, which tell the remedy. Those of protocol/pairing come as well.
var (
	ErrNoHub = errors.New("pair: no hub found: is it running, in the same network? (or name its address: vapd satellite pair --hub HOST:5683)")
	// errAnother ends the exchange with a hub while another one's code is shown.
	errAnother = errors.New("pair: another hub came first")
)

// Runner carries attempts out. Its methods may be called from any goroutine.
type Runner struct {
	cfg Config

	mu     sync.Mutex
	now    *attempt
	closed bool
	wg     sync.WaitGroup
}

// New makes a Runner. Close it.
func New(cfg Config) *Runner { return &Runner{cfg: cfg} }

// Start begins an attempt, and cancels the one that runs.
func (r *Runner) Start(o Order) {
	ctx, cancel := context.WithCancel(context.Background())
	a := &attempt{runner: r, cfg: &r.cfg, order: o, ctx: ctx, cancel: cancel, agreed: make(chan struct{}, 1)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		cancel()
		return
	}
	if r.now != nil {
		r.now.cancel()
	}
	r.now = a
	r.wg.Go(a.main)
}

// Agree says that the hub shows the same code as the satellite.
func (r *Runner) Agree() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now == nil || !r.now.compares() {
		return
	}
	select {
	case r.now.agreed <- struct{}{}:
	default:
	}
}

// Cancel ends the attempt that runs.
func (r *Runner) Cancel() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != nil {
		r.now.cancel()
		r.now = nil
	}
}

// Close ends what runs, and joins all goroutines.
func (r *Runner) Close() {
	r.Cancel()
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.wg.Wait()
}

// ended reports whether a was not cancelled before its end.
func (r *Runner) ended(a *attempt) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now != a {
		return false
	}
	r.now = nil
	return true
}
