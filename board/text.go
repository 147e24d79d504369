package board

import (
	"fmt"
	"strings"
)

// String is p in a line: "respeaker-2mic-v1: ReSpeaker 2-Mics Pi HAT v1 (WM8960), 2
// microphones, 3 LEDs, 1 key".
func (p Profile) String() string {
	parts := []string{p.Name, count(len(p.Sound.Microphones), "microphone")}
	if p.LEDs != nil {
		parts = append(parts, count(p.LEDs.Count, "LED"))
	}
	if len(p.Keys) > 0 {
		parts = append(parts, count(len(p.Keys), "key"))
	}
	if p.MuteSwitch != nil {
		parts = append(parts, "mute switch")
	}
	return p.ID + ": " + strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// String is what was found and what it may be, for people: several lines.
func (d Detection) String() string {
	var s strings.Builder
	m := d.Machine
	if m.Model != "" {
		fmt.Fprintf(&s, "%s\n", m.Model)
	}
	if m.HAT != (HAT{}) {
		fmt.Fprintf(&s, "HAT: %s %s\n", m.HAT.Vendor, m.HAT.Product)
	}
	for _, c := range m.Cards {
		fmt.Fprintf(&s, "sound card %d: %s (%s)\n", c.Number, c.ID, c.Name)
	}
	for _, c := range m.Chips {
		answers := "answers"
		if !c.Answered {
			answers = "does not answer"
		}
		fmt.Fprintf(&s, "I2C bus %d, address 0x%02x: %s %s\n", c.Bus, c.Address, c.Name, answers)
	}
	switch len(d.Candidates) {
	case 0:
		s.WriteString("No board that is known here; the profile generic takes any sound card.\n")
	case 1:
		s.WriteString("It is:\n")
	default:
		s.WriteString("It may be one of these, which look the same from inside. Choose its profile yourself:\n")
	}
	for _, c := range d.Candidates {
		fmt.Fprintf(&s, "  %-18s %s\n", c.Profile, c.Board)
		fmt.Fprintf(&s, "  %-18s because %s\n", "", strings.Join(c.Because, ", and "))
		if len(d.Candidates) > 1 {
			fmt.Fprintf(&s, "  %-18s look for: %s\n", "", c.Check)
		}
	}
	return s.String()
}
