package satellite

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vapd/hal"
	"vapd/protocol/pairing"
)

// read is the code that a person reads off LEDs which show it for a while: what they show
// where, one after the other, between two times at which all are dark for long.
func read(v View, leds int) (colours []pairing.Colour) {
	const tick = 20 * time.Millisecond
	free := 0
	if v.State.Muted() {
		free = 1
	}
	names := make(map[hal.Color]pairing.Colour)
	for c := pairing.Red; c <= pairing.Pink; c++ {
		r, g, b := c.RGB()
		names[hal.Color{R: r, G: g, B: b}] = c
	}
	dark := time.Duration(0)
	lit := make([]hal.Color, leds) // what has been seen since the long darkness
	begun := false
	for at := time.Duration(0); at < 20*time.Second; at += tick {
		out, _ := paint(v, at, leds)
		out = out[free:]
		if !slices.ContainsFunc(out, func(c hal.Color) bool { return c != hal.Color{} }) {
			if dark += tick; dark > codeGap+tick {
				if begun && colours != nil {
					return colours
				}
				begun = true
			}
			if leds-free < 3 {
				clear(lit)
			}
			continue
		}
		dark = 0
		if !begun {
			continue
		}
		fresh := map[hal.Color]bool{}
		for i, c := range out {
			if c != (hal.Color{}) && c != lit[i] {
				lit[i] = c
				fresh[c] = true
			}
		}
		for c := range fresh {
			colours = append(colours, names[c])
		}
		if len(colours) == 3 && leds-free >= 3 {
			clear(lit)
			copy(lit, out)
		}
	}
	return colours
}

func TestACodeIsReadOnAnyNumberOfLEDs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var code [3]pairing.Colour
		for i := range code {
			code[i] = pairing.Colour(rapid.IntRange(0, 5).Draw(t, "colour"))
		}
		muted := rapid.Bool().Draw(t, "muted")
		leds := rapid.IntRange(1, 16).Draw(t, "leds")
		v := View{State: with(func(s *State) {
			s.Pairing, s.KeyMuted, s.Code = PairComparing, muted, PairCode{Colours: code}
		})}
		if muted && leds == 1 {
			return // the LED is red, and nothing else
		}
		if got := read(v, leds); !slices.Equal(got, code[:]) {
			t.Fatalf("%v is read as %v", code, got)
		}
	})
}

func TestACodeThatWasAgreedToIsDimmer(t *testing.T) {
	v := View{State: with(func(s *State) { s.Pairing, s.Code = PairAgreed, PairCode{Colours: [3]pairing.Colour{pairing.Blue}} })}
	if out, moving := paint(v, 0, 3); out[0] != (hal.Color{B: 102}) || !moving {
		t.Errorf("%v, moving %v", out, moving)
	}
}

// A hub may light any colour but those that say "the microphone is closed".
func TestOnlyTheDeviceShowsRed(t *testing.T) {
	for c, want := range map[hal.Color]bool{
		red: true, {R: 255}: true, {R: 1}: true, {R: 255, G: 100}: true, {R: 255, B: 127}: true, {R: 85, G: 10, B: 10}: true,
		amber: false, white: false, violet: false, green: false, cyan: false, {}: false, {R: 255, G: 128}: false,
	} {
		if likeMuted(c) != want {
			t.Errorf("%v: %v", c, !want)
		}
	}
	for _, link := range []LinkState{LinkSearching, LinkPending, LinkDenied, LinkUnpaired, LinkUp} {
		for pairs := PairIdle; pairs <= PairFailed; pairs++ {
			for _, leds := range []int{1, 3, 12} {
				for at := time.Duration(0); at < 4*time.Second; at += 50 * time.Millisecond {
					v := View{State: with(func(s *State) {
						s.Link, s.Pairing, s.Code.Colours = link, pairs, [3]pairing.Colour{pairing.Blue, pairing.Green, pairing.Blue}
					})}
					out, _ := paint(v, at, leds)
					if i := slices.IndexFunc(out, likeMuted); i >= 0 {
						t.Fatalf("link %d, pairing %d: LED %d of %d is %v", link, pairs, i, leds, out[i])
					}
				}
			}
		}
	}
}
