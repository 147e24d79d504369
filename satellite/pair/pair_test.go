package pair

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/protocol/coap"
	"vapd/protocol/discovery"
	"vapd/protocol/pairing"
	"vapd/satellite/hubtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is some hubs and a satellite.
type house struct {
	t       *testing.T
	network *hubtest.Network
	runner  *Runner
	found   []Hub // by a search
	keep    error

	kept  []pairing.Pairing
	shown chan Hub
	ended chan error
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, network: hubtest.NewNetwork(), shown: make(chan Hub, 10), ended: make(chan error, 10)}
	e, err := coap.Listen(coap.Config{Conn: h.network.Open(netip.MustParseAddrPort("192.0.2.100:1000"))})
	if err != nil {
		t.Fatal(err)
	}
	h.runner = New(Config{
		ID: "org.vapd.satellite.test", Name: "test", Client: pairing.NewClient(pairing.ClientConfig{}),
		Find: func(address string) Finder {
			return func(_ context.Context, found func(Hub)) error {
				for _, one := range h.found {
					if address == "" || one.Addr.String() == address {
						found(one)
					}
				}
				return nil
			}
		},
		Identify: func(ctx context.Context, addr netip.AddrPort) (string, error) {
			it, err := discovery.Ask(ctx, e.Peer(addr))
			return it.ID, err
		},
		Peer:     e.Peer,
		Keep:     func(p pairing.Pairing, _ netip.AddrPort) error { h.kept = append(h.kept, p); return h.keep },
		Observer: h, Logger: slog.New(slog.DiscardHandler),
	})
	t.Cleanup(func() {
		h.runner.Close()
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) Compare(_ uint32, hub Hub, _ pairing.Code) { h.shown <- hub }
func (h *house) Ended(_ uint32, _ Hub, err error)          { h.ended <- err }

// compare waits until a code is shown.
func (h *house) compare() Hub {
	h.t.Helper()
	select {
	case hub := <-h.shown:
		return hub
	case <-time.After(10 * time.Minute):
		h.t.Fatal("no code is shown")
		panic("not reached")
	}
}

// end waits until the attempt is over.
func (h *house) end() error {
	h.t.Helper()
	select {
	case err := <-h.ended:
		return err
	case <-time.After(10 * time.Minute):
		h.t.Fatal("it does not end")
		panic("not reached")
	}
}

// hub adds a hub at host, which is found at its address, and approves by itself.
func (h *house) hub(id, host string) *hubtest.Hub {
	h.t.Helper()
	plain := netip.MustParseAddrPort(host + ":5683")
	hub, err := hubtest.NewPaired(hubtest.Paired{
		ID: id, Keys: hubtest.NewKeys(),
		Plain:   coap.Config{Conn: h.network.Open(plain)},
		Secured: coap.Config{Conn: h.network.Open(netip.MustParseAddrPort(host + ":5684"))},
		Told: func(hub *hubtest.Hub, e pairing.Event) {
			if e.Kind == pairing.Compare {
				_ = hub.Pairing.Approve(e.Code)
			}
		},
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = hub.Close() })
	h.found = append(h.found, Hub{Addr: plain})
	return hub
}

func open(t *testing.T, hub *hubtest.Hub) {
	t.Helper()
	if err := hub.Pairing.OpenPush(); err != nil {
		t.Fatal(err)
	}
}

func code(t *testing.T, hub *hubtest.Hub) pairing.Passcode {
	t.Helper()
	i, err := hub.Pairing.OpenCode("")
	if err != nil {
		t.Fatal(err)
	}
	return i.Passcode
}

// Of several hubs the one gets the satellite that is open, however late.
func TestTheOpenHubIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.hub("org.a", "192.0.2.1")
		b := h.hub("org.b", "192.0.2.2")
		h.hub("org.c", "192.0.2.3")
		h.runner.Start(Order{N: 1})
		time.Sleep(time.Minute)
		h.runner.Agree() // to nothing
		open(t, b)
		if hub := h.compare(); hub.ID != "org.b" {
			t.Errorf("shows the code of %+v", hub)
		}
		time.Sleep(time.Second)
		if len(h.ended) != 0 {
			t.Fatal("it was over before anybody agreed")
		}
		h.runner.Agree()
		if err := h.end(); err != nil || len(h.kept) != 1 || h.kept[0].HubID != "org.b" {
			t.Errorf("%v, kept %v", err, h.kept)
		}
	})
}

