package coap

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// TestObserverBounds: beyond the bounds a request is answered as one that does not
// observe, and who ends makes room.
func TestObserverBounds(t *testing.T) {
	for _, tt := range []struct {
		name string
		cfg  Config
		want int
	}{
		{"of all", Config{MaxObservers: 5}, 5},
		{"of one peer", Config{MaxPeerObservers: 2}, 6},
		{"of one path", Config{MaxResourceObservers: 4}, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCounter()
				tt.cfg.Handler = c.mux()
				trustAll(&tt.cfg)
				n := newMemNet()
				tt.cfg.Conn = n.conn(1)
				e := listen(t, tt.cfg)
				observing := 0
				for i := range 9 {
					s := &script{n.conn(byte(10 + i/3)), t, e.LocalAddr()}
					s.send(observe(uint16(i), fmt.Sprint(i), ""))
					if _, seq := s.expectState("ACK 2.05", "0"); seq >= 0 {
						observing++
					}
				}
				if observing != tt.want || c.Observers() != tt.want {
					t.Errorf("%d of 9 observe, %d counted, want %d", observing, c.Observers(), tt.want)
				}
				s := &script{n.conn(10), t, e.LocalAddr()}
				s.send(observe(100, "0", "\x01"))
				s.expect("ACK 2.05")
				s.send(observe(101, "new", ""))
				if _, seq := s.expectState("ACK 2.05", "0"); seq < 0 {
					t.Error("there was no room after one ended")
				}
			})
		})
	}
}

// TestDeadObserver: one whose queue is full and that acknowledges nothing delays
// neither the notifications nor the answers of others by a moment.
func TestDeadObserver(t *testing.T) {
	observers := make(map[PeerID]*Observer)
	serve := func(p Peer, req *Request, reply func(*Response)) {
		if o := req.Observe(nil); o != nil {
			observers[p.ID()] = o
		}
		reply(&Response{Code: codes.Content})
	}
	withScript(t, Config{Handler: serve}, func(t *testing.T, e *Endpoint, dead *script) {
		s := &script{dead.net.conn(3), t, e.LocalAddr()}
		for _, who := range []*script{dead, s} {
			who.send(observe(1, "tok", ""))
			who.expect("ACK 2.05")
		}
		silent := observers[e.Peer(dead.addr).ID()]
		for silent.Notify(&Response{Code: codes.Content}) == nil {
		}
		start := time.Now()
		for i := range 100 {
			if err := observers[e.Peer(s.addr).ID()].Notify(&Response{Code: codes.Content}); err != nil {
				t.Fatal(err)
			}
			s.send(ack(s.expect("CON 2.05").mid))
			s.send(packet(message.Confirmable, codes.GET, uint16(10+i), "t", "", option(message.URIPath, "obs")))
			s.expect("ACK 2.05")
		}
		if d := time.Since(start); d != 300*time.Millisecond { // three ways of 1 ms each
			t.Errorf("100 notifications and answers took %v", d)
		}
		time.Sleep(time.Minute)
		if err := silent.Notify(&Response{Code: codes.Content}); !errors.Is(err, ErrNotObserved) {
			t.Errorf("the dead one is still there: %v", err)
		}
	})
}
