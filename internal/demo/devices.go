package demo

import (
	"fmt"
	"io/fs"
	"strings"
)

// Sound is the hardware that a person hears and is heard with. The zero Sound is a
// room without hardware.
type Sound struct {
	Microphone, Speaker string // PCMs; Speaker may be ""
	Name                string // of the microphone, for people
}

// FindSound looks for a machine's own microphone in /proc/asound of the file system
// given (os.DirFS("/")), and for a speaker, of the same card if it has one. server is
// where the user's sound server listens, if there is one: then it knows best which
// devices are meant.
func FindSound(root fs.FS, server string) Sound {
	pcms, err := fs.ReadFile(root, "proc/asound/pcm") // "00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1"
	if err != nil {
		return Sound{}
	}
	var found Sound
	for line := range strings.Lines(string(pcms)) {
		var card, device int
		if _, err := fmt.Sscanf(line, "%d-%d:", &card, &device); err != nil {
			continue
		}
		pcm := fmt.Sprintf("plughw:%d,%d", card, device)
		plays, captures := strings.Contains(line, ": playback "), strings.Contains(line, ": capture ")
		if captures && found.Microphone == "" {
			found.Microphone, found.Name = pcm, strings.TrimSpace(strings.Split(line, ":")[1])
			if plays { // one clock
				found.Speaker = pcm
			}
		}
		if plays && found.Speaker == "" {
			found.Speaker = pcm
		}
	}
	if found.Microphone == "" {
		return Sound{}
	}
	if _, err := fs.Stat(root, strings.TrimPrefix(server, "/")); err == nil {
		found.Microphone, found.Speaker = "default", "default"
	}
	return found
}
