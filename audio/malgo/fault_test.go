//go:build cgo && linux

package malgo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

// A microphone that stops without a word, or is pulled out, is noticed; the same
// Device and process open it again.
func TestDeadMicrophoneIsNoticed(t *testing.T) {
	for _, fault := range []string{"stall_ms 300", "unplug_ms 300"} {
		t.Run(fault, func(t *testing.T) {
			faulty(t, "channels 2 "+fault)
			d := newDevice(t, Config{Capture: &Stream{PCM: "faulty"}, Stall: 400 * time.Millisecond})
			for run := int64(1); run <= 2; run++ {
				frames := 0
				var last time.Time
				err := d.Run(t.Context(), func(in, _ audio.Block) {
					frames += in.Frames()
					last = time.Now()
				})
				if !errors.Is(err, audio.ErrStalled) {
					t.Fatalf("run %d: got %v, want %v", run, err, audio.ErrStalled)
				}
				if silent := time.Since(last); silent > 10*time.Second {
					t.Errorf("run %d: noticed after %v", run, silent)
				}
				if frames == 0 {
					t.Errorf("run %d: no frames came before", run)
				}
				if s := d.Stats(); s.Stalls != run {
					t.Errorf("run %d: counted %+v", run, s)
				}
			}
		})
	}
}

func TestOverrunIsCounted(t *testing.T) {
	faulty(t, "channels 1")
	d := newDevice(t, Config{Capture: &Stream{PCM: "faulty"}, Late: 100 * time.Millisecond, Stall: 5 * time.Second})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	blocks := 0
	var before Stats // a busy machine may lose some, too
	err := d.Run(ctx, func(in, _ audio.Block) {
		if blocks++; blocks == 250 {
			before = d.Stats()
			time.Sleep(500 * time.Millisecond) // a consumer that is late
		}
		if blocks > 250 && d.Stats().Overruns > before.Overruns || blocks > 1000 {
			cancel()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	s := d.Stats()
	if s.Overruns == before.Overruns || s.Lost-before.Lost < 4800 || s.LongestGap < 400*time.Millisecond {
		t.Fatalf("half a second late, counted %+v, before %+v", s, before)
	}
}

// stuckChild runs a device that can't be stopped in a process of its own and watches
// that process end.
func stuckChild(t *testing.T, kind string) (code int, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+kind)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("the process did not end: %s", &out)
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("the process ended with %v: %s", err, &out)
	}
	return exit.ExitCode(), out.String()
}

// Stopped, the thread that spins on the dead PCM would run through memory: with both
// directions miniaudio takes the error for a number of frames.
func TestSpinningThreadEndsTheProcess(t *testing.T) {
	faulty(t, "channels 2 unplug_ms 300")
	code, said := stuckChild(t, "both")
	if code != 75 || !strings.Contains(said, "running") || !strings.Contains(said, "its thread spins: "+audio.ErrStuck.Error()) {
		t.Fatalf("exit code %d, want 75: %s", code, said)
	}
}

// A PCM whose read never returns: a FIFO that is open, and nobody writes.
func TestHangingThreadEndsTheProcess(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "microphone.fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	feeder, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer feeder.Close()
	if _, err := feeder.Write(make([]byte, 3200)); err != nil {
		t.Fatal(err)
	}
	withConf(t, `pcm.faulty { type file slave.pcm { type null } file "/dev/null" infile "`+fifo+`" format raw }`+"\n")
	code, said := stuckChild(t, "microphone")
	if code != 75 || !strings.Contains(said, "running") || !strings.Contains(said, "does not stop within 1s: "+audio.ErrStuck.Error()) {
		t.Fatalf("exit code %d, want 75: %s", code, said)
	}
}
