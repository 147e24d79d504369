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

// Other words, and the same words said again, are decided for themselves.
func TestOtherUtterancesHaveTheirOwnWinner(t *testing.T) {
	other := bid("hall", 5, 10)
	other.Word = "jarvis"
	for name, b := range map[string]Bid{"another word": other, "said again": bid("hall", 5, 2500)} {
		a := New(window)
		a.Offer(bid("kitchen", 20, 0), after(0), false)
		verdicts := a.Due(after(200))
		a.Offer(b, after(2510), false)
		verdicts = append(verdicts, a.Due(after(2800))...)
		if !slices.Equal(verdicts, []Verdict{{"of kitchen", true, "kitchen"}, {"of hall", true, "hall"}}) {
			t.Errorf("%s: %v", name, verdicts)
		}
	}
}

// play decides between measured bids.
func play(a *Arbiter, at int, bids ...Bid) (winner string) {
	for i, b := range bids {
		b.Session, b.Word, b.Woke = fmt.Sprint(at, i), "computer", after(at)
		a.Offer(b, after(at), false)
	}
	for _, v := range a.Due(after(at + 200)) {
		if v.Won {
			winner = v.Winner
		}
	}
	return winner
}

func TestAGainIsNoNearness(t *testing.T) {
	a := New(window)
	hall, bath := Bid{Client: "hall", Level: -34, Attack: 7, SNR: 15}, Bid{Client: "bath", Level: -40, Attack: 9, SNR: 15}
	if w := play(a, 0, hall, bath); w != "bath" {
		t.Fatalf("the louder one won, not the one that is nearer: %q", w)
	}
	// Once it is known that the hall is louder by 8 dB, its level is worth more than an attack.
	for i := range 10 {
		play(a, 10_000*(i+1), hall, bath)
	}
	hall.Attack, bath.Attack, bath.Level = 8, 8.5, -43
	if w := play(a, 200_000, hall, bath); w != "hall" {
		t.Errorf("what was learned of gains does not count: %q won", w)
	}
	if a.Forget("hall"); len(a.gains) != 1 {
		t.Errorf("%d gains are known after one of two left", len(a.gains))
	}
}

func TestASatelliteThatDoesNotMeasureTakesPart(t *testing.T) {
	ours, foreign := Bid{Client: "ours", Level: -40, Attack: 9, SNR: 10, Score: 0.9}, Bid{Client: "foreign", SNR: 20, Score: 0.9}
	a := New(window)
	if w := play(a, 0, ours, foreign); w != "foreign" {
		t.Errorf("%q won over the better signal", w)
	}
	ours.SNR = 25
	if w := play(a, 10_000, ours, foreign); w != "ours" {
		t.Errorf("%q won over the better signal", w)
	}
	if w := play(a, 20_000, Bid{Client: "b"}, Bid{Client: "a"}); w != "a" {
		t.Errorf("of equals %q won, want the first in the alphabet", w)
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

// Whatever comes when, from whatever clocks: every bid gets exactly one verdict, one
// utterance has exactly one winner, and nothing is remembered for ever.
func TestExactlyOneWinner(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := New(window)
		n := rapid.IntRange(1, 12).Draw(t, "satellites")
		offset := rapid.IntRange(-3_600_000, 3_600_000)
		clocks, skews := make([]Clock, n), make([]int, n)
		for i := range skews {
			skews[i] = offset.Draw(t, "skew")
		}
		decibels := rapid.Float64Range(-60, 60)
		for utterance := range rapid.IntRange(1, 4).Draw(t, "utterances") {
			woke := 10_000 * utterance
			arrivals := make([]int, n)
			for i := range arrivals {
				arrivals[i] = woke + rapid.IntRange(0, 190).Draw(t, "delay")
				if rapid.Bool().Draw(t, "repeated packets") {
					arrivals[i] += rapid.IntRange(0, 700).Draw(t, "more delay")
				}
				if rapid.Bool().Draw(t, "clock is set") {
					skews[i] += offset.Draw(t, "step")
				}
			}
			order := make([]int, n)
			for i := range order {
				order[i] = i
			}
			slices.SortFunc(order, func(i, j int) int { return arrivals[i] - arrivals[j] })
			var verdicts []Verdict
			for _, i := range order {
				now := after(arrivals[i])
				b := bid(fmt.Sprint("sat", i), decibels.Draw(t, "snr"), 0)
				b.Level, b.Attack = decibels.Draw(t, "level"), decibels.Draw(t, "attack")
				b.Woke = clocks[i].Earliest(after(woke+skews[i]), now)
				verdicts = append(verdicts, a.Due(now)...)
				verdicts = append(verdicts, a.Offer(b, now, false)...)
			}
			verdicts = append(verdicts, a.Due(after(woke+5000))...)
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
			a.Due(after(woke + 9_000))
			if len(a.rounds) != 0 {
				t.Fatalf("%d rounds are still remembered", len(a.rounds))
			}
		}
	})
}
