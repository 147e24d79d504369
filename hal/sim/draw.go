package sim

import (
	"strconv"
	"strings"

	"vapd/hal"
)

// Draw is the LEDs in a row for a terminal with 24-bit colours: one disc each, as
// bright as the LED, with a space between. A dark LED is a ring in the terminal's own
// colour. It resets the colour at its end.
func Draw(colors []hal.Color) string {
	var s strings.Builder
	for i, c := range colors {
		if i > 0 {
			s.WriteByte(' ')
		}
		if c == (hal.Color{}) {
			s.WriteString("\x1b[0m○")
			continue
		}
		s.WriteString("\x1b[38;2;")
		for i, v := range [...]uint8{c.R, c.G, c.B} {
			if i > 0 {
				s.WriteByte(';')
			}
			s.WriteString(strconv.Itoa(int(v)))
		}
		s.WriteString("m●")
	}
	s.WriteString("\x1b[0m")
	return s.String()
}
