// Package open opens the hardware that a board's profile names.
package open

import (
	"errors"
	"fmt"
	"log/slog"

	"vapd/board"
	"vapd/hal"
	"vapd/hal/apa102"
	"vapd/hal/gpioline"
	"vapd/hal/sim"
)

// Board is the opened hardware. Close it when done.
type Board struct {
	hal.Hardware
	// Sim draws the LEDs and moves the keys that are simulated; nil when none are.
	Sim *sim.Board
}

// Profile opens the hardware of p and reports what became of each part. A part that
// is not there or fails is replaced by a stand-in, so that the satellite runs without
// it. LEDs are dark afterwards, whatever an earlier process left.
func Profile(p board.Profile, log *slog.Logger) (*Board, hal.Report) {
	b := &Board{}
	simulated := sim.New(p)
	var report hal.Report
	add := func(part hal.Part, driver board.Driver, detail string, err error) {
		d := hal.DriverReport{Part: part, Driver: driver, Status: hal.Loaded, Detail: detail}
		switch {
		case errors.Is(err, errNone):
			d.Status, d.Detail = hal.Skipped, "the board has none"
		case err != nil:
			d.Status, d.Detail = hal.Failed, err.Error()
		case driver == board.Sim:
			b.Sim = simulated
		}
		report = append(report, d)
	}

	var driver board.Driver
	var err error
	b.Pixels, driver, err = pixels(p, simulated)
	add(hal.PixelsPart, driver, fmt.Sprintf("%d LEDs", b.Pixels.Len()), err)
	b.Keys, driver, err = keys(p, simulated, log)
	add(hal.KeysPart, driver, fmt.Sprintf("%d keys", len(p.Keys)), err)
	b.Switch, driver, err = muteSwitch(p, simulated, log)
	add(hal.SwitchPart, driver, "1 switch", err)
	return b, report
}

// Darken turns the LEDs of p off: for whoever cleans up after a satellite that may
// have crashed. A board without LEDs is dark.
func Darken(p board.Profile) error {
	leds, _, err := pixels(p, sim.New(p)) // opening darkens
	if errors.Is(err, errNone) {
		return nil
	}
	return errors.Join(err, leds.Close())
}

// errNone: the board has no such part.
var errNone = errors.New("open: no such part")

func unknown(d board.Driver) error {
	return fmt.Errorf("open: there is no driver %q for it", d)
}

func pixels(p board.Profile, s *sim.Board) (hal.Pixels, board.Driver, error) {
	if p.LEDs == nil {
		return hal.NoPixels(), "", errNone
	}
	d := p.LEDs.Driver
	switch d {
	case board.Sim:
		return s.Hardware().Pixels, d, nil
	case board.APA102:
		leds, err := apa102.Open(*p.LEDs)
		if err != nil {
			return hal.NoPixels(), d, err
		}
		return leds, d, nil
	}
	return hal.NoPixels(), d, unknown(d)
}

func keys(p board.Profile, s *sim.Board, log *slog.Logger) (hal.Keys, board.Driver, error) {
	if len(p.Keys) == 0 {
		return hal.NoKeys(), "", errNone
	}
	d := p.Keys[0].Driver
	switch d {
	case board.Sim:
		return s.Hardware().Keys, d, nil
	case board.GPIO:
		k, err := gpioline.OpenKeys(p.Keys, log)
		if err != nil {
			return hal.NoKeys(), d, err
		}
		return k, d, nil
	}
	return hal.NoKeys(), d, unknown(d)
}

func muteSwitch(p board.Profile, s *sim.Board, log *slog.Logger) (hal.Switch, board.Driver, error) {
	if p.MuteSwitch == nil {
		return hal.NoSwitch(), "", errNone
	}
	d := p.MuteSwitch.Driver
	switch d {
	case board.Sim:
		return s.Hardware().Switch, d, nil
	case board.GPIO:
		sw, err := gpioline.OpenSwitch(*p.MuteSwitch, log)
		if err != nil {
			return hal.NoSwitch(), d, err
		}
		return sw, d, nil
	}
	return hal.NoSwitch(), d, unknown(d)
}
