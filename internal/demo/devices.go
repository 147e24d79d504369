package demo

import (
	"fmt"
	"io/fs"
	"strings"
)

// Microphone looks for a machine's own microphone in /proc/asound of the file system
// given (os.DirFS("/")) and returns the PCMs to listen and to speak with, "" for what
// there is not. sound is where the user's sound server
// listens, if there is one: then it knows best which device is meant.
func Microphone(root fs.FS, sound string) (microphone, speaker string) {
	pcms, err := fs.ReadFile(root, "proc/asound/pcm") // "00-00: ALC257 Analog : ALC257 Analog : playback 1 : capture 1"
	if err != nil {
		return "", ""
	}
	for line := range strings.Lines(string(pcms)) {
		var card, device int
		if _, err := fmt.Sscanf(line, "%d-%d:", &card, &device); err != nil {
			continue
		}
		pcm := fmt.Sprintf("plughw:%d,%d", card, device)
		if strings.Contains(line, ": playback ") && speaker == "" {
			speaker = pcm
		}
		if !strings.Contains(line, ": capture ") || microphone != "" {
			continue
		}
		microphone = pcm
		if strings.Contains(line, ": playback ") { // of the same card: one clock
			speaker = pcm
		}
	}
	if microphone == "" {
		return "", ""
	}
	if _, err := fs.Stat(root, strings.TrimPrefix(sound, "/")); sound != "" && err == nil {
		return "default", "default"
	}
	return microphone, speaker
}
