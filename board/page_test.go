//go:build !vapd_board

package board

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the profiles into the documentation")

const (
	page     = "../docs/boards.md"
	pageMark = "<!-- From here on written from the profiles: go test ./board -update -->\n"
)

// TestPage: the documentation has the profiles as they are. With -update it is written.
func TestPage(t *testing.T) {
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, tail, ok := strings.Cut(string(b), pageMark)
	if !ok {
		t.Fatalf("%s has lost its mark %q", page, pageMark)
	}
	var s strings.Builder
	for _, p := range Profiles() {
		s.WriteString(section(p))
	}
	if tail == s.String() {
		return
	}
	if !*update {
		t.Fatalf("%s differs from the profiles: go test ./board -update", page)
	}
	if err := os.WriteFile(page, []byte(head+pageMark+s.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// section is what the page says of p.
func section(p Profile) string {
	var s strings.Builder
	fmt.Fprintf(&s, "\n## `%s`: %s\n\n", p.ID, p.Name)
	card := "any"
	if len(p.Sound.Cards) > 0 {
		card = "`" + strings.Join(p.Sound.Cards, "` or `") + "`"
	}
	channels := ""
	if p.Sound.Channels > 0 {
		channels = fmt.Sprintf(" of %d", p.Sound.Channels)
	}
	fmt.Fprintf(&s, "- sound card: %s; microphones on channels %s%s\n", card,
		strings.Trim(fmt.Sprint(p.Sound.Microphones), "[]"), channels)
	if l := p.LEDs; l != nil {
		fmt.Fprintf(&s, "- %d LEDs, `%s`", l.Count, l.Driver)
		if l.Driver == APA102 {
			fmt.Fprintf(&s, " on `/dev/spidev%d.%d` at %d MHz", l.SPI.Bus, l.SPI.Select, l.SPI.Hertz/1_000_000)
		}
		fmt.Fprintf(&s, ", at %d/255 of full brightness\n", l.Brightness)
	}
	for _, k := range p.Keys {
		fmt.Fprintf(&s, "- key `%s`%s\n", k.ID, place(k.Driver, k.Line))
	}
	if m := p.MuteSwitch; m != nil {
		fmt.Fprintf(&s, "- mute switch%s\n", place(m.Driver, m.Line))
	}
	if len(p.Config) > 0 {
		fmt.Fprintf(&s, "\nIn `/boot/firmware/config.txt`:\n\n```\n%s\n```\n", strings.Join(p.Config, "\n"))
	}
	if len(p.Bindings) > 0 {
		s.WriteString("\n| key | gesture | when | does |\n|---|---|---|---|\n")
	}
	for _, b := range p.Bindings {
		gesture := string(b.Gesture)
		if b.Held > 0 {
			gesture += " " + b.Held.String()
		}
		modes := make([]string, len(b.Modes))
		for i, m := range b.Modes {
			modes[i] = string(m)
		}
		fmt.Fprintf(&s, "| %s | %s | %s | %s |\n", b.Key, gesture, strings.Join(modes, ", "), b.Action)
	}
	if len(p.Sound.Mixer) > 0 {
		s.WriteString("\n| mixer control | value |\n|---|---|\n")
	}
	for _, m := range p.Sound.Mixer {
		fmt.Fprintf(&s, "| %s | %s |\n", m.Control, m.Value)
	}
	return s.String()
}

func place(d Driver, l Line) string {
	if d != GPIO {
		return ", `" + string(d) + "`"
	}
	active := "high"
	if l.ActiveLow {
		active = "low"
	}
	return fmt.Sprintf(", GPIO %d, active %s, debounced for %v", l.Offset, active, l.Debounce)
}
