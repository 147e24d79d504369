package clientregistry

import (
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

// Fragments that overtake their sessionStart wait for it.
func TestFragmentsBeforeSessionStart(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		hub, _ := opener(e)
		h := newHouse(t, quiet(), hub)
		defer h.close()
		s := h.stranger("192.0.2.8:1")
		s.connect("a")
		for _, seq := range []uint32{1, 0, 2} {
			req := &coap.Request{Code: codes.POST, Path: pathData, Body: fragment(7, seq, false)}
			s.end.Start(t.Context(), s.peer, req, func(r *coap.Response, err error) {
				if err != nil || r.Code != codes.Continue {
					t.Errorf("fragment %d: %v, %v", seq, r, err)
				}
			})
		}
		time.Sleep(300 * time.Millisecond)
		if len(e.heard()) != 0 {
			t.Error("fragments were heard without a session")
		}
		s.must(s.post(pathStart, start(7)), codes.Created)
		time.Sleep(50 * time.Millisecond)
		if seqs, _ := sequence(e.heard()); !reflect.DeepEqual(seqs, []uint32{0, 1, 2}) {
			t.Errorf("heard %v", seqs)
		}
	})
}

// At most 16 fragments wait, for two seconds at most.
func TestFragmentsWithoutSessionStart(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, quiet(), new(hub))
		defer h.close()
		s := h.stranger("192.0.2.8:1")
		s.connect("a")
		began := time.Now()
		var late, atOnce atomic.Int32
		for seq := range uint32(maxOrphans + 4) {
			req := &coap.Request{Code: codes.POST, Path: pathData, Body: fragment(7, seq, false)}
			s.end.Start(t.Context(), s.peer, req, func(r *coap.Response, err error) {
				if err != nil || r.Code != codes.NotFound {
					t.Errorf("fragment %d: %v, %v", seq, r, err)
				}
				if time.Since(began) < orphanWait {
					atOnce.Add(1)
				} else {
					late.Add(1)
				}
			})
		}
		time.Sleep(orphanWait + time.Second)
		if late.Load() != maxOrphans || atOnce.Load() != 4 {
			t.Errorf("%d were refused at once and %d after a while", atOnce.Load(), late.Load())
		}
		if n := h.server.heldBytes.Load(); n != 0 {
			t.Errorf("%d bytes are still counted", n)
		}
	})
}

func TestNonConfirmable(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		hub, _ := opener(e)
		h := newHouse(t, quiet(), hub)
		defer h.close()
		s := h.stranger("192.0.2.8:1")
		s.connect("a")
		post := func(path string, body []byte) *coap.Response {
			return s.do(&coap.Request{Code: codes.POST, Path: path, Body: body, NonConfirmable: true})
		}
		s.must(post(pathStart, start(7)), codes.Created)
		s.must(post(pathData, fragment(7, 0, false)), codes.Continue)
		s.must(post(pathData, fragment(7, 0, false)), codes.Continue) // another message, the same fragment
		s.must(post(pathData, fragment(7, 1, false)), codes.Continue)
		if seqs, _ := sequence(e.heard()); !reflect.DeepEqual(seqs, []uint32{0, 1}) {
			t.Errorf("heard %v", seqs)
		}
	})
}
