package open

import (
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"vapd/board"
	"vapd/hal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func profile(t *testing.T, id string) board.Profile {
	p, err := board.Find(id)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func statuses(r hal.Report) string {
	var s []string
	for _, d := range r {
		s = append(s, string(d.Status))
	}
	return strings.Join(s, " ")
}

func TestSimulatedBoard(t *testing.T) {
	b, report := Profile(profile(t, board.SimID), slog.New(slog.DiscardHandler))
	defer b.Close()
	if statuses(report) != "loaded loaded loaded" || b.Sim == nil {
		t.Fatalf("got %v", report)
	}
	b.Sim.Set(board.MainKey, true)
	if e := <-b.Keys.Events(); e.Key != board.MainKey || !e.Down {
		t.Errorf("got %+v", e)
	}
	if err := b.Pixels.Show([]hal.Color{{R: 1}}); err != nil || b.Sim.Colors()[0].R != 1 {
		t.Errorf("the LEDs show %v, %v", b.Sim.Colors(), err)
	}
	if e := <-b.Switch.Events(); e.Muted {
		t.Errorf("got %+v", e)
	}
}

func TestBoardWithoutParts(t *testing.T) {
	b, report := Profile(profile(t, board.GenericID), slog.New(slog.DiscardHandler))
	defer b.Close()
	if statuses(report) != "skipped skipped skipped" || b.Sim != nil || b.Pixels.Len() != 0 {
		t.Errorf("got %v", report)
	}
	if err := Darken(profile(t, board.GenericID)); err != nil {
		t.Error(err)
	}
}

// TestBoardWhosePartsFail: the satellite runs without them, and its owner reads why.
func TestBoardWhosePartsFail(t *testing.T) {
	p := profile(t, "respeaker-2mic-v1")
	p.LEDs.SPI.Bus = 77
	p.Keys[0].Line.Chips = []string{"no-such-label"}
	p.MuteSwitch = &board.Switch{Driver: "magic"}
	b, report := Profile(p, slog.New(slog.DiscardHandler))
	if statuses(report) != "failed failed failed" {
		t.Fatalf("got %v", report)
	}
	for i, want := range []string{"dtparam=spi=on", "gpiochip", `no driver "magic"`} {
		if !strings.Contains(report[i].Detail, want) {
			t.Errorf("%v: want a word of %s", report[i], want)
		}
	}
	if err := b.Pixels.Show([]hal.Color{{R: 1}}); err != nil {
		t.Error(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if err := Darken(p); err == nil {
		t.Error("LEDs that can't be reached count as dark")
	}
}
