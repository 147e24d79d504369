package pairing

import (
	"context"
	"errors"
	"testing"
	"time"

	"vapd/protocol/coap"
)

// The hub stops at any message, before or after it worked on it, and comes back with what
// was on its disk. Then either both sides have the same key, or the satellite has none
// and trying again works.
func TestHubRestarts(t *testing.T) {
	for _, way := range []Way{ByPush, ByCode} {
		for _, path := range []string{pathHello, pathKey, pathConfirm, pathShare, pathProof} {
			for _, after := range []bool{false, true} {
				when := " before "
				if after {
					when = " after "
				}
				inTime(t, string(way)+when+path, func(t *testing.T) { restart(t, way, path, after) })
			}
		}
	}
}

func restart(t *testing.T, way Way, path string, after bool) {
	keys := newStore()
	first, second := newHub(t, keys), newHub(t, keys)
	first.approving(t, true)
	second.approving(t, true)
	l := first.line()
	swap := func(req *coap.Request) bool {
		if req.Path != path || l.mux == second.mux {
			return false
		}
		l.mux = second.mux
		return true
	}
	l.up = func(req *coap.Request) *coap.Request {
		if !after {
			swap(req)
		}
		return req
	}
	l.down = func(req *coap.Request, resp *coap.Response) *coap.Response {
		if after && swap(req) {
			return nil
		}
		return resp
	}
	run := func(h *hub) (Pairing, error) {
		if way == ByCode {
			return withCode(t, l, openCode(t, h).Passcode)
		}
		openPush(t, h)
		r := push(t, l)
		return r.p, r.err
	}
	p, err := run(first)
	if err != nil {
		if p != (Pairing{}) {
			t.Errorf("a pairing beside the error %v", err)
		}
		if !errors.Is(err, ErrClosed) && !errors.Is(err, coap.ErrNoReply) {
			t.Errorf("the satellite is told %v", err)
		}
		pass(time.Second)
		if p, err = run(second); err != nil {
			t.Fatalf("the second time: %v", err)
		}
	}
	same(t, second, p)
}

// The last answer is lost again and again: the satellite asks until it has it, and the hub
// stores once.
func TestLastAnswerLost(t *testing.T) {
	for way, path := range map[Way]string{ByPush: pathConfirm, ByCode: pathProof} {
		inTime(t, string(way), func(t *testing.T) {
			h := newHub(t, newStore())
			h.approving(t, true)
			l := h.line()
			lost := 0
			l.down = func(req *coap.Request, resp *coap.Response) *coap.Response {
				if req.Path == path && resp.Code>>5 == 2 && lost < 3 {
					lost++
					return nil
				}
				return resp
			}
			var p Pairing
			var err error
			if way == ByPush {
				openPush(t, h)
				r := push(t, l)
				p, err = r.p, r.err
			} else {
				p, err = withCode(t, l, openCode(t, h).Passcode)
			}
			if err != nil || lost != 3 {
				t.Fatalf("%d answers were lost: %v", lost, err)
			}
			same(t, h, p)
			paired := 0
			for _, k := range h.kinds() {
				if k == Paired {
					paired++
				}
			}
			if paired != 1 {
				t.Errorf("the hub stored %d times", paired)
			}
		})
	}
}

// The satellite stops at any moment: the hub goes on, and a new window works.
func TestSatelliteRestarts(t *testing.T) {
	for _, path := range []string{pathHello, pathKey, pathConfirm} {
		inTime(t, "after "+path, func(t *testing.T) {
			h := newHub(t, newStore())
			openPush(t, h)
			ctx, cancel := context.WithCancel(t.Context())
			l := h.line()
			l.down = func(req *coap.Request, resp *coap.Response) *coap.Response {
				if req.Path == path {
					cancel()
				}
				return resp
			}
			l.up = func(req *coap.Request) *coap.Request {
				if ctx.Err() != nil {
					return nil
				}
				return req
			}
			if _, err := NewClient(ClientConfig{}).Push(ctx, l, me, agrees); err == nil {
				t.Fatal("paired by a satellite that stopped")
			}
			pass(time.Second)
			h.approving(t, true)
			openPush(t, h)
			r := push(t, h.line())
			if r.err != nil {
				t.Fatal(r.err)
			}
			same(t, h, r.p)
		})
	}
}

func TestCloseRefuses(t *testing.T) {
	inTime(t, "closed", func(t *testing.T) {
		h := newHub(t, newStore())
		openPush(t, h)
		openCode(t, h)
		h.Close()
		h.Close()
		h.expect(t, Opened, Opened, Closed, Closed)
		if r := push(t, h.line()); !errors.Is(r.err, ErrClosed) {
			t.Error(r.err)
		}
		if h.OpenPush() == nil {
			t.Error("a window opened on a closed server")
		}
		if _, err := h.OpenCode(""); err == nil {
			t.Error("a code from a closed server")
		}
	})
}