// Two open hubs: one code is shown, and the other hub gets nothing.
func TestOneOfTwoOpenHubs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		open(t, h.hub("org.a", "192.0.2.1"))
		open(t, h.hub("org.b", "192.0.2.2"))
		h.runner.Start(Order{N: 1})
		hub := h.compare()
		h.runner.Agree()
		if err := h.end(); err != nil || len(h.shown) != 0 || len(h.kept) != 1 || h.kept[0].HubID != hub.ID {
			t.Errorf("%v, showed %v more, kept %v", err, len(h.shown), h.kept)
		}
	})
}

// One hub with two addresses is asked once: the second knock would close its window.
func TestAHubOfTwoAddresses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		a := h.hub("org.a", "192.0.2.1")
		open(t, a)
		h.found = append(h.found, Hub{ID: "org.a", Addr: netip.MustParseAddrPort("192.0.2.9:5683")}, h.found[0], Hub{Addr: a.Addr()})
		h.found = append(h.found[2:], h.found[1]) // the one that does not answer last
		h.runner.Start(Order{N: 1})
		h.compare()
		h.runner.Agree()
		if err := h.end(); err != nil {
			t.Error(err)
		}
	})
}

func TestTheHubOfTheCodeIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		h.hub("org.a", "192.0.2.1") // closed
		code(t, h.hub("org.b", "192.0.2.2"))
		passcode := code(t, h.hub("org.c", "192.0.2.3"))
		h.runner.Start(Order{N: 1, Code: passcode})
		if err := h.end(); err != nil || h.kept[0].HubID != "org.c" {
			t.Errorf("%v, kept %v", err, h.kept)
		}
	})
}

func TestWhyThereIsNoPairing(t *testing.T) {
	broken := errors.New("the disk is full")
	for name, c := range map[string]struct {
		prepare func(t *testing.T, h *house) Order
		want    error
		atLeast time.Duration
	}{
		"no hub": {func(*testing.T, *house) Order { return Order{} }, ErrNoHub, pairing.PushWindow},
		"no hub, code": {func(t *testing.T, h *house) Order {
			return Order{Code: code(t, h.hub("org.a", "192.0.2.1")), Address: "192.0.2.7:5683"}
		}, ErrNoHub, codeTime},
		"a hub, but another one": {func(t *testing.T, h *house) Order {
			return Order{Code: code(t, h.hub("org.a", "192.0.2.1")), HubID: "org.b"}
		}, ErrNoHub, codeTime},
		"a closed hub": {func(t *testing.T, h *house) Order { h.hub("org.a", "192.0.2.1"); return Order{} }, pairing.ErrClosed, pairing.PushWindow},
		"a wrong code": {func(t *testing.T, h *house) Order {
			code(t, h.hub("org.a", "192.0.2.1"))
			h.hub("org.b", "192.0.2.2")
			p, _ := pairing.ParsePasscode("11112222")
			return Order{Code: p}
		}, pairing.ErrWrongCode, 0},
		"a disk that is full": {func(t *testing.T, h *house) Order {
			h.keep = broken
			return Order{Code: code(t, h.hub("org.a", "192.0.2.1"))}
		}, broken, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newHouse(t)
				began := time.Now()
				h.runner.Start(c.prepare(t, h))
				err := h.end()
				if took := time.Since(began); !errors.Is(err, c.want) || took < c.atLeast || took > c.atLeast+10*time.Second {
					t.Errorf("%v after %v", err, took)
				}
			})
		})
	}
}

// Nothing is told of an attempt that was cancelled, and nothing of it is left.
func TestCancelAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		open(t, h.hub("org.a", "192.0.2.1"))
		h.runner.Start(Order{N: 1})
		h.compare()
		h.runner.Cancel()
		h.runner.Cancel()
		h.runner.Agree()
		h.runner.Start(Order{N: 2})
		h.runner.Start(Order{N: 3})
		time.Sleep(time.Second)
		h.runner.Close()
		h.runner.Start(Order{N: 4})
		time.Sleep(5 * time.Minute)
		if len(h.kept) != 0 || len(h.ended) != 0 {
			t.Errorf("kept %v, %d ends", h.kept, len(h.ended))
		}
	})
}
