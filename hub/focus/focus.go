// Package focus decides which of several satellites that heard the same words
// gets the session. It is pure: time comes in as an argument, and nothing is
// started, sent or waited for here.
package focus

import (
	"slices"
	"time"
)

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
	gains  gains
}

// round is one utterance. Its wake word ended between from and to.
type round struct {
	word     string
	from, to time.Time
	closes   time.Time
	bids     []Bid
	winner   string // "" until decided
}

// New makes an Arbiter with the given window, in which wakes of the same word
// belong to the same utterance (200 ms is usual).
func New(window time.Duration) *Arbiter {
	return &Arbiter{window: window, gains: make(gains)}
}

// Offer takes a bid at the time now and returns the verdicts that this settles:
// its own at once when it is uncontested (alone) or comes after its round was
// decided, and none while its round is open. alone says that no other satellite
// is connected, so that there is nobody to wait for.
func (a *Arbiter) Offer(b Bid, now time.Time, alone bool) []Verdict {
	a.forget(now)
	if b.Word == "" {
		return []Verdict{{b.Session, true, b.Client}}
	}
	r := a.roundOf(b, now)
	switch {
	case r == nil:
		r = &round{word: b.Word, from: b.Woke, to: now, closes: now.Add(a.window)}
		a.rounds = append(a.rounds, r)
	case r.winner != "":
		// The same client woke again (it lost its first session): the focus stays its own.
		return []Verdict{{b.Session, r.winner == b.Client, r.winner}}
	case b.Woke.After(r.from) && !b.Woke.After(r.to):
		r.from = b.Woke
	}
	r.bids = append(r.bids, b)
	if alone {
		return a.decide(r)
	}
	return nil
}

// Withdraw takes back an open bid, of a session that ended before its verdict.
func (a *Arbiter) Withdraw(session string) {
	for _, r := range a.rounds {
		r.bids = slices.DeleteFunc(r.bids, func(b Bid) bool { return b.Session == session })
	}
}

// Forget drops what was learned of a client.
func (a *Arbiter) Forget(client string) { delete(a.gains, client) }

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
			out = append(out, a.decide(r)...)
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

// roundOf finds the round whose utterance b heard, that is offered now: the same word, at
// most a window apart as far as can be told. All that comes while a round is open does.
func (a *Arbiter) roundOf(b Bid, now time.Time) *round {
	for _, r := range a.rounds {
		if r.word == b.Word && !b.Woke.After(r.to.Add(a.window)) && !now.Before(r.from.Add(-a.window)) {
			return r
		}
	}
	return nil
}

func (a *Arbiter) decide(r *round) []Verdict {
	best := a.gains.best(r.bids)
	r.winner = best.Client
	out := make([]Verdict, len(r.bids))
	for i, b := range r.bids {
		out[i] = Verdict{b.Session, b.Session == best.Session, best.Client}
	}
	r.bids = nil
	return out
}
