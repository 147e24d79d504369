package pairing

import (
	"context"
	"errors"
	"testing"
	"time"

	"vapd/protocol/coap"
)

// pushed is the outcome of Client.Push.
type pushed struct {
	p    Pairing
	code Code // that was shown
	err  error
}

// push runs Client.Push to its end.
func push(t *testing.T, peer coap.Peer) pushed {
	t.Helper()
	var r pushed
	r.p, r.err = NewClient(ClientConfig{}).Push(t.Context(), peer, me, func(_ context.Context, c Code) error { r.code = c; return nil })
	return r
}

func openPush(t *testing.T, h *hub) {
	t.Helper()
	if err := h.OpenPush(); err != nil {
		t.Fatal(err)
	}
}

func TestPush(t *testing.T) {
	inTime(t, "open, then held", func(t *testing.T) {
		h := newHub(t, newStore())
		h.approving(t, true)
		openPush(t, h)
		r := push(t, h.line())
		if r.err != nil {
			t.Fatal(r.err)
		}
		same(t, h, r.p)
		h.expect(t, Opened, Compare, Paired)
		if e := h.told[1]; e.Code != r.code || e.ID != me.ID || e.Name != me.Name || e.From != h.line().from || e.Replaces {
			t.Errorf("the owner is asked to compare %+v, the satellite shows %v", e, r.code)
		}
	})
	inTime(t, "held, then open", func(t *testing.T) {
		h := newHub(t, newStore())
		h.approving(t, true)
		time.AfterFunc(90*time.Second, func() { openPush(t, h) })
		r := push(t, h.line())
		if r.err != nil {
			t.Fatal(r.err)
		}
		same(t, h, r.p)
		h.expect(t, Asked, Opened, Compare, Paired)
	})
	inTime(t, "again", func(t *testing.T) {
		h := newHub(t, newStore())
		h.approving(t, true)
		openPush(t, h)
		first := push(t, h.line())
		openPush(t, h)
		second := push(t, h.line())
		if first.err != nil || second.err != nil {
			t.Fatal(first.err, second.err)
		}
		same(t, h, second.p)
		if first.p.Key == second.p.Key || first.code == second.code {
			t.Error("two pairings have the same key or code")
		}
		if e := h.told[4]; e.Kind != Compare || !e.Replaces {
			t.Errorf("the owner is not told that a key is replaced: %+v", e)
		}
	})
	// The owner's command ends with the pairing, and closes what is open.
	inTime(t, "closed once it is stored", func(t *testing.T) {
		h := newHub(t, newStore())
		h.on(func(e Event) {
			switch e.Kind {
			case Compare:
				time.AfterFunc(100*time.Millisecond, func() { _ = h.Approve(e.Code) })
			case Paired:
				h.Cancel(ByPush, "the owner closed it")
				h.Deny()
			}
		})
		openPush(t, h)
		r := push(t, h.line())
		if r.err != nil {
			t.Fatal(r.err)
		}
		same(t, h, r.p)
		pass(PushWindow)
		h.expect(t, Opened, Compare, Paired)
	})
	inTime(t, "the owner takes a minute", func(t *testing.T) {
		h := newHub(t, newStore())
		h.on(func(e Event) {
			if e.Kind == Compare {
				time.AfterFunc(time.Minute, func() { _ = h.Approve(e.Code) })
			}
		})
		openPush(t, h)
		if r := push(t, h.line()); r.err != nil {
			t.Fatal(r.err)
		}
		pass(0)
		h.expect(t, Opened, Compare, Paired)
	})
}

