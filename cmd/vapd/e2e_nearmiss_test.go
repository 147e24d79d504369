//go:build !vapd_satellite && cgo && !race

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vapd/audio/wav"
	"vapd/hub/recordings"
	"vapd/protocol/control"
	"vapd/wakeword/train"
	"vapd/wakeword/train/corpus"
)

// keptWake is what 'vapd hub wake list --json' says of one.
type keptWake struct {
	ID     string           `json:"id"`
	File   string           `json:"file"`
	Said   bool             `json:"said"`
	Unsure bool             `json:"unsure"`
	Wake   *recordings.Wake `json:"wake"`
}

func (h *home) keptWakes(t *testing.T) (all []keptWake) {
	t.Helper()
	lines := json.NewDecoder(strings.NewReader(vapdOK(t, "hub", "--control", h.hubReady.Control, "wake", "list", "--json")))
	for lines.More() {
		var k keptWake
		if err := lines.Decode(&k); err != nil {
			t.Fatal(err)
		}
		all = append(all, k)
	}
	return all
}

func (h *home) nearMisses(t *testing.T) control.HubNearMisses {
	t.Helper()
	s, err := control.Call[control.HubStatus](t.Context(), dial(t, h.hubReady.Control), control.MethodHubStatus, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	return s.NearMisses
}

// nearly says something that the satellite nearly takes for "Okay Nabu".
func (h *home) nearly(t *testing.T) {
	t.Helper()
	h.play(silence(1500 * time.Millisecond))
	h.play(spoken(t, "okay boo"))
	h.play(silence(1500 * time.Millisecond))
}

// What nearly wakes a satellite lands on the hub's disk when people allow it, and not when
// they don't, or have closed the microphone. When somebody has listened to it, the trainer
// reads it.
func TestANearMissIsKeptWhereItIsAllowed(t *testing.T) {
	h := newHome(t, "okay_nabu")
	hub := func(args ...string) string {
		return vapdOK(t, append([]string{"hub", "--control", h.hubReady.Control}, args...)...)
	}
	folder := recordings.Folder(filepath.Join(h.dir, "hub"), recordings.Wakes)
	h.nearly(t)
	if s := h.state(); s.Words[0].NearMiss < s.Words[0].Cutoff/2 || s.Words[0].Woke != 0 {
		t.Fatalf("it was no near miss: %+v", s.Words)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) || h.nearMisses(t) != (control.HubNearMisses{}) {
		t.Errorf("nobody has allowed it: %v, %+v", err, h.nearMisses(t))
	}

	hub("privacy", "wakes", "on")
	h.await("a sign that something may be kept", shows)
	h.call(control.MethodKey, control.Key{ID: "switch", Gesture: "down"})
	h.await("mute", func(s control.SatelliteState) bool { return s.Mic.KeyMuted })
	h.nearly(t)
	if n := h.nearMisses(t); n != (control.HubNearMisses{}) || len(h.keptWakes(t)) != 0 {
		t.Errorf("muted: %+v, %+v", n, h.keptWakes(t))
	}
	h.call(control.MethodKey, control.Key{ID: "switch", Gesture: "up"})
	h.await("an open microphone", func(s control.SatelliteState) bool { return !s.Mic.KeyMuted && s.Mic.State == "running" })

	until := func(n int) keptWake {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); len(h.keptWakes(t)) < n; {
			if time.Now().After(deadline) {
				t.Fatalf("%d are kept, want %d: %+v", len(h.keptWakes(t)), n, h.nearMisses(t))
			}
			h.nearly(t) // the bounds let one through in 10 s
		}
		return h.keptWakes(t)[n-1]
	}
	k := until(1)
	if !k.Unsure || k.Said || !k.Wake.NearMiss || k.Wake.Model != "" || filepath.Dir(k.File) != filepath.Join(folder, "unsure") {
		t.Errorf("%+v, %+v", k, k.Wake)
	}
	info, err := os.Stat(k.File)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	f, err := os.Open(k.File)
	if err != nil {
		t.Fatal(err)
	}
	_, samples, err := wav.Read(f)
	if f.Close(); err != nil || len(samples) != 20000 || loudest(samples) < 1000 {
		t.Errorf("%d samples, the loudest %d, %v", len(samples), loudest(samples), err)
	}
	if out := hub("wake", "list"); !strings.Contains(out, "unsure") || !strings.Contains(out, "near miss") || !strings.Contains(out, "no model") {
		t.Errorf("%s", out)
	}
	if out := hub("status"); !strings.Contains(out, "near misses") || !strings.Contains(out, "0 rejected, 1 unsure") {
		t.Errorf("%s", out)
	}

	hub("wake", "good", k.ID)
	h.addLook(t, "hey_mycroft") // which hears no "Okay Nabu"; the hub remembers what is allowed
	h.await("the sign after a restart", shows)
	rejected := until(2)
	if rejected.Unsure || rejected.Said || rejected.Wake.Model != "large" || filepath.Dir(rejected.File) != filepath.Join(folder, "negative") {
		t.Errorf("%+v, %+v", rejected, rejected.Wake)
	}
	good := h.keptWakes(t)[0]
	if good.Unsure || !good.Said || filepath.Dir(good.File) != filepath.Join(folder, "positive", "okay_nabu") {
		t.Errorf("%+v", good)
	}
	set, err := corpus.Gather([]string{filepath.Join(folder, "positive")}, []string{filepath.Join(folder, "negative")}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	of, leftOut, _, err := train.Material(set, "okay nabu")
	if err != nil || len(leftOut) != 0 || len(of.Positives) != 1 || len(of.Negatives) != 1 || of.Positives[0].Path != good.File {
		t.Errorf("the trainer reads %+v, leaves out %v: %v", of, leftOut, err)
	}
	hub("privacy", "delete", "--yes")
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("there is something left: %v", err)
	}
	hub("privacy", "wakes", "off")
	h.await("no sign", func(s control.SatelliteState) bool { return !shows(s) })
	before := h.nearMisses(t)
	h.nearly(t)
	if n := h.nearMisses(t); n != before || len(h.keptWakes(t)) != 0 {
		t.Errorf("no longer allowed: %+v, %+v", n, h.keptWakes(t))
	}
}
