package satellite

import (
	"math"
	"time"

	"vapd/hal"
)

// View is what the LEDs tell of.
type View struct {
	State State
	// Level is how loud the microphone hears, 0 to 1; it counts while listening.
	Level float64
	// ShowVolume is set for a moment after a volume changed.
	ShowVolume bool
	// Asked is the colour that the hub asked for, nil when it did not.
	Asked *hal.Color
	// Ring says that the last LED is next to the first.
	Ring bool
}

// Colours of the scenes.
var (
	cyan   = hal.Color{R: 0, G: 150, B: 220}
	green  = hal.Color{R: 20, G: 190, B: 90}
	violet = hal.Color{R: 120, G: 60, B: 220}
	white  = hal.Color{R: 180, G: 180, B: 180}
	amber  = hal.Color{R: 200, G: 110, B: 0}
	red    = hal.Color{R: 170, G: 0, B: 0}
	pink   = hal.Color{R: 200, G: 0, B: 110}
)

// Scene paints what v shows at, a time since v.State last changed, into out, and
// reports whether it will look different a moment later. Of several things the one
// that a person waits for wins; but a satellite that sends what it hears shows only that,
// and while the microphone is closed a red LED says so, whatever else is shown. Nothing
// that a hub or somebody on the network does lights a LED red.
func Scene(v View, at time.Duration, out []hal.Color) (moving bool) {
	clear(out)
	if len(out) == 0 {
		return false
	}
	moving = v.paint(at, out)
	if v.State.Recorded {
		moving = v.paintRecorded(at, out) || moving
	}
	if v.State.Muted() {
		out[0] = red
	}
	return moving
}

// paintRecorded shows, over whatever else is shown, that the hub keeps what is said: on
// the last of several LEDs always, on a single one in the first quarter of each second.
// Only a code that is to be compared goes without, as long as nobody is listened to.
func (v View) paintRecorded(at time.Duration, out []hal.Color) (moving bool) {
	if !v.State.showsRecorded() {
		return false
	}
	if len(out) > 1 || phase(at, time.Second) < 0.25 {
		out[len(out)-1] = pink
	}
	return len(out) == 1
}

// showsRecorded reports whether there is room for that sign.
func (s State) showsRecorded() bool { return s.Pairing == PairIdle || s.Turn != TurnIdle }

func (v View) paint(at time.Duration, out []hal.Color) (moving bool) {
	s := v.State
	switch {
	case s.Turn == TurnListening: // before all: somebody is listened to, and must see it
		fill(out, cyan, 0.35+0.65*v.Level)
		return true
	case v.ShowVolume:
		bar(out, v.volume(), white)
		return false
	case s.Ringing:
		fill(out, amber, 0.1+0.9*wave(at, 700*time.Millisecond))
		return true
	case s.Turn == TurnThinking:
		comet(out, at, violet, v.Ring)
		return true
	case s.Turn == TurnSpeaking || s.Announcing:
		fill(out, green, 0.5+0.5*wave(at, 1500*time.Millisecond))
		return true
	case s.Pairing != PairIdle:
		return v.paintPairing(at, out)
	case v.Asked != nil:
		fill(out, *v.Asked, 1)
		return false
	case s.Muted():
		fill(out, red, 0.5)
		return false
	case s.Mic == MicStalled:
		fill(out, red, square(at, time.Second))
		return true
	}
	return v.paintLink(at, out)
}

// paintLink shows what keeps an idle satellite from its hub, so dimly that it may stay
// all night.
func (v View) paintLink(at time.Duration, out []hal.Color) (moving bool) {
	switch v.State.Link {
	case LinkPending:
		out[len(out)-1] = scale(amber, 0.2+0.6*wave(at, 3*time.Second))
		return true
	case LinkDenied:
		out[len(out)-1] = scale(amber, 0.5*square(at, 2*time.Second))
		return true
	case LinkUnpaired:
		out[len(out)-1] = scale(violet, 0.2+0.6*wave(at, 3*time.Second))
		return true
	case LinkSearching:
		out[len(out)-1] = scale(amber, 0.3)
	}
	return false
}

// volume is the one that a volume key changes now, 0 to 1.
func (v View) volume() float64 {
	if v.State.Ringing {
		return float64(v.State.Volume.Alarm) / 100
	}
	return float64(v.State.Volume.Voice) / 100
}

func fill(out []hal.Color, c hal.Color, share float64) {
	for i := range out {
		out[i] = scale(c, share)
	}
}

// bar lights the share of the LEDs from the first on; the last one lit is dimmed, so
// that three LEDs show more than four volumes.
func bar(out []hal.Color, share float64, c hal.Color) {
	lit := share * float64(len(out))
	for i := range out {
		out[i] = scale(c, min(1, max(0, lit-float64(i))))
	}
}

// comet runs a light with a tail round a ring, or to and fro along a row.
func comet(out []hal.Color, at time.Duration, c hal.Color, ring bool) {
	const turn = 1200 * time.Millisecond
	n, tail := float64(len(out)), max(1, float64(len(out))/3)
	head := phase(at, turn) * n
	if !ring {
		head = (1 - math.Abs(2*phase(at, turn)-1)) * (n - 1)
	}
	for i := range out {
		behind := head - float64(i)
		if ring {
			behind = math.Mod(behind+n, n)
		} else {
			behind = math.Abs(behind)
		}
		out[i] = scale(c, max(0.04, 1-behind/tail))
	}
}

// phase is where in its period at lies, 0 to 1.
func phase(at, period time.Duration) float64 {
	return float64(at%period) / float64(period)
}

// wave goes from 0 to 1 and back once a period, smoothly.
func wave(at, period time.Duration) float64 {
	return (1 - math.Cos(2*math.Pi*phase(at, period))) / 2
}

// square is 1 in the first half of a period and 0 in the second.
func square(at, period time.Duration) float64 {
	if phase(at, period) < 0.5 {
		return 1
	}
	return 0
}

func scale(c hal.Color, share float64) hal.Color {
	part := func(v uint8) uint8 { return uint8(math.Round(float64(v) * min(1, max(0, share)))) }
	return hal.Color{R: part(c.R), G: part(c.G), B: part(c.B)}
}
