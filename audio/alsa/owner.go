package alsa

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

// explain says why a PCM could not be opened, and what helps.
func explain(name Name, direction Direction, card int, err error) error {
	var hint string
	switch {
	case errors.Is(err, fs.ErrNotExist), gone(err):
		return fmt.Errorf("alsa: %s has no %s device: %w (%w)", name, direction, audio.ErrUnplugged, err)
	case errors.Is(err, fs.ErrPermission):
		hint = ": add the user to the group audio"
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EAGAIN):
		hint = ": it is in use" + usedBy("/proc", card, name.Device, direction)
		if name.Subdevice != Any && !exists("/proc", card, name, direction) {
			hint = ": it has no such subdevice"
		}
	}
	return fmt.Errorf("alsa: %s %s%s: %w", name, direction, hint, err)
}

// usedBy names the programs that hold a PCM: " by arecord (process 812)".
func usedBy(proc string, card, device int, direction Direction) string {
	files, _ := filepath.Glob(filepath.Join(procFolder(proc, card, device, direction), "sub*", "status")) // a good pattern
	var owners []string
	for _, file := range files {
		thread, ok := processID(fieldOf(file, "owner_pid"))
		if !ok {
			continue // nobody holds this one
		}
		status := filepath.Join(proc, thread, "status")
		owner := "process " + thread
		if process, ok := processID(fieldOf(status, "Tgid")); ok {
			owner = fieldOf(status, "Name") + " (process " + process + ")"
		}
		owners = append(owners, owner)
	}
	if len(owners) == 0 {
		return ""
	}
	return " by " + strings.Join(owners, ", ")
}

// procFolder is where the kernel describes a PCM.
func procFolder(proc string, card, device int, direction Direction) string {
	return filepath.Join(proc, "asound", "card"+strconv.Itoa(card), "pcm"+strconv.Itoa(device)+direction.letter())
}

// exists reports whether a PCM has the subdevice of name. Opening one that it lacks
// fails as if it were in use.
func exists(proc string, card int, name Name, direction Direction) bool {
	_, err := os.Stat(filepath.Join(procFolder(proc, card, name.Device, direction), "sub"+strconv.Itoa(name.Subdevice)))
	return err == nil
}

// fieldOf is a value in a file of lines "key: value", empty when it is not there.
func fieldOf(file, key string) string {
	content, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return field(content, key)
}

func field(content []byte, key string) string {
	for line := range strings.Lines(string(content)) {
		if k, value, _ := strings.Cut(line, ":"); strings.TrimSpace(k) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// processID is s if it is the number of a process or thread.
func processID(s string) (string, bool) {
	n, err := strconv.ParseUint(s, 10, 31)
	return s, err == nil && n > 0
}
