package satellite

import (
	"time"

	"vapd/hal"
)

// paintPairing shows how far a pairing has come.
func (v View) paintPairing(at time.Duration, out []hal.Color) (moving bool) {
	switch v.State.Pairing {
	case PairSeeking:
		fill(out, violet, 0.1+0.9*wave(at, time.Second))
	case PairComparing:
		v.paintCode(at, out, 1)
	case PairAgreed:
		v.paintCode(at, out, 0.4)
	case PairFailed:
		fill(out, amber, square(at, 250*time.Millisecond))
	default:
		fill(out, green, 1)
		return false
	}
	return true
}

// Times of a code on LEDs.
const (
	codeStep  = 900 * time.Millisecond  // from one colour to the next
	codeGap   = 300 * time.Millisecond  // of it dark, where colours take turns
	codeWhole = 2500 * time.Millisecond // all colours at once
	codeDark  = 1200 * time.Millisecond // before it begins again
)

// paintCode shows three colours in their order. They come one after the other, each
// beside the last, so that the order is seen also on a ring, which has no beginning; with
// fewer than three LEDs one takes the place of the other. A red LED that says that the
// microphone is closed has no part in it.
func (v View) paintCode(at time.Duration, out []hal.Color, share float64) {
	if v.State.Muted() {
		out = out[1:]
	}
	n, turns := len(out), len(out) < 3
	cycle := 3*codeStep + codeDark
	if !turns {
		cycle += codeWhole
	}
	at %= cycle
	if at >= cycle-codeDark {
		return
	}
	step := int(at / codeStep)
	for i, colour := range v.State.Code.Colours {
		r, g, b := colour.RGB()
		c := hal.Color{R: r, G: g, B: b}
		switch {
		case turns && i == step && at%codeStep < codeStep-codeGap:
			fill(out, c, share)
		case !turns && i <= step:
			segment := out[i*n/3 : (i+1)*n/3]
			if len(segment) > 2 {
				segment = segment[:len(segment)-1] // dark between two of one colour
			}
			fill(segment, c, share)
		}
	}
}

// likeMuted reports whether people may take c for the red of a closed microphone, which
// is the device's alone.
func likeMuted(c hal.Color) bool { return 2*int(max(c.G, c.B)) < int(c.R) }
