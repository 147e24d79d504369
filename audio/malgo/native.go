package malgo

import (
	"fmt"
	"strings"

	"vapd/audio"
)

// native is how a PCM runs, as miniaudio says when it has opened it. malgo does not
// hand it out, so it is read from the log; a test watches that it is still there.
type native struct {
	format  audio.Format
	direct  bool // samples pass unchanged, not even converted
	remixed bool
}

// parseNative reads the lines that follow "NAME (Capture)" or "NAME (Playback)". The
// arrows go from the device to us, or from us to the device.
func parseNative(log, direction string) (n native, ok bool) {
	_, lines, ok := strings.Cut(log, " ("+direction+")\n")
	if !ok {
		return n, false
	}
	var found int
	for line := range strings.Lines(lines) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		value = strings.TrimSpace(value)
		var from, to int
		switch key {
		case "Channels", "Sample Rate":
			if _, err := fmt.Sscanf(value, "%d -> %d", &from, &to); err != nil {
				return n, false
			}
			if direction == "Playback" {
				from = to
			}
			if key == "Channels" {
				n.format.Channels = from
			} else {
				n.format.Rate = audio.SampleRate(from)
			}
		case "Channel Routing":
			n.remixed = value == "YES"
		case "Passthrough":
			n.direct = value == "YES"
		default:
			continue
		}
		if found++; found == 4 {
			return n, true
		}
	}
	return n, false
}
