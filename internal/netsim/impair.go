package netsim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Impairment is what a network does to the datagrams of one direction. The zero value
// is a perfect network.
type Impairment struct {
	// Loss, Duplicate and Reorder are probabilities, 0 to 1, for each datagram.
	Loss, Duplicate, Reorder float64
	// Delay is what every datagram takes; Jitter is how much it differs from that at
	// most, in both directions. Jitter alone does not change the order.
	Delay, Jitter time.Duration
	// Hold is how much later a reordered datagram comes, so that others overtake it;
	// default 50 ms.
	Hold time.Duration
}

const defaultHold = 50 * time.Millisecond

func (i Impairment) validate() error {
	for _, p := range []float64{i.Loss, i.Duplicate, i.Reorder} {
		if !(p >= 0 && p <= 1) { // this way round NaN is refused as well
			return fmt.Errorf("netsim: probability %v: must be 0 to 1", p)
		}
	}
	if i.Delay < 0 || i.Jitter < 0 || i.Hold < 0 {
		return fmt.Errorf("netsim: delay %v, jitter %v or hold %v is negative", i.Delay, i.Jitter, i.Hold)
	}
	return nil
}

// decision is what happens to one datagram.
type decision struct {
	lost, reordered bool
	delays          []time.Duration // of each copy
}

// decide draws the fate of the next datagram. It always takes the same number of draws,
// so that with one seed the n-th datagram's luck does not depend on the others'.
func (i Impairment) decide(rng *rand.Rand) decision {
	loss, duplicate, reorder := rng.Float64(), rng.Float64(), rng.Float64()
	jitter := [2]float64{rng.Float64(), rng.Float64()}
	if loss < i.Loss {
		return decision{lost: true}
	}
	d := decision{reordered: reorder < i.Reorder}
	copies := 1
	if duplicate < i.Duplicate {
		copies = 2
	}
	for _, j := range jitter[:copies] {
		delay := i.Delay + time.Duration((2*j-1)*float64(i.Jitter))
		if d.reordered {
			delay += hold(i.Hold)
		}
		d.delays = append(d.delays, max(delay, 0))
	}
	return d
}

func hold(d time.Duration) time.Duration {
	if d == 0 {
		return defaultHold
	}
	return d
}
