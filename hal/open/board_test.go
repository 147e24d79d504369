//go:build vapd_board

package open

import (
	"log/slog"
	"os"
	"slices"
	"testing"

	"vapd/board"
	"vapd/hal"
)

const lastFrame = "/sys/kernel/debug/vapd-spi/frame"

// TestBoardOpens: all drivers of a real profile load, and LEDs that a crash left lit
// are put out.
func TestBoardOpens(t *testing.T) {
	p := profile(t, "respeaker-2mic-v2")
	b, report := Profile(p, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if statuses(report) != "loaded loaded skipped" {
		t.Fatalf("got\n%v", report)
	}
	dark := frame(t)
	if err := b.Pixels.Show([]hal.Color{{R: 255}}); err != nil {
		t.Fatal(err)
	}
	if slices.Equal(frame(t), dark) {
		t.Fatal("the LED did not light")
	}
	// The satellite crashes here; its service manager cleans up.
	if err := Darken(p); err != nil || !slices.Equal(frame(t), dark) {
		t.Errorf("%v, and the LEDs show % x", err, frame(t))
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if again, _ := board.Find(p.ID); again.LEDs.Count != b.Pixels.Len() {
		t.Errorf("%d LEDs", b.Pixels.Len())
	}
}

func frame(t *testing.T) []byte {
	b, err := os.ReadFile(lastFrame)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
