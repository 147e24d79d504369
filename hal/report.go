package hal

import (
	"fmt"
	"strings"

	"vapd/board"
)

// Status of a driver.
type Status string

// Statuses.
const (
	Loaded  Status = "loaded"  // it drives its part
	Skipped Status = "skipped" // there is nothing for it to drive, which is no fault
	Failed  Status = "failed"  // its part should be there and can't be driven
)

// Part of a board.
type Part string

// Parts.
const (
	PixelsPart Part = "leds"
	KeysPart   Part = "keys"
	SwitchPart Part = "mute switch"
)

// DriverReport is what became of one driver.
type DriverReport struct {
	Part   Part
	Driver board.Driver // empty when the profile names none
	Status Status
	// Detail is what it drives, or why it doesn't and what helps.
	Detail string
}

// String is "leds: apa102 loaded: 3 LEDs on SPI0.0".
func (d DriverReport) String() string {
	if d.Driver == "" {
		return fmt.Sprintf("%s: %s: %s", d.Part, d.Status, d.Detail)
	}
	return fmt.Sprintf("%s: %s %s: %s", d.Part, d.Driver, d.Status, d.Detail)
}

// Report is what became of the drivers of a board.
type Report []DriverReport

// Failed are the drivers that failed.
func (r Report) Failed() Report {
	var failed Report
	for _, d := range r {
		if d.Status == Failed {
			failed = append(failed, d)
		}
	}
	return failed
}

// String is one line for each driver.
func (r Report) String() string {
	var s strings.Builder
	for _, d := range r {
		s.WriteString(d.String())
		s.WriteByte('\n')
	}
	return s.String()
}
