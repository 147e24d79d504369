package skill

import (
	"net/netip"
	"testing"
	"time"

	"vapd/protocol/coap"
)

// A hub that answers nothing for a while is given up; what needs no answer says nothing.
func TestARelayLosesASilentHub(t *testing.T) {
	const con, ack = 0x40, 0x60
	from := netip.MustParseAddrPort("127.0.0.1:40000")
	for name, c := range map[string]struct {
		first, second byte
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
		if got := r.outgoing([]byte{c.first}, from, began); got != hub || r.skill != from {
			t.Errorf("%s: to %v", name, got)
		}
		if c.answered {
			r.asked = time.Time{}
		}
		if got := r.outgoing([]byte{c.second}, from, began.Add(c.after)); (got == nil) != c.lost || len(r.lost) == 1 != c.lost {
			t.Errorf("%s: to %v, lost %d", name, got, len(r.lost))
		}
	}
}
