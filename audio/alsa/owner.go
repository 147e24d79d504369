package alsa

import (
	"bufio"
	"bytes"
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
	case errors.Is(err, unix.ENXIO) && name.Subdevice != Any:
		hint = ": it has no such subdevice"
	case errors.Is(err, fs.ErrNotExist), gone(err):
		return fmt.Errorf("alsa: %s has no %s device: %w (%w)", name, direction, audio.ErrUnplugged, err)
	case errors.Is(err, fs.ErrPermission):
		hint = ": add the user to the group audio"
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EAGAIN):
		hint = ": it is in use" + usedBy("/proc", card, name.Device, direction)
	}
	return fmt.Errorf("alsa: %s %s%s: %w", name, direction, hint, err)
}

// usedBy names the programs that hold a PCM: " by arecord (process 812)".
func usedBy(proc string, card, device int, direction Direction) string {
	letter := "p"
	if direction == Capture {
		letter = "c"
	}
	pattern := filepath.Join(proc, "asound", "card"+strconv.Itoa(card), "pcm"+strconv.Itoa(device)+letter, "sub*", "status")
	files, _ := filepath.Glob(pattern) // the pattern is a good one
	var owners []string
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		thread, ok := ownerOf(status)
		if !ok {
			continue
		}
		owner := "process " + strconv.Itoa(thread)
		if comm, err := os.ReadFile(filepath.Join(proc, strconv.Itoa(thread), "comm")); err == nil {
			owner = strings.TrimSpace(string(comm)) + " (" + owner + ")"
		}
		owners = append(owners, owner)
	}
	if len(owners) == 0 {
		return ""
	}
	return " by " + strings.Join(owners, ", ")
}

// ownerOf is the thread that opened the subdevice whose status file is given; a
// subdevice that nobody holds says only "closed".
func ownerOf(status []byte) (thread int, ok bool) {
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		key, value, found := strings.Cut(lines.Text(), ":")
		if found && strings.TrimSpace(key) == "owner_pid" {
			n, err := strconv.Atoi(strings.TrimSpace(value))
			return n, err == nil && n > 0
		}
	}
	return 0, false
}
