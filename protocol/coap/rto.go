package coap

import (
	"math/rand/v2"
	"time"
)

// rtoEstimator measures one peer's retransmission timeout as CoCoA does
// (draft-ietf-core-cocoa-03): a strong estimate from exchanges that needed one
// transmission (RFC 6298), a weak one from those that needed a second or third, so
// that a path that became slower than the timeout is still learnt.
type rtoEstimator struct {
	strong, weak rttEstimate
	rto          time.Duration // 0 before the first measurement
}

type rttEstimate struct{ srtt, rttvar time.Duration }

// update applies RFC 6298 section 2 with gain 1/a for the mean.
func (e *rttEstimate) update(rtt time.Duration, a time.Duration) {
	if e.srtt == 0 {
		e.srtt, e.rttvar = rtt, rtt/2
		return
	}
	e.rttvar += ((e.srtt - rtt).Abs() - e.rttvar) / 4
	e.srtt += (rtt - e.srtt) / a
}

// measure takes the time from the first transmission to the acknowledgement;
// repeats is how many retransmissions came in between.
func (r *rtoEstimator) measure(rtt time.Duration, repeats int) {
	rtt = max(rtt, time.Microsecond)
	var estimate, weight time.Duration
	switch {
	case repeats == 0:
		r.strong.update(rtt, 8)
		estimate, weight = r.strong.srtt+4*r.strong.rttvar, 2
	case repeats <= 2:
		r.weak.update(rtt, 4)
		estimate, weight = r.weak.srtt+r.weak.rttvar, 4
	default:
		return
	}
	if r.rto == 0 {
		r.rto = estimate
		return
	}
	r.rto += (estimate - r.rto) / weight
}

// timeout is the first timeout of a message, spread by ACK_RANDOM_FACTOR 1.5 so
// that peers that lost a packet together don't repeat together.
func (r *rtoEstimator) timeout(c *Config) time.Duration {
	t := c.InitialRTO
	if r.rto > 0 {
		t = r.rto
	}
	t = min(max(t, c.MinRTO), c.MaxRTO)
	return t + rand.N(t/2+1)
}