func TestPushFails(t *testing.T) {
	inTime(t, "nobody opens", func(t *testing.T) {
		h := newHub(t, newStore())
		start := time.Now()
		if r := push(t, h.line()); !errors.Is(r.err, ErrClosed) {
			t.Error(r.err)
		}
		if waited := time.Since(start); waited != PushWindow {
			t.Errorf("waited %v", waited)
		}
		h.expect(t, Asked)
		nothing(t, h)
	})
	inTime(t, "nobody approves", func(t *testing.T) {
		h := newHub(t, newStore())
		openPush(t, h)
		if r := push(t, h.line()); !errors.Is(r.err, ErrClosed) {
			t.Error(r.err)
		}
		pass(time.Second)
		h.expect(t, Opened, Compare, Closed)
		if err := h.Approve(h.told[1].Code); err == nil {
			t.Error("approved after the window was closed")
		}
		nothing(t, h)
	})
	inTime(t, "nobody comes", func(t *testing.T) {
		h := newHub(t, newStore())
		openPush(t, h)
		pass(PushWindow)
		h.expect(t, Opened, Closed)
	})
	inTime(t, "the owner refuses", func(t *testing.T) {
		h := newHub(t, newStore())
		h.approving(t, false)
		openPush(t, h)
		if r := push(t, h.line()); !errors.Is(r.err, ErrClosed) {
			t.Error(r.err)
		}
		h.expect(t, Opened, Compare, Closed)
		nothing(t, h)
	})
	inTime(t, "the owner approves another code", func(t *testing.T) {
		h := newHub(t, newStore())
		h.on(func(e Event) {
			if e.Kind == Compare {
				e.Code.digits = (e.Code.digits + 1) % 1_000_000
				if h.Approve(e.Code) == nil {
					t.Error("approved another code")
				}
			}
		})
		openPush(t, h)
		if r := push(t, h.line()); !errors.Is(r.err, ErrClosed) {
			t.Error(r.err)
		}
		nothing(t, h)
	})
	inTime(t, "the disk is full", func(t *testing.T) {
		h := newHub(t, newStore())
		h.keys.err = errDisk
		h.on(func(e Event) {
			if e.Kind == Compare {
				if err := h.Approve(e.Code); !errors.Is(err, errDisk) {
					t.Error(err)
				}
			}
		})
		openPush(t, h)
		if r := push(t, h.line()); !errors.Is(r.err, ErrClosed) {
			t.Error(r.err)
		}
		h.expect(t, Opened, Compare, Closed)
	})
	inTime(t, "the satellite gives up", func(t *testing.T) {
		h := newHub(t, newStore())
		openPush(t, h)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := NewClient(ClientConfig{}).Push(ctx, h.line(), me, agrees)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

// A second satellite closes the window, and neither of the two is paired.
func TestSecondHelloCloses(t *testing.T) {
	inTime(t, "while the owner compares", func(t *testing.T) {
		h := newHub(t, newStore())
		openPush(t, h)
		h.on(func(e Event) {
			if e.Kind == Compare {
				time.AfterFunc(300*time.Millisecond, func() {
					body := message{version: Version, id: "stranger"}.padded()
					if _, err := post(t.Context(), h.line(), pathHello, body); !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
					if h.Approve(e.Code) == nil {
						t.Error("approved in a closed window")
					}
				})
			}
		})
		if r := push(t, h.line()); !errors.Is(r.err, ErrClosed) {
			t.Error(r.err)
		}
		h.expect(t, Opened, Compare, Closed)
		nothing(t, h)
	})
}

// The person at the satellite has the last word: a hub that approves by itself, as a rogue
// one does, gets no satellite.
func TestPersonAtTheSatellite(t *testing.T) {
	for name, c := range map[string]struct {
		compare Comparer
		want    error
	}{
		"says no":      {func(context.Context, Code) error { return errDisk }, errDisk},
		"says nothing": {func(ctx context.Context, _ Code) error { <-ctx.Done(); return ctx.Err() }, ErrClosed},
	} {
		inTime(t, name, func(t *testing.T) {
			h := newHub(t, newStore())
			h.approving(t, true)
			openPush(t, h)
			p, err := NewClient(ClientConfig{}).Push(t.Context(), h.line(), me, c.compare)
			pass(0)
			if !errors.Is(err, c.want) || p != (Pairing{}) {
				t.Errorf("paired %t: %v", p != Pairing{}, err)
			}
		})
	}
	inTime(t, "takes longer than the owner", func(t *testing.T) {
		h := newHub(t, newStore())
		h.approving(t, true)
		openPush(t, h)
		start := time.Now()
		p, err := NewClient(ClientConfig{}).Push(t.Context(), h.line(), me, func(context.Context, Code) error {
			time.Sleep(time.Minute)
			return nil
		})
		if err != nil || time.Since(start) != time.Minute {
			t.Errorf("after %v: %v", time.Since(start), err)
		}
		same(t, h, p)
	})
}
