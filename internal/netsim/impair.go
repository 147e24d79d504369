package netsim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Impairment is what a network does to the datagrams of one direction. The zero value
// is a perfect network. Probabilities are 0 to 1, for each datagram.
type Impairment struct {
	// Loss is the probability of being lost. Burst is loss that comes in bursts, beside it.
	Loss  float64
	Burst Burst
	// Duplicate and Reorder are the probabilities of coming twice, and of coming later
	// by Hold.
	Duplicate, Reorder float64
	// Corrupt is the probability that bits are flipped on the way. The receiver drops
	// such a datagram, since its UDP checksum (RFC 768) is wrong, unless Unchecked says
	// that nobody looks: damage that the checksum misses, or done where it is computed anew.
	Corrupt   float64
	Unchecked bool
	// MTU is the largest IP packet that goes through, in bytes, the 28 of the headers of
	// IPv4 and UDP included; larger ones are dropped, as with a path that tells nobody.
	// 0: any.
	MTU int
	// Rate is how many bytes a second go through, headers not counted; what comes faster
	// waits, and is dropped when it would wait longer than Queue. 0: any.
	Rate int
	// Queue is the longest wait for Rate; default 200 ms.
	Queue time.Duration
	// Delay is what every datagram takes; Jitter is how much it differs from that at
	// most, in both directions. Jitter alone does not change the order.
	Delay, Jitter time.Duration
	// Hold is how much later a reordered datagram comes, so that others overtake it;
	// default 50 ms.
	Hold time.Duration
}

// Burst is the model of Gilbert (1960) and Elliott (1963): a network that is good or
// bad, and changes with the datagrams. The mean length of a burst is 1/Leave datagrams,
// and the network is bad for Enter/(Enter+Leave) of the time.
type Burst struct {
	// Enter and Leave are the probabilities, for each datagram, of becoming bad and good.
	Enter, Leave float64
	// Loss is the probability of being lost while the network is bad.
	Loss float64
}

// Defaults.
const (
	defaultHold  = 50 * time.Millisecond
	defaultQueue = 200 * time.Millisecond
)

// headers are those of IPv4 and UDP, in bytes.
const headers = 28

func (i Impairment) validate() error {
	for _, p := range []float64{i.Loss, i.Burst.Enter, i.Burst.Leave, i.Burst.Loss, i.Duplicate, i.Reorder, i.Corrupt} {
		if !(p >= 0 && p <= 1) { // this way round NaN is refused as well
			return fmt.Errorf("netsim: probability %v: must be 0 to 1", p)
		}
	}
	if i.Delay < 0 || i.Jitter < 0 || i.Hold < 0 || i.Queue < 0 {
		return fmt.Errorf("netsim: delay %v, jitter %v, hold %v or queue %v is negative", i.Delay, i.Jitter, i.Hold, i.Queue)
	}
	if i.MTU < 0 || i.Rate < 0 {
		return fmt.Errorf("netsim: MTU %d or rate %d is negative", i.MTU, i.Rate)
	}
	return nil
}

// luck draws the fates of one direction's datagrams. It takes the same number of draws
// for each, so that with one seed the n-th datagram's luck does not depend on what the
// network did to the others.
type luck struct {
	rng *rand.Rand
	bad bool // Burst's state
}

// decision is what happens to one datagram.
type decision struct {
	lost, reordered, corrupted bool
	delays                     []time.Duration // of each copy
	at                         uint64          // the byte that is corrupted, if one is
	flips                      byte            // which of its bits; not 0
}

// decide draws the fate of the next datagram.
func (l *luck) decide(i Impairment) decision {
	draw := l.rng.Float64
	loss, turn, burst := draw(), draw(), draw()
	duplicate, reorder, corrupt := draw(), draw(), draw()
	jitter := [2]float64{draw(), draw()}
	at, flips := l.rng.Uint64(), byte(1+l.rng.Uint64()%255)
	if l.bad {
		l.bad = turn >= i.Burst.Leave
	} else {
		l.bad = turn < i.Burst.Enter
	}
	if loss < i.Loss || l.bad && burst < i.Burst.Loss {
		return decision{lost: true}
	}
	d := decision{reordered: reorder < i.Reorder, corrupted: corrupt < i.Corrupt, at: at, flips: flips}
	copies := 1
	if duplicate < i.Duplicate {
		copies = 2
	}
	for _, j := range jitter[:copies] {
		delay := i.Delay + time.Duration((2*j-1)*float64(i.Jitter))
		if d.reordered {
			delay += orDefault(i.Hold, defaultHold)
		}
		d.delays = append(d.delays, max(delay, 0))
	}
	return d
}

// corrupt flips bits of one byte of data.
func (d decision) corrupt(data []byte) {
	if len(data) > 0 {
		data[d.at%uint64(len(data))] ^= d.flips
	}
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}
