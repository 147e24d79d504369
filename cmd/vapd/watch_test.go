//go:build cgo && linux

package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vapd/audio"
	"vapd/audio/audiotest"
	"vapd/internal/metrics/metricstest"
	"vapd/internal/trace"
	"vapd/protocol/control"
)

// freePort is an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// What can be seen of one turn, on both sides: its trace, and what Prometheus fetches.
func TestWatchATurn(t *testing.T) {
	home := emptyHome(t)
	format := audio.Format{Rate: 16000, Channels: 1}
	newCard(t, audiotest.Config{Microphone: format, Speaker: format})
	hubAt, satelliteAt := freePort(t), freePort(t)
	var hub control.HubReady
	h := startDaemon(t, nil, filepath.Join(home, "hub.log"), &hub, "hub", "run", "--listen", "127.0.0.1:0",
		"--set", "discoverable=false", "--set", "speech.stt=none", "--set", "metrics="+hubAt)
	defer func() { _ = h.stop(syscall.SIGKILL) }()
	var satellite control.SatelliteReady
	s := startDaemon(t, nil, filepath.Join(home, "satellite.log"), &satellite, "satellite", "run", "--profile", "sim",
		"--hub", hub.CoAP, "--set", "metrics="+satelliteAt)
	defer func() { _ = s.stop(syscall.SIGKILL) }()
	awaitSatellite(t, satellite.Control, "link", func(v control.SatelliteState) bool {
		return v.Link.State == "up" && v.Mic.State == "running"
	})
	if out, err := vapdOutput("satellite", "say", "what", "time", "is", "it"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	awaitSatellite(t, satellite.Control, "end of the turn", func(v control.SatelliteState) bool { return v.Turn.State == "idle" })

	want := map[trace.Side][]string{
		trace.Hub: {trace.SessionStart, trace.FirstFragment, trace.Grant, trace.Transcript, trace.Understood, trace.FirstAudio, trace.AnswerSent},
		trace.Satellite: {
			trace.FirstSent, trace.Granted, trace.HeardEnough, trace.Answered, trace.FirstPiece, trace.PlaybackBegan, trace.PlaybackEnded,
		},
	}
	one := awaitTrace(t)
	has := make(map[string]bool)
	for _, step := range one.Steps {
		has[string(step.Side)+" "+step.Name] = true
	}
	for side, names := range want {
		for _, name := range names {
			if !has[string(side)+" "+name] {
				t.Errorf("no step %q of the %s in %+v", name, side, one)
			}
		}
	}
	if d, ok := one.Between(trace.AnswerSent, trace.Answered); !ok || d < -20*time.Millisecond || d > time.Second {
		t.Errorf("the answer took %v from hub to satellite on one machine", d)
	}
	if one.Result != "answered" || one.ClockSeconds == nil || *one.ClockSeconds > 0.1 || *one.ClockSeconds < -0.1 {
		t.Errorf("result %q, clocks apart by %v", one.Result, one.ClockSeconds)
	}
	for _, part := range []string{"hub", "satellite"} {
		out, err := vapdOutput(part, "trace")
		if err != nil || !strings.Contains(out, "answered") || strings.Contains(out, "what time") {
			t.Errorf("%v: %s", err, out)
		}
	}
	scrape(t, hubAt, "vapd_hub_satellites 1\n", `vapd_hub_turns_total{result="understood"} 1`, `vapd_hub_sent_datagrams_total{socket="plain"}`)
	scrape(t, satelliteAt, "vapd_satellite_link_up 1\n", `vapd_satellite_turns_total{result="answered"} 1`, "vapd_satellite_heard_to_answer_seconds_count 1\n")
}

// awaitTrace is the hub's trace once the satellite's half has come.
func awaitTrace(t *testing.T) trace.Trace {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		out, err := vapdOutput("hub", "trace", "--json")
		var all []trace.Trace
		if err == nil {
			err = json.Unmarshal([]byte(out), &all)
		}
		if err == nil && len(all) == 1 && all[0].ClockSeconds != nil {
			return all[0]
		}
		if time.Now().After(deadline) {
			t.Fatalf("no trace of both sides: %v: %s", err, out)
		}
	}
}

// scrape fetches measurements, has Prometheus' own library read them, and looks for some.
func scrape(t *testing.T, at string, want ...string) {
	t.Helper()
	resp, err := http.Get("http://" + at + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range want {
		if !strings.Contains(string(text), w) {
			t.Errorf("%s has no %q:\n%s", at, w, text)
		}
	}
	metricstest.Check(t, text)
}
