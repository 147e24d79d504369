package haltest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"vapd/board"
	"vapd/hal"
)

// patience is how long a driver may take on an emulated board.
const patience = 5 * time.Second

// TestPixels is what every hal.Pixels does. open makes LEDs that were lit before; lit
// is what they show, to the eye: on or off, as drivers adapt colours.
func TestPixels(t *testing.T, open func(t *testing.T) (p hal.Pixels, lit func() []bool)) {
	p, lit := open(t)
	n := p.Len()
	if n < 2 {
		t.Fatalf("%d LEDs: the test needs two", n)
	}
	see := func(when string, want ...int) {
		t.Helper()
		on := make([]bool, n)
		for _, i := range want {
			on[i] = true
		}
		if got := lit(); !slices.Equal(got, on) {
			t.Errorf("%s: lit are %v, want %v", when, got, on)
		}
	}
	show := func(colors ...hal.Color) {
		t.Helper()
		if err := p.Show(colors); err != nil {
			t.Fatalf("showing %v: %v", colors, err)
		}
	}
	red, blue, off := hal.Color{R: 255}, hal.Color{B: 1}, hal.Color{}
	see("after opening")
	show(red)
	see("one color", 0)
	show(off, blue)
	see("the second, as dim as can be", 1)
	show(slices.Repeat([]hal.Color{red}, n+3)...)
	see("too many colors", upTo(n)...)
	show()
	see("no color")
	colors := []hal.Color{red, off}
	show(colors...)
	colors[0], colors[1] = off, red
	see("colors that the caller changed later", 0)
	for range 2 {
		if err := p.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	see("after closing")
	if err := p.Show([]hal.Color{red}); !errors.Is(err, hal.ErrClosed) {
		t.Errorf("shown after closing: %v", err)
	}
}

func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

// TestKeys is what every hal.Keys does. open makes keys of which key is down already;
// set moves it.
func TestKeys(t *testing.T, open func(t *testing.T) (k hal.Keys, key board.KeyID, set func(down bool))) {
	began := time.Now()
	k, key, set := open(t)
	last := began
	expect := func(down bool) {
		t.Helper()
		e := receive(t, k.Events())
		if e.Key != key || e.Down != down {
			t.Fatalf("got %+v, want %s down %v", e, key, down)
		}
		if e.At.Before(last) || e.At.After(time.Now()) {
			t.Errorf("it happened %v after the test began, %v after the event before", e.At.Sub(began), e.At.Sub(last))
		}
		last = e.At
	}
	expect(true)
	const apart = 60 * time.Millisecond // longer than a line is debounced
	for range 2 {
		for _, down := range []bool{false, true} {
			before := last
			time.Sleep(apart)
			set(down)
			expect(down)
			if last.Sub(before) < apart/2 {
				t.Errorf("events %v apart, want %v: is that the time they were read?", last.Sub(before), apart)
			}
		}
	}
	nothing(t, k.Events())
	closes(t, k.Events(), k.Close)
}

// TestSwitch is what every hal.Switch does. open makes a switch that is set to mute;
// set moves it.
func TestSwitch(t *testing.T, open func(t *testing.T) (s hal.Switch, set func(muted bool))) {
	s, set := open(t)
	for _, muted := range []bool{true, false, true} {
		set(muted)
		if e := receive(t, s.Events()); e.Muted != muted || e.At.After(time.Now()) {
			t.Fatalf("got %+v, want muted %v", e, muted)
		}
	}
	nothing(t, s.Events())
	closes(t, s.Events(), s.Close)
}

func receive[E any](t *testing.T, events <-chan E) E {
	t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			t.Fatal("the events ended")
		}
		return e
	case <-time.After(patience):
		t.Fatalf("no event within %v", patience)
	}
	panic("unreachable")
}

func nothing[E any](t *testing.T, events <-chan E) {
	t.Helper()
	select {
	case e, ok := <-events:
		t.Errorf("got %+v, %v; want nothing", e, ok)
	case <-time.After(100 * time.Millisecond):
	}
}

func closes[E any](t *testing.T, events <-chan E, closer func() error) {
	t.Helper()
	for range 2 {
		if err := closer(); err != nil {
			t.Errorf("closing: %v", err)
		}
	}
	if e, ok := <-events; ok {
		t.Errorf("got %+v after closing", e)
	}
}
