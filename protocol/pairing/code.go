package pairing

import "fmt"

// Code is what both sides show after a push, for a person to compare. It is no secret:
// it only has to be the same. Whoever sits between the two gets one try a window, and
// the Code of each side is then a random one to him:
//
//   - Digits: one try in 1,000,000 passes (19.9 bits).
//   - Colours: one try in 216 passes (6^3, 7.75 bits). That is for a satellite that has
//     nothing but LEDs; each try needs a person at the satellite's key and another at
//     the hub, so it can't be repeated unseen.
//
// Two Codes are equal (==) when digits and colours are.
type Code struct {
	digits  uint32 // below 1,000,000
	colours [3]Colour
}

// Digits are six decimal digits in two groups: "123 456".
func (c Code) Digits() string { return fmt.Sprintf("%03d %03d", c.digits/1000, c.digits%1000) }

// Colours are three in their order; one may come twice.
func (c Code) Colours() [3]Colour { return c.colours }

// String is all of the code: "123 456 (red, blue, blue)".
func (c Code) String() string {
	return fmt.Sprintf("%s (%v, %v, %v)", c.Digits(), c.colours[0], c.colours[1], c.colours[2])
}

// Colour is one of six that people tell apart on an RGB LED.
type Colour uint8

// Colours.
const (
	Red Colour = iota
	Yellow
	Green
	Turquoise
	Blue
	Pink
	colourCount
)

// String is the colour's name.
func (c Colour) String() string {
	if c >= colourCount {
		return fmt.Sprintf("Colour(%d)", uint8(c))
	}
	return [...]string{"red", "yellow", "green", "turquoise", "blue", "pink"}[c]
}

// RGB is the colour at full brightness.
func (c Colour) RGB() (red, green, blue uint8) {
	if c >= colourCount {
		return 0, 0, 0
	}
	v := [...][3]uint8{{255, 0, 0}, {255, 160, 0}, {0, 255, 0}, {0, 200, 200}, {0, 0, 255}, {255, 0, 120}}[c]
	return v[0], v[1], v[2]
}
