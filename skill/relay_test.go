package skill

import (
	"net/netip"
	"testing"
	"time"

	"vapd/protocol/coap"
)

const (
	con = "\x40\x01\x00\x07"
	ack = "\x60\x00\x00\x07"
)

// A hub that answers nothing for a while is given up; what needs no answer says nothing.
func TestARelayLosesASilentHub(t *testing.T) {
	from := netip.MustParseAddrPort("127.0.0.1:40000")
	for name, c := range map[string]struct {
		first, second string
		after         time.Duration
		answered      bool
		lost          bool
	}{
		"soon":                {con, con, unanswered, false, false},
		"late":                {con, con, unanswered + 1, false, true},
		"answered":            {con, con, unanswered + 1, true, false},
		"an acknowledgement":  {ack, con, unanswered + 1, false, false},
		"only its repetition": {con, ack, unanswered + 1, false, false},
	} {
		hub := new(coap.Association)
		r := &Relay{hub: hub, lost: make(chan struct{}, 1)}
		began := time.Now()
		if got := r.outgoing([]byte(c.first), from, began); got != hub || r.skill != from {
			t.Errorf("%s: to %v", name, got)
		}
		if c.answered {
			r.asked = time.Time{}
		}
		if got := r.outgoing([]byte(c.second), from, began.Add(c.after)); (got == nil) != c.lost || len(r.lost) == 1 != c.lost {
			t.Errorf("%s: to %v, lost %d", name, got, len(r.lost))
		}
	}
}

// A hub that was silent for a while is pinged, and given up when it does not answer either.
// The skill never hears of it.
func TestARelayPings(t *testing.T) {
	from, hub, now := netip.MustParseAddrPort("127.0.0.1:40000"), new(coap.Association), time.Now()
	r := &Relay{hub: hub, heard: now, lost: make(chan struct{}, 1)}
	ping := func(after time.Duration) string {
		now = now.Add(after)
		b, _ := r.nextPing(now)
		return string(b)
	}
	hear := func(b string) netip.AddrPort { return r.incoming([]byte(b), hub, now) }

	r.outgoing([]byte(ack), from, now)
	if b := ping(silence - 1); b != "" {
		t.Errorf("pinged too early: %x", b)
	}
	if b, want := ping(1), "\x40\x00\x80\x07"; b != want {
		t.Errorf("pinged with %x, want %x", b, want)
	}
	if to := hear("\x70\x00\x00\x07"); to != from {
		t.Errorf("the reset of a message of the skill goes to %v", to)
	}
	if to := hear("\x70\x00\x80\x07"); to.IsValid() {
		t.Errorf("the answer to a ping goes to %v", to)
	}
	if to := hear("\x70\x00\x80\x07"); to != from {
		t.Errorf("an answer of that message id to none goes to %v", to)
	}
	if b := ping(unanswered); b == "" {
		t.Error("not pinged again")
	}
	if r.incoming([]byte(con), new(coap.Association), now); r.asked.IsZero() {
		t.Error("another association's message counts as an answer")
	}
	for after := time.Duration(0); after <= unanswered; after += pingEvery {
		if b := ping(pingEvery); b == "" || len(r.lost) > 0 {
			break
		}
	}
	if len(r.lost) != 1 || r.hub != nil {
		t.Error("a hub that answers no ping is not given up")
	}
}
