package health

import (
	"context"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"vapd/board"
	"vapd/internal/doctor"
)

// Board checks that the kernel sees the board which the settings name, and that
// config.txt has the overlays for it.
type Board struct {
	Root fs.FS  // of the machine: os.DirFS("/")
	ID   string // the setting board: a profile's id, or "auto"
}

// Name implements doctor.Check.
func (Board) Name() string { return "board" }

// Run implements doctor.Check.
func (b Board) Run(context.Context) doctor.Finding {
	found, err := board.Detect(b.Root)
	if err != nil {
		return doctor.Finding{State: doctor.Skipped, What: fmt.Sprintf("the hardware can't be looked at: %v", err), Remedy: "look with sudo"}
	}
	if b.ID != "auto" {
		p, err := board.Find(b.ID)
		if err != nil {
			return doctor.Finding{State: doctor.Bad, What: err.Error(), Remedy: "set board in satellite.toml: 'vapd board list' names them"}
		}
		return b.known(p, found)
	}
	switch len(found.Candidates) {
	case 0:
		return b.unknown(found.Machine)
	case 1:
		p, err := board.Find(found.Candidates[0].Profile)
		if err != nil {
			return doctor.Finding{State: doctor.Bad, What: err.Error(), Remedy: "report this: the board's profile is missing"}
		}
		return b.known(p, found)
	}
	var names, checks []string
	for _, c := range found.Candidates {
		names = append(names, c.Board)
		checks = append(checks, fmt.Sprintf("board = %q if %s", c.Profile, c.Check))
	}
	return doctor.Finding{
		State: doctor.Warn, What: "the board may be one of: " + strings.Join(names, "; ") + ": its LEDs and keys are not used",
		Remedy: "set, in satellite.toml, " + strings.Join(checks, "; "),
	}
}

// unknown is a machine without a board that is known.
func (b Board) unknown(m board.Machine) doctor.Finding {
	if !strings.HasPrefix(m.Model, "Raspberry Pi") {
		return doctor.Finding{State: doctor.OK, What: "none: any sound card, without LEDs and keys"}
	}
	if overlays := b.config().soundOverlays(); len(overlays) > 0 {
		return doctor.Finding{
			State: doctor.Bad, What: fmt.Sprintf("config.txt has dtoverlay=%s, and the kernel sees no board of it", strings.Join(overlays, ", ")),
			Remedy: "switch off, see that the board sits on the header, start again; if it does, it is another board: see docs/boards.md for its overlay",
		}
	}
	return doctor.Finding{
		State: doctor.Warn, What: "no board on the header is found: LEDs and keys are not used",
		Remedy: "if there is one, its overlay is missing in config.txt: see docs/boards.md; if there is none, set board = \"generic\"",
	}
}

// known compares the board that the satellite uses with what the kernel sees.
func (b Board) known(p board.Profile, found board.Detection) doctor.Finding {
	if len(p.Sound.Cards) == 0 {
		return doctor.Finding{State: doctor.OK, What: p.Name}
	}
	config := b.config()
	missing := config.missing(p.Config)
	present := slices.ContainsFunc(found.Machine.Cards, func(c board.Card) bool { return slices.Contains(p.Sound.Cards, c.ID) })
	mine := slices.ContainsFunc(found.Candidates, func(c board.Candidate) bool { return c.Profile == p.ID })
	reboot := func(lines []string) string {
		return fmt.Sprintf("put %s into %s and reboot", strings.Join(lines, ", "), config.path())
	}
	switch {
	case len(found.Candidates) > 0 && !mine:
		other := found.Candidates[0]
		return doctor.Finding{
			State: doctor.Bad, What: fmt.Sprintf("this is no %s but a %s: %s", p.Name, other.Board, strings.Join(other.Because, ", ")),
			Remedy: fmt.Sprintf("set board = %q, or %q", other.Profile, "auto"),
		}
	case !present && len(missing) > 0:
		what := fmt.Sprintf("the kernel does not see the %s: its overlay is missing in %s", p.Name, config.path())
		wrong := slices.DeleteFunc(config.soundOverlays(), func(o string) bool { return slices.Contains(p.Config, "dtoverlay="+o) })
		if len(wrong) > 0 {
			what += ", which has that of another board: dtoverlay=" + strings.Join(wrong, ", ")
		}
		return doctor.Finding{State: doctor.Bad, What: what, Remedy: reboot(missing)}
	case !present:
		return doctor.Finding{
			State: doctor.Bad, What: fmt.Sprintf("the overlay of the %s is in %s, but the kernel has no sound card of it", p.Name, config.path()),
			Remedy: "reboot, if it was just put there; else switch off and see that the board sits on the header; 'dmesg | grep -i -e asoc -e i2c' says more",
		}
	case len(missing) > 0 && config.read:
		// The card came by another overlay, or by the EEPROM.
		missing = slices.DeleteFunc(missing, func(l string) bool { return strings.HasPrefix(l, "dtoverlay=") })
		if len(missing) > 0 {
			return doctor.Finding{State: doctor.Warn, What: fmt.Sprintf("%s: a part of it, the LEDs perhaps, is not switched on", p.Name), Remedy: reboot(missing)}
		}
	}
	return doctor.Finding{State: doctor.OK, What: p.Name}
}
