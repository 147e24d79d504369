package focus

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const window = 200 * time.Millisecond

var start = time.Unix(1_800_000_000, 0)

func after(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

func bid(client string, snr float64, wokeMS int) Bid {
	return Bid{Session: "of " + client, Client: client, Word: "computer", Score: 0.9, SNR: snr, Woke: after(wokeMS)}
}

func TestTheNearestOfSeveralWins(t *testing.T) {
	a := New(window)
	for i, b := range []Bid{bid("hall", 8, 0), bid("kitchen", 21, 40), bid("bath", 12, 10)} {
		if v := a.Offer(b, after(20*i), false); v != nil {
			t.Fatalf("decided inside the window: %v", v)
		}
	}
	if at, ok := a.Next(); !ok || !at.Equal(after(200)) {
		t.Fatalf("next verdicts at %v, %v", at, ok)
	}
	if v := a.Due(after(199)); v != nil {
		t.Fatalf("decided early: %v", v)
	}
	got := a.Due(after(200))
	want := []Verdict{{"of hall", false, "kitchen"}, {"of kitchen", true, "kitchen"}, {"of bath", false, "kitchen"}}
	if !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

func TestALateBidOfTheSameWordsLoses(t *testing.T) {
	a := New(window)
	a.Offer(bid("hall", 8, 0), after(0), false)
	a.Due(after(200))
	got := a.Offer(bid("kitchen", 30, 90), after(450), false)
	if !slices.Equal(got, []Verdict{{"of kitchen", false, "hall"}}) {
		t.Fatalf("got %v", got)
	}
}

func TestUncontestedBidsWinAtOnce(t *testing.T) {
	key := bid("hall", 0, 0)
	key.Word = ""
	other := bid("bath", 5, 0)
	other.Word = "jarvis"
	for name, c := range map[string]struct {
		b     Bid
		alone bool
		now   bool
	}{
		"the only satellite":     {bid("hall", 8, 0), true, true},
		"a key was pressed":      {key, false, true},
		"another word":           {other, false, false},
		"a different utterance":  {bid("bath", 5, 900), false, false},
		"same words, open round": {bid("bath", 5, 20), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := New(window)
			a.Offer(bid("kitchen", 20, 0), after(0), false)
			if c.alone {
				a = New(window)
			}
			got := a.Offer(c.b, after(30), c.alone)
			if (len(got) == 1 && got[0].Won) != c.now {
				t.Fatalf("got %v", got)
			}
		})
	}
}

func TestAWithdrawnBidDoesNotWin(t *testing.T) {
	a := New(window)
	a.Offer(bid("hall", 8, 0), after(0), false)
	a.Offer(bid("kitchen", 20, 0), after(0), false)
	a.Withdraw("of kitchen")
	if got := a.Due(after(200)); !slices.Equal(got, []Verdict{{"of hall", true, "hall"}}) {
		t.Fatalf("got %v", got)
	}
}

func TestARoundThatLostItsBidsIsNotWaitedFor(t *testing.T) {
	a := New(window)
	a.Offer(bid("hall", 8, 0), after(0), false)
	a.Withdraw("of hall")
	if at, ok := a.Next(); ok {
		t.Fatalf("waits for an empty round until %v", at)
	}
}

// Whatever comes when: every bid gets exactly one verdict, wakes of one utterance
// have exactly one winner, and nothing is remembered for ever.
func TestExactlyOneWinner(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := New(window)
		n := rapid.IntRange(1, 12).Draw(t, "satellites")
		var verdicts []Verdict
		now := 0
		for i := range n {
			woke := rapid.IntRange(0, 90).Draw(t, "woke") // all within a window of each other
			now += rapid.IntRange(0, 120).Draw(t, "delay")
			b := bid(fmt.Sprint("sat", i), rapid.Float64Range(-5, 40).Draw(t, "snr"), woke)
			verdicts = append(verdicts, a.Due(after(now))...)
			verdicts = append(verdicts, a.Offer(b, after(now), false)...)
		}
		verdicts = append(verdicts, a.Due(after(now+200))...)
		won := 0
		seen := map[string]bool{}
		for _, v := range verdicts {
			if seen[v.Session] {
				t.Fatalf("two verdicts for %s", v.Session)
			}
			seen[v.Session] = true
			if v.Won {
				won++
			}
		}
		if len(verdicts) != n || won != 1 {
			t.Fatalf("%d bids, %d verdicts, %d winners", n, len(verdicts), won)
		}
		a.Due(after(now + 10_000))
		if len(a.rounds) != 0 {
			t.Fatalf("%d rounds are still remembered", len(a.rounds))
		}
	})
}
