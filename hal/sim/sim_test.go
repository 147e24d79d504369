package sim_test

import (
	"testing"

	"go.uber.org/goleak"

	"vapd/board"
	"vapd/hal"
	"vapd/hal/haltest"
	"vapd/hal/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newBoard(t *testing.T) *sim.Board {
	p, err := board.Find(board.SimID)
	if err != nil {
		t.Fatal(err)
	}
	return sim.New(p)
}

func TestPixels(t *testing.T) {
	haltest.TestPixels(t, func(t *testing.T) (hal.Pixels, func() []bool) {
		b := newBoard(t)
		return b.Hardware().Pixels, func() []bool {
			var on []bool
			for _, c := range b.Colors() {
				on = append(on, c != hal.Color{})
			}
			return on
		}
	})
}

func TestKeys(t *testing.T) {
	haltest.TestKeys(t, func(t *testing.T) (hal.Keys, board.KeyID, func(bool)) {
		b := newBoard(t)
		b.Set(board.MuteKey, true)
		return b.Hardware().Keys, board.MuteKey, func(down bool) { b.Set(board.MuteKey, down) }
	})
}

func TestSwitch(t *testing.T) {
	haltest.TestSwitch(t, func(t *testing.T) (hal.Switch, func(bool)) {
		b := newBoard(t)
		<-b.Hardware().Switch.Events() // where it was made
		b.SetSwitch(true)
		return b.Hardware().Switch, b.SetSwitch
	})
}

// TestTooManyEvents: a satellite that hangs must not hang the one who types.
func TestTooManyEvents(t *testing.T) {
	b := newBoard(t)
	for range 1000 {
		b.Tap(board.MainKey)
	}
	if err := b.Hardware().Close(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for range b.Hardware().Keys.Events() {
		n++
	}
	if n == 0 || n > 100 {
		t.Errorf("%d events were kept", n)
	}
	b.Tap(board.MainKey) // after closing: nothing
}

func TestDraw(t *testing.T) {
	const want = "\x1b[38;2;255;0;16m● \x1b[0m○ \x1b[38;2;0;1;0m●\x1b[0m"
	if got := sim.Draw([]hal.Color{{R: 255, B: 16}, {}, {G: 1}}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
