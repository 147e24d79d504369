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
	Score float64 // of the wake word, 0 to 1
	// SNR is how far the word stood above the room's noise, Level how loud it was, Attack
	// how steeply it rose, all in decibels. What is 0 is unknown.
	SNR, Level, Attack float64
	// Woke is when the wake word ended at the earliest, on the hub's clock (see Clock). It
	// ended when the bid is offered at the latest.
	Woke time.Time
}

// measured reports whether the satellite told what nearness is judged by.
func (b Bid) measured() bool { return b.Level != 0 && b.Attack > 0 }

// plain is what bids are compared by where some satellite did not measure: full
// confidence is worth 10 dB, so that a barely accepted wake next to a television loses.
func (b Bid) plain() float64 { return b.SNR + 10*b.Score }

// gains are how much louder each satellite hears than others, in decibels: its
// microphone's gain, its case, the shelf it stands on. Level and attack both fall where
// the voice comes softer, but only the level has the gain in it. So the mean of their
// difference, over the wakes that several satellites heard, is the gain.
type gains map[string]gain

type gain struct {
	decibels float64
	wakes    float64 // that it was learned from
}

const (
	// longest is how many wakes count for a gain: a satellite that was moved, or whose
	// gain was set, is known anew after some tens.
	longest = 30
	// A level is less sure than an attack before anything is known of gains, and surer
	// afterwards. These are wakes: the level counts (n+some) for each doubt of the attack.
	some, doubt = 0.3, 5.0
	// worth is how many decibels of level one of attack counts for. It is less than the one
	// that it stands for on average, as the attack errs more.
	worth = 0.7
)

// nearness is what bids that were all measured are compared by, in decibels.
func (g gains) nearness(bids []Bid) []float64 {
	known := float64(longest)
	for _, b := range bids {
		known = min(known, g[b.Client].wakes)
	}
	trust := (known + some) / (known + some + doubt)
	out := make([]float64, len(bids))
	for i, b := range bids {
		out[i] = trust*(b.Level-g[b.Client].decibels) + (1-trust)*worth*b.Attack
	}
	return out
}

// learn takes what bids of the same words, all measured, tell of gains.
func (g gains) learn(bids []Bid) {
	if len(bids) < 2 {
		return // how loud the voice was is not known
	}
	news := make([]float64, len(bids))
	var mean float64
	for i, b := range bids {
		news[i] = b.Level - worth*b.Attack - g[b.Client].decibels
		mean += news[i] / float64(len(bids))
	}
	for i, b := range bids {
		one := g[b.Client]
		one.wakes = min(longest, one.wakes+1)
		one.decibels += (news[i] - mean) / one.wakes
		g[b.Client] = one
	}
}

// best is the bid that wins.
func (g gains) best(bids []Bid) Bid {
	quality := make([]float64, len(bids))
	if slices.ContainsFunc(bids, func(b Bid) bool { return !b.measured() }) {
		for i, b := range bids {
			quality[i] = b.plain()
		}
	} else {
		quality = g.nearness(bids)
		g.learn(bids)
	}
	best := 0
	for i, b := range bids {
		// Any fixed order of equals: the same inputs, the same winner.
		if cmp.Or(cmp.Compare(quality[i], quality[best]), cmp.Compare(bids[best].Client, b.Client)) > 0 {
			best = i
		}
	}
	return bids[best]
}
