package board

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Profile is one board.
type Profile struct {
	// ID is how configuration names it: "respeaker-2mic-v1".
	ID string
	// Name is what its maker calls it.
	Name  string
	Sound Sound
	// LEDs is nil when the board has none that can be driven.
	LEDs *LEDs
	Keys []Key
	// MuteSwitch is nil when the board has none.
	MuteSwitch *Switch
	// Bindings say what the keys do; see Profile.Action.
	Bindings []Binding
	// Config holds the lines of the Raspberry Pi's config.txt that make the kernel see
	// the board.
	Config []string
}

// Sound is the sound card and what is on its channels.
type Sound struct {
	// Cards are the ALSA ids that the card has, one for each overlay that drives it;
	// none when any card will do.
	Cards []string
	// Rate in hertz and Channels that capture runs at; 0 leaves it to the card.
	Rate, Channels int
	// Microphones are the captured channels, from 0, that carry a microphone, the best
	// one for listening first. Empty: the first channel.
	Microphones []int
	// Mixer is set when the card is opened, in this order.
	Mixer []Setting
}

// Setting is a value of a mixer control, by the control's full name in the kernel.
// The value is one for all channels, or one for each with commas; "on", "off", a
// number or the name of an item.
type Setting struct{ Control, Value string }

// Driver names the code in package hal that drives a part.
type Driver string

// Drivers.
const (
	APA102 Driver = "apa102" // LEDs on an SPI bus
	GPIO   Driver = "gpio"   // a line of a gpiochip
	Sim    Driver = "sim"    // no hardware
)

// LEDs is a chain of colour LEDs.
type LEDs struct {
	Driver Driver
	Count  int
	// Order is the place in the chain of each LED, as seen from the front: from left to
	// right, or clockwise from the top of a ring. Nil when the chain has this order.
	Order []int
	// Ring is set when the last LED is next to the first.
	Ring bool
	// Brightness is the share of full brightness, 1 to 255, that suits the board: at
	// 255 a white APA102 draws 60 mA.
	Brightness uint8
	SPI        SPI // of APA102
}

// SPI is a port: /dev/spidevBUS.SELECT.
type SPI struct {
	Bus, Select int
	Hertz       int64
}

// KeyID names a key of a board.
type KeyID string

// Key is a button that springs back.
type Key struct {
	ID     KeyID
	Driver Driver
	Line   Line // of GPIO
}

// Switch is a mute switch; the line is active when it is set to mute.
type Switch struct {
	Driver Driver
	Line   Line // of GPIO
}

// Line is a pin. It is found by the label of its chip and its offset there, since the
// number of a chip depends on the kernel and names of lines occur twice.
type Line struct {
	// Chips are the labels that the chip has, one for each processor the board fits.
	Chips  []string
	Offset int
	// ActiveLow is set when the line is low while the key is pressed.
	ActiveLow bool
	// PullUp switches on the pull-up resistor inside the chip.
	PullUp bool
	// Debounce is how long the line must be quiet after a change.
	Debounce time.Duration
}

// Find is the profile with that id. The error of an unknown one lists those there are.
func Find(id string) (Profile, error) {
	ids := make([]string, 0, 4)
	for _, p := range Profiles() {
		if p.ID == id {
			return p, nil
		}
		ids = append(ids, p.ID)
	}
	return Profile{}, fmt.Errorf("board: there is no profile %q: choose one of %s", id, strings.Join(ids, ", "))
}

// Key is the key with that id.
func (p Profile) Key(id KeyID) (Key, bool) {
	i := slices.IndexFunc(p.Keys, func(k Key) bool { return k.ID == id })
	if i < 0 {
		return Key{}, false
	}
	return p.Keys[i], true
}

// Validate reports the first thing in p that makes no sense.
func (p Profile) Validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("board: profile %s: %w", p.ID, fmt.Errorf(format, args...))
	}
	s := p.Sound
	if s.Channels < 0 || s.Channels > 32 {
		return fail("%d channels: must be 0 to 32", s.Channels)
	}
	for i, c := range s.Microphones {
		if c < 0 || (s.Channels > 0 && c >= s.Channels) || slices.Contains(s.Microphones[:i], c) {
			return fail("microphone on channel %d of %d", c, s.Channels)
		}
	}
	if l := p.LEDs; l != nil {
		if l.Count < 1 || l.Brightness == 0 {
			return fail("%d LEDs with brightness %d", l.Count, l.Brightness)
		}
		if sorted := slices.Sorted(slices.Values(l.Order)); l.Order != nil &&
			(len(sorted) != l.Count || sorted[0] != 0 || sorted[len(sorted)-1] != l.Count-1 ||
				len(slices.Compact(sorted)) != l.Count) {
			return fail("the order %v of %d LEDs must name each place once", l.Order, l.Count)
		}
	}
	for i, k := range p.Keys {
		if k.ID == "" || slices.ContainsFunc(p.Keys[:i], func(o Key) bool { return o.ID == k.ID }) {
			return fail("key id %q is empty or given twice", k.ID)
		}
		if k.Driver != p.Keys[0].Driver {
			return fail("keys on %s and on %s: one driver has them all", p.Keys[0].Driver, k.Driver)
		}
		if err := k.Line.check(k.Driver); err != nil {
			return fail("key %q: %w", k.ID, err)
		}
	}
	if m := p.MuteSwitch; m != nil {
		if err := m.Line.check(m.Driver); err != nil {
			return fail("mute switch: %w", err)
		}
	}
	for _, b := range p.Bindings {
		if err := p.checkBinding(b); err != nil {
			return fail("%w", err)
		}
	}
	return nil
}

func (l Line) check(d Driver) error {
	switch {
	case d == Sim:
	case d != GPIO:
		return fmt.Errorf("driver %q can't read a key", d)
	case len(l.Chips) == 0 || l.Offset < 0:
		return fmt.Errorf("line %d of chips %q", l.Offset, l.Chips)
	}
	return nil
}
