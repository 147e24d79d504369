// Package focus decides which of several satellites that heard the same words
// gets the session. It is pure: time comes in as an argument, and nothing is
// started, sent or waited for here.
package focus

import (
	"cmp"
	"slices"
	"time"
)

// Bid is one satellite's claim to a session.
type Bid struct {
	Session string // what the verdict is about; unique among open bids
	Client  string
	// Word is the wake word that was heard. A bid without one (a key was pressed)
	// is uncontested: it wins at once.
	Word  string
	Score float64   // of the wake word, 0 to 1
	SNR   float64   // decibels of the wake word over the room's noise
	Woke  time.Time // when the wake word ended, on the hub's clock
}

// quality is what bids are compared by. The distance to the speaker shows in the
// signal to noise ratio; the score decides among equals, and full confidence is
// worth 10 dB, so that a barely accepted wake next to a television loses.
func (b Bid) quality() float64 { return b.SNR + 10*b.Score }

// Verdict is the outcome for one bid.
type Verdict struct {
	Session string
	Won     bool
	Winner  string // the client that got the focus
}

// Arbiter collects bids into rounds, one for each word within a window, and gives
// exactly one bid of a round the focus. It is for one goroutine.
type Arbiter struct {
	window time.Duration
	rounds []*round
}

type round struct {
	word   string
	first  time.Time // earliest wake of the round
	closes time.Time
	bids   []Bid
	winner string // "" until decided
}

// New makes an Arbiter with the given window, in which wakes of the same word
// belong to the same utterance (200 ms is usual).
func New(window time.Duration) *Arbiter { return &Arbiter{window: window} }

// Offer takes a bid at the time now and returns the verdicts that this settles:
// its own at once when it is uncontested (alone) or comes after its round was
// decided, and none while its round is open. alone says that no other satellite
// is connected, so that there is nobody to wait for.
func (a *Arbiter) Offer(b Bid, now time.Time, alone bool) []Verdict {
	a.forget(now)
	if b.Word == "" {
		return []Verdict{{b.Session, true, b.Client}}
	}
	r := a.roundOf(b)
	switch {
	case r == nil:
		r = &round{word: b.Word, first: b.Woke, closes: now.Add(a.window)}
		a.rounds = append(a.rounds, r)
	case r.winner != "":
		// The same client woke again (it lost its first session): the focus stays its own.
		return []Verdict{{b.Session, r.winner == b.Client, r.winner}}
	}
	if b.Woke.Before(r.first) {
		r.first = b.Woke
	}
	r.bids = append(r.bids, b)
	if alone {
		return r.decide()
	}
	return nil
}

// Withdraw takes back an open bid, of a session that ended before its verdict.
func (a *Arbiter) Withdraw(session string) {
	for _, r := range a.rounds {
		r.bids = slices.DeleteFunc(r.bids, func(b Bid) bool { return b.Session == session })
	}
}

// Next is when Due has something to say; ok is false when no round is open.
func (a *Arbiter) Next() (at time.Time, ok bool) {
	for _, r := range a.rounds {
		if len(r.bids) > 0 && (!ok || r.closes.Before(at)) {
			at, ok = r.closes, true
		}
	}
	return at, ok
}

// Due closes the rounds whose window has passed at now and returns their verdicts.
func (a *Arbiter) Due(now time.Time) []Verdict {
	var out []Verdict
	for _, r := range a.rounds {
		if len(r.bids) > 0 && !r.closes.After(now) {
			out = append(out, r.decide()...)
		}
	}
	a.forget(now)
	return out
}

// memory is how long a decided round still settles bids that come late, longer
// than any datagram that is still of use is delayed.
const memory = 2 * time.Second

func (a *Arbiter) forget(now time.Time) {
	a.rounds = slices.DeleteFunc(a.rounds, func(r *round) bool {
		decided := r.winner != "" || len(r.bids) == 0
		return decided && now.Sub(r.closes) > memory
	})
}

// roundOf finds the round whose utterance b heard: the same word, at most a window apart.
func (a *Arbiter) roundOf(b Bid) *round {
	for _, r := range a.rounds {
		if r.word == b.Word && b.Woke.Sub(r.first).Abs() <= a.window {
			return r
		}
	}
	return nil
}

func (r *round) decide() []Verdict {
	if len(r.bids) == 0 {
		return nil
	}
	best := slices.MaxFunc(r.bids, func(x, y Bid) int {
		return cmp.Or(
			cmp.Compare(x.quality(), y.quality()),
			y.Woke.Compare(x.Woke),          // the earlier one
			cmp.Compare(y.Client, x.Client)) // any fixed order: the same inputs, the same winner
	})
	r.winner = best.Client
	out := make([]Verdict, len(r.bids))
	for i, b := range r.bids {
		out[i] = Verdict{b.Session, b.Session == best.Session, best.Client}
	}
	r.bids = nil
	return out
}
