package link

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/vap"
)

// machine is a Network that tests change.
type machine struct {
	changed chan struct{}
	mu      sync.Mutex
	from    netip.Addr
	err     error
}

var (
	home     = netip.MustParseAddr("192.0.2.100")
	roamed   = netip.MustParseAddr("192.0.2.200")
	errNoWay = errors.New("network: interface wlan0 is down")
)

func newMachine() *machine { return &machine{changed: make(chan struct{}, 1), from: home} }

func (m *machine) Changed() <-chan struct{} { return m.changed }

func (m *machine) Way(netip.AddrPort) (netip.Addr, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.from, m.err
}

// set changes the way, and tells.
func (m *machine) set(from netip.Addr, err error) {
	m.mu.Lock()
	m.from, m.err = from, err
	m.mu.Unlock()
	select {
	case m.changed <- struct{}{}:
	default:
	}
}

// on is run's configuration with a machine's network.
func on(m *machine) func(*Config) { return func(c *Config) { c.Network = m } }

func refused() error { return &vap.Error{Code: codes.Unauthorized, Type: vap.TypeUnauthorized} }

func TestLinkIsDownWithItsInterface(t *testing.T) {
	for name, pinging := range map[string]bool{"between pings": false, "while it pings": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m, n := newMachine(), &network{hubs: []Hub{kitchen}, ping: alive, connect: accept}
				l, states := run(t, n, new(memory), on(m))
				states()
				if pinging {
					n.change(func(n *network) { n.ping = nil })
					time.Sleep(pingEvery + time.Second)
				}
				n.change(func(n *network) { n.ping, n.connect = nil, nil })
				m.set(netip.Addr{}, errNoWay)
				states()
				if s := l.Status(); s.State != Searching || !strings.Contains(s.Why.Error(), "wlan0 is down") || s.Losses != 1 {
					t.Fatalf("%+v", s)
				}
				// After ten minutes it is back, and so is the link, at once.
				time.Sleep(10 * time.Minute)
				n.change(func(n *network) { n.ping, n.connect = alive, accept })
				m.set(home, nil)
				if states(); l.Status().State != Up {
					t.Fatalf("%+v", l.Status())
				}
			})
		})
	}
}

// The network comes back while a hub is being asked, or searched for.
func TestLinkTriesAnewWhenTheNetworkChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for at := time.Duration(0); at < 12*time.Second; at += 700 * time.Millisecond {
			m, n := newMachine(), &network{hubs: []Hub{kitchen}, ping: alive, connect: accept}
			l, states := run(t, n, new(memory), on(m))
			states()
			n.change(func(n *network) { n.ping, n.connect = nil, nil })
			time.Sleep(silence + at)
			n.change(func(n *network) { n.ping, n.connect = alive, accept })
			m.set(roamed, nil)
			if states(); l.Status().State != Up {
				t.Errorf("%v after the loss: %+v", at, l.Status())
			}
		}
	})
}

// A satellite with a new address tells it to the hub at once, which may have to let it in
// again.
func TestLinkMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, n := newMachine(), &network{hubs: []Hub{kitchen}, ping: alive, connect: accept}
		l, states := run(t, n, new(memory), on(m))
		states()
		n.change(func(n *network) {
			n.ping = refused
			n.connect = func(netip.AddrPort, string) (vap.Connected, error) { n.ping = alive; return vap.Connected{}, nil }
		})
		m.set(roamed, nil)
		states()
		if s := l.Status(); s.State != Up || s.Losses != 1 || n.scans != 1 {
			t.Fatalf("%+v, %d searches", s, n.scans)
		}
		// One that the hub knows wherever it is just pings.
		m.set(home, nil)
		if states(); l.Status().Losses != 1 {
			t.Errorf("%+v", l.Status())
		}
	})
}

// A network in which something changes all the time, but nothing that concerns the way to
// the hub, neither costs pings nor hides a silent hub.
func TestLinkIsNotDisturbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pings := 0
		m, n := newMachine(), &network{hubs: []Hub{kitchen}, connect: accept, ping: func() error { pings++; return nil }}
		l, states := run(t, n, new(memory), on(m))
		change := func(d time.Duration) {
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
				m.set(home, nil)
			}
			states()
		}
		change(time.Minute)
		if pings < 28 || pings > 31 {
			t.Errorf("%d pings in a minute", pings)
		}
		n.change(func(n *network) { n.ping, n.connect = nil, nil })
		change(5 * time.Second)
		if l.Status().State != Searching {
			t.Error("still up after 5 s of silence")
		}
	})
}

// herd is a hub with many satellites, which can be down.
type herd struct {
	mu    sync.Mutex
	up    time.Time // since when
	epoch int       // of the hub: how often it was started
	knows map[int]int
	joins []time.Time
}

func (h *herd) alive() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.up.After(time.Now())
}

// member is one of its satellites.
type member struct {
	*herd
	n int
}

// reach asks again and again, as CoAP does, until the hub is up.
func (m member) reach(ctx context.Context) error {
	for wait := 500 * time.Millisecond; !m.alive(); wait *= 2 {
		wait += rand.N(wait / 2) // ACK_RANDOM_FACTOR
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
	return nil
}

func (m member) Identify(ctx context.Context, _ netip.AddrPort) (Hub, error) {
	return Hub{ID: kitchen.ID}, m.reach(ctx)
}

func (m member) Connect(ctx context.Context, _ Hub, _ string) (vap.Connected, error) {
	if err := m.reach(ctx); err != nil {
		return vap.Connected{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.knows[m.n] = m.epoch
	m.joins = append(m.joins, time.Now())
	return vap.Connected{}, nil
}

func (m member) Ping(ctx context.Context) error {
	if err := m.reach(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.knows[m.n] != m.epoch {
		return refused()
	}
	return nil
}

// A thousand satellites are back within ten seconds after a restart of their hub, however
// long that took, and never come all at once, though they pinged in one moment.
func TestLinkReturnsWithoutAHerd(t *testing.T) {
	const satellites = 1000
	for name, down := range map[string]time.Duration{
		"restart": 200 * time.Millisecond, "slow restart": 7 * time.Second, "long": 20 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &herd{knows: make(map[int]int)}
				ctx, cancel := context.WithCancel(t.Context())
				var wg sync.WaitGroup
				for i := range satellites {
					l := New(Config{
						Registry: member{h, i}, Tokens: new(memory), Plain: everywhere, Logger: slog.New(slog.DiscardHandler), Changed: func(Status) {},
						Find: func(ctx context.Context, found func(Hub)) error { found(kitchen); <-ctx.Done(); return nil },
					})
					wg.Go(func() { l.Run(ctx) })
				}
				time.Sleep(2 * pingEvery)
				h.mu.Lock()
				h.epoch, h.joins, h.up = 1, nil, time.Now().Add(down)
				h.mu.Unlock()
				time.Sleep(down + 10*time.Second)
				cancel()
				wg.Wait()
				if len(h.joins) != satellites {
					t.Errorf("%d of %d are back after 10 s", len(h.joins), satellites)
				}
				peak := 0 // in a tenth of a second
				for i, j := 0, 0; i < len(h.joins); i++ {
					for h.joins[i].Sub(h.joins[j]) > 100*time.Millisecond {
						j++
					}
					peak = max(peak, i-j+1)
				}
				t.Logf("the last one is back after %v, %d at most in 100 ms", h.joins[len(h.joins)-1].Sub(h.up), peak)
				if peak > satellites*3/10 {
					t.Errorf("%d came in 100 ms", peak)
				}
			})
		})
	}
}
