package hub

import (
	"testing"
	"testing/synctest"
	"time"

	"vapd/hub/focus"
)

type verdict struct {
	session string
	won     bool
	winner  string
	after   time.Duration
}

func TestRefereeGivesTheFocusToOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReferee(200 * time.Millisecond)
		defer r.close()
		start := time.Now()
		got := make(chan verdict, 3)
		bid := func(session, client string, snr float64, alone bool) {
			r.offer(focus.Bid{Session: session, Client: client, Word: "okay nabu", SNR: snr}, time.Time{}, time.Now(), alone,
				func(won bool, winner string) { got <- verdict{session, won, winner, time.Since(start)} })
		}
		bid("s1", "kitchen", 10, false)
		time.Sleep(50 * time.Millisecond)
		bid("s2", "hall", 20, false)
		time.Sleep(time.Second)
		winners := map[string]bool{}
		for range 2 {
			v := <-got
			if v.winner != "hall" || v.after != 200*time.Millisecond {
				t.Errorf("%+v: want hall to win when the window closes", v)
			}
			winners[v.session] = v.won
		}
		if winners["s1"] || !winners["s2"] {
			t.Errorf("won: %v", winners)
		}
	})
}

func TestRefereeDecidesAtOnceForOneAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReferee(200 * time.Millisecond)
		defer r.close()
		decided := false
		r.offer(focus.Bid{Session: "s", Client: "c", Word: "w"}, time.Time{}, time.Now(), true, func(won bool, _ string) { decided = won })
		if !decided {
			t.Fatal("nobody else is there, and it waits")
		}
	})
}

func TestRefereeForgetsAWithdrawnBid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReferee(200 * time.Millisecond)
		defer r.close()
		won := ""
		for session, snr := range map[string]float64{"near": 20, "far": 5} {
			r.offer(focus.Bid{Session: session, Client: session, Word: "w", SNR: snr}, time.Time{}, time.Now(), false,
				func(ok bool, _ string) {
					if ok {
						won += session
					}
				})
		}
		r.withdraw("near")
		time.Sleep(time.Second)
		synctest.Wait()
		if won != "far" {
			t.Fatalf("won by %q", won)
		}
	})
}
