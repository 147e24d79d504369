package health

import (
	"bufio"
	"io"
	"io/fs"
	"slices"
	"strings"

	"vapd/board"
)

// configTxt is the Raspberry Pi's config.txt: its lines, each with one setting.
type configTxt struct {
	name  string // below the root; "" when there is none
	lines []string
	read  bool
}

// longestConfig is more than any config.txt has.
const longestConfig = 64 << 10

// config reads config.txt where it is since Debian 12, or where it was before. Which of
// its sections ([pi4]) count is not looked at: a line that is there is taken to count.
func (b Board) config() configTxt {
	for _, name := range []string{"boot/firmware/config.txt", "boot/config.txt"} {
		f, err := b.Root.Open(name)
		if err != nil {
			continue
		}
		defer f.Close()
		return parseConfig(name, f)
	}
	return configTxt{}
}

func parseConfig(name string, f fs.File) configTxt {
	c := configTxt{name: name, read: true}
	for lines := bufio.NewScanner(io.LimitReader(f, longestConfig)); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		switch {
		case !ok:
		case key == "dtoverlay":
			overlay, _, _ := strings.Cut(value, ",") // what follows are its parameters
			c.lines = append(c.lines, "dtoverlay="+overlay)
		case key == "dtparam":
			for param := range strings.SplitSeq(value, ",") { // of several in one line
				c.lines = append(c.lines, "dtparam="+param)
			}
		}
	}
	return c
}

func (c configTxt) path() string {
	if c.name == "" {
		return "/boot/firmware/config.txt"
	}
	return "/" + c.name
}

// missing are the lines of want that c lacks.
func (c configTxt) missing(want []string) (lines []string) {
	for _, w := range want {
		if !slices.Contains(c.lines, w) {
			lines = append(lines, w)
		}
	}
	return lines
}

// soundOverlays are those of c that make a voice board's sound card.
func (c configTxt) soundOverlays() (names []string) {
	known := []string{"seeed-2mic-voicecard", "wm8960-soundcard"} // beside those of profiles
	for _, p := range board.Profiles() {
		for _, line := range p.Config {
			if name, ok := strings.CutPrefix(line, "dtoverlay="); ok {
				known = append(known, name)
			}
		}
	}
	for _, line := range c.lines {
		if name, ok := strings.CutPrefix(line, "dtoverlay="); ok && slices.Contains(known, name) {
			names = append(names, name)
		}
	}
	return names
}
