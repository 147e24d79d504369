package hal

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"vapd/board"
)

const ms = time.Millisecond

// profile has a key with everything, and one with only a press.
func profile() board.Profile {
	p, err := board.Find(board.SimID)
	if err != nil {
		panic(err)
	}
	return p
}

// move is a key that goes down (or up) so long after the test began.
type move struct {
	at   time.Duration
	key  board.KeyID
	down bool
}

// moves reads "100+ 180- v200+": times in ms, + is down, v is the volume key.
func moves(s string) []move {
	var out []move
	for _, f := range strings.Fields(s) {
		key := board.MainKey
		if rest, ok := strings.CutPrefix(f, "v"); ok {
			key, f = board.VolumeUpKey, rest
		}
		at, err := time.ParseDuration(f[:len(f)-1] + "ms")
		if err != nil {
			panic(err)
		}
		out = append(out, move{at, key, f[len(f)-1] == '+'})
	}
	return out
}

func TestGestures(t *testing.T) {
	const main, volume = board.MainKey, board.VolumeUpKey
	type heard struct {
		at   time.Duration // when it was reported, but for the time to settle
		kind board.Gesture
		key  board.KeyID
		held time.Duration
		from time.Duration // Gesture.At
	}
	for name, c := range map[string]struct {
		moves string
		want  []heard
	}{
		"a press is certain when no second one follows": {
			"100+ 180-",
			[]heard{{430 * ms, board.Press, main, 0, 100 * ms}},
		},
		"a double press is certain when the second begins": {
			"100+ 180- 300+ 400-",
			[]heard{{300 * ms, board.Double, main, 0, 100 * ms}},
		},
		"two slow presses": {
			"100+ 180- 440+ 500-",
			[]heard{{430 * ms, board.Press, main, 0, 100 * ms}, {750 * ms, board.Press, main, 0, 440 * ms}},
		},
		"three quick presses are a double and a single": {
			"100+ 150- 200+ 250- 300+ 350-",
			[]heard{{200 * ms, board.Double, main, 0, 100 * ms}, {600 * ms, board.Press, main, 0, 300 * ms}},
		},
		"a hold is reported while the key is down, its release means nothing": {
			"0+ 4000-",
			[]heard{{3000 * ms, board.Hold, main, 3000 * ms, 0}},
		},
		"a longer hold follows the shorter": {
			"0+ 11000-",
			[]heard{{3000 * ms, board.Hold, main, 3000 * ms, 0}, {10000 * ms, board.Hold, main, 10000 * ms, 0}},
		},
		"just not a hold": {"0+ 2999-", []heard{{3249 * ms, board.Press, main, 0, 0}}},
		"a double press that stays down is no hold": {
			"0+ 50- 100+ 12000-",
			[]heard{{100 * ms, board.Double, main, 0, 0}},
		},
		"a key without a double press waits for none": {
			"v0+ v80- v90+ v100-",
			[]heard{{80 * ms, board.Press, volume, 0, 0}, {100 * ms, board.Press, volume, 0, 90 * ms}},
		},
		"a key without a hold": {"v0+ v9000-", []heard{{9000 * ms, board.Press, volume, 0, 0}}},
		"keys don't mix": {
			"0+ v20+ 50- v60-",
			[]heard{{60 * ms, board.Press, volume, 0, 20 * ms}, {300 * ms, board.Press, main, 0, 0}},
		},
		"down twice, up twice": {"0+ 10+ 50- 60-", []heard{{300 * ms, board.Press, main, 0, 0}}},
		"up first":             {"0- 10+ 50-", []heard{{300 * ms, board.Press, main, 0, 10 * ms}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				keys := make(keyChannel)
				var got []heard
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() {
					defer close(done)
					Gestures(ctx, profile(), keys, func(g Gesture) {
						got = append(got, heard{time.Since(began).Truncate(10 * ms), g.Kind, g.Key, g.Held, g.At.Sub(began)})
					})
				}()
				for _, m := range moves(c.moves) {
					time.Sleep(time.Until(began.Add(m.at)))
					keys <- KeyEvent{Key: m.key, Down: m.down, At: time.Now()}
				}
				time.Sleep(time.Minute)
				cancel()
				<-done
				for i := range c.want { // what a deadline decides has settled
					if g := &c.want[i]; g.kind == board.Hold || g.kind == board.Press && g.key == main {
						g.at += settle
					}
					c.want[i].at = c.want[i].at.Truncate(10 * ms)
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("got %v\nwant %v", got, c.want)
				}
			})
		})
	}
}

type keyChannel chan KeyEvent

func (k keyChannel) Events() <-chan KeyEvent { return k }
func (k keyChannel) Close() error            { return nil }

// TestPauseMakesNoHold: when the whole process stood still while a key was tapped,
// the release is read after the hold was due, and must still win.
func TestPauseMakesNoHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys := make(keyChannel, 2)
		at := time.Now()
		time.Sleep(20 * time.Second)
		keys <- KeyEvent{Key: board.MainKey, Down: true, At: at}
		keys <- KeyEvent{Key: board.MainKey, Down: false, At: at.Add(80 * ms)}
		var got []board.Gesture
		go Gestures(t.Context(), profile(), keys, func(g Gesture) { got = append(got, g.Kind) })
		time.Sleep(time.Second)
		synctest.Wait()
		if !slices.Equal(got, []board.Gesture{board.Press}) {
			t.Errorf("got %v, want one press", got)
		}
		close(keys)
		synctest.Wait()
	})
}

// TestGesturesOfAnyEvents: whatever keys do, each time down gives at most one press or
// double press, holds come in their order, and feeding late changes nothing.
func TestGesturesOfAnyEvents(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prompt, late := NewRecognizer(profile()), NewRecognizer(profile())
		now := time.Unix(0, 0)
		var eager, lazy []Gesture
		downs := 0
		for range rapid.IntRange(1, 30).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(1, 4000).Draw(t, "pause")) * ms)
			e := KeyEvent{Key: board.MainKey, Down: rapid.Bool().Draw(t, "down"), At: now}
			for at, ok := prompt.Deadline(); ok && !at.After(now); at, ok = prompt.Deadline() {
				eager = append(eager, prompt.Expire(at)...)
			}
			eager = append(eager, prompt.Feed(e)...)
			lazy = append(lazy, late.Feed(e)...)
			if e.Down {
				downs++
			}
		}
		end := now.Add(time.Hour)
		eager, lazy = append(eager, prompt.Expire(end)...), append(lazy, late.Expire(end)...)
		// A key that the last event did not touch may expire later in one of the two.
		if !slices.Equal(eager, lazy) {
			t.Fatalf("fed in time %v\nfed late %v", eager, lazy)
		}
		taps, held := 0, map[time.Time]time.Duration{}
		for _, g := range eager {
			if g.Kind != board.Hold {
				taps++
			} else if g.Held <= held[g.At] {
				t.Fatalf("hold %v after %v", g.Held, held[g.At])
			} else {
				held[g.At] = g.Held
			}
		}
		if taps+len(held) > downs {
			t.Fatalf("%d presses and %d holds of %d times down", taps, len(held), downs)
		}
	})
}
