package alsa

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

const runningStatus = `state: RUNNING
owner_pid   : 812
trigger_time: 63.181094000
tstamp      : 0.000000000
delay       : 160
avail       : 160
avail_max   : 480
-----
hw_ptr      : 1600
appl_ptr    : 1440
`

func TestField(t *testing.T) {
	for key, want := range map[string]string{"owner_pid": "812", "state": "RUNNING", "owner": "", "": ""} {
		if got := field([]byte(runningStatus), key); got != want {
			t.Errorf("%s: got %q, want %q", key, got, want)
		}
	}
	for _, s := range []string{"", "x", "-1", "0", "99999999999"} {
		if n, ok := processID(s); ok {
			t.Errorf("%q is process %s", s, n)
		}
	}
}

func FuzzField(f *testing.F) {
	f.Add([]byte(runningStatus), "state")
	f.Add([]byte("closed\n"), "owner_pid")
	f.Fuzz(func(t *testing.T, content []byte, key string) {
		if got := field(content, key); strings.Contains(got, "\n") {
			t.Fatalf("%q has several lines", got)
		}
	})
}

func TestBusyNamesWhoHoldsTheDevice(t *testing.T) {
	proc := t.TempDir()
	for path, content := range map[string]string{
		"asound/card2/pcm0c/sub0/status": runningStatus,
		"asound/card2/pcm0c/sub1/status": "closed\n",
		"asound/card2/pcm0p/sub0/status": "owner_pid   : 900\n",
		"812/status":                     "Name:\tarecord\nUmask:\t0022\nTgid:\t811\nPid:\t812\n",
	} {
		path = filepath.Join(proc, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		card      int
		direction Direction
		want      string
	}{
		{2, Capture, " by arecord (process 811)"},
		{2, Playback, " by process 900"},
		{3, Capture, ""},
	} {
		if got := usedBy(proc, c.card, 0, c.direction); got != c.want {
			t.Errorf("card %d %v: got %q, want %q", c.card, c.direction, got, c.want)
		}
	}
}

func TestExplain(t *testing.T) {
	name := Name{Card: "Array", Subdevice: Any}
	for _, c := range []struct {
		err       error
		unplugged bool
		want      string
	}{
		{&os.PathError{Err: unix.ENOENT}, true, "no capture device"},
		{&os.PathError{Err: unix.ENODEV}, true, "no capture device"},
		{&os.PathError{Err: unix.EACCES}, false, "group audio"},
		{&os.PathError{Err: unix.EAGAIN}, false, "in use"},
		{&os.PathError{Err: unix.ENOMEM}, false, "cannot allocate"},
	} {
		got := explain(name, Capture, 99, c.err)
		if errors.Is(got, audio.ErrUnplugged) != c.unplugged || !strings.Contains(got.Error(), c.want) {
			t.Errorf("%v: got %v", c.err, got)
		}
	}
}
