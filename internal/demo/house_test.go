package demo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vapd/protocol/control"
)

// fakeHouse is a house whose daemons are the test binary.
func openFake(t *testing.T) (*House, *watch, chan string) {
	t.Helper()
	t.Setenv(asDaemon, "1")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	notes := make(chan string, 100)
	w := newWatch(func(text string) { notes <- text })
	cfg := Config{Program: program, Dir: folder(t)}
	h, err := cfg.open(soon(t), w, Sound{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h, w, notes
}

// noted waits for a note with some words in it.
func noted(t *testing.T, notes <-chan string, words string) string {
	t.Helper()
	for late := time.After(20 * time.Second); ; {
		select {
		case n := <-notes:
			if strings.Contains(n, words) {
				return n
			}
		case <-late:
			t.Fatalf("nobody said %q", words)
		}
	}
}

func TestHouseStartsAgainWhatEnds(t *testing.T) {
	h, w, notes := openFake(t)
	noted(t, notes, "fake") // the hub's event
	if err := h.AwaitEngines(soon(t)); err != nil {
		t.Error(err)
	}
	first, err := w.await(soon(t), "satellite", within, func(s control.SatelliteState) bool { return s.ID == "fake" })
	if err != nil {
		t.Fatal(err)
	}
	_ = h.Satellite(soon(t), control.MethodStop, struct{}{}) // it ends with status 75
	if n := noted(t, notes, "satellite"); !strings.Contains(n, "sound card was stuck") {
		t.Errorf("noted: %s", n)
	}
	if _, err := w.await(soon(t), "second satellite", within, func(s control.SatelliteState) bool {
		return s.UptimeMS != first.UptimeMS // its process, in this test
	}); err != nil {
		t.Error(err)
	}
	address := h.HubAddress()
	_, _ = call[any](soon(t), h.hubReady.Control, "crash", struct{}{})
	if n := noted(t, notes, "hub ended"); !strings.Contains(n, "exit status 2") || !strings.Contains(n, "no room for another word") {
		t.Errorf("noted: %s", n)
	}
	noted(t, notes, "fake")
	if !h.HubRuns() || h.HubAddress() != address {
		t.Errorf("a hub at %s: %v, before at %s", h.HubAddress(), h.HubRuns(), address)
	}
	if satellite, hub := h.Resident(); satellite == 0 || hub == 0 {
		t.Errorf("memory %d and %d", satellite, hub)
	}
}

func TestKilledHubStaysAway(t *testing.T) {
	h, _, notes := openFake(t)
	noted(t, notes, "fake")
	h.KillHub()
	h.KillHub() // there is none
	if _, hub := h.Resident(); h.HubRuns() || hub != 0 {
		t.Error("it runs")
	}
	if _, err := h.HubStatus(soon(t)); err == nil {
		t.Error("a dead hub answers")
	}
	for range 2 {
		if err := h.StartHub(soon(t)); err != nil {
			t.Fatal(err)
		}
	}
	noted(t, notes, "fake")
	select {
	case n := <-notes:
		t.Errorf("noted: %s", n)
	default:
	}
}

func TestFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	lock, err := emptyFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	old := filepath.Join(dir, "satellite", "timers.json")
	if err := os.MkdirAll(filepath.Dir(old), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(old, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := emptyFolder(dir); err == nil || !strings.Contains(err.Error(), "another demo") {
		t.Errorf("with a demo in it: %v", err)
	}
	lock.Close()
	if lock, err = emptyFolder(dir); err != nil {
		t.Fatal(err)
	}
	lock.Close()
	if _, err := os.Stat(old); err == nil {
		t.Error("what an earlier demo left is there")
	}
	if err := os.Remove(filepath.Join(dir, mark)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "thesis.tex"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := emptyFolder(dir); err == nil || !strings.Contains(err.Error(), "--dir") {
		t.Errorf("with somebody's thesis in it: %v", err)
	}
}
