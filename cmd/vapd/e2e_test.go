//go:build !vapd_satellite && cgo && !race

package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vapd/audio"
	"vapd/audio/audiotest"
	"vapd/audio/wav"
	"vapd/hub/speech"
	"vapd/hub/speech/flite"
	"vapd/internal/netsim"
	"vapd/internal/sharedtest"
	"vapd/protocol/control"
)

// The tests of the main job leave the race detector out (its own tests cover the same
// code): a satellite that is ten times slower than real time is no satellite.

// home is a hub and a satellite, in two processes, and the room around them.
type home struct {
	t        *testing.T
	dir      string
	card     *audiotest.Card
	hub      *daemonProcess
	sat      *daemonProcess
	hubReady control.HubReady
	satReady control.SatelliteReady
	satArgs  []string
	network  *netsim.Proxy

	mu    sync.Mutex
	heard []int16 // by the person: what the speaker played
}

// newHome starts a hub and a satellite in a room of its own. pack is a wake word pack
// of the reference data, "" for none.
func newHome(t *testing.T, pack string, satArgs ...string) *home {
	t.Helper()
	h := &home{t: t, dir: t.TempDir()}
	h.startHub("127.0.0.1:0")
	t.Cleanup(func() { _ = h.hub.stop(syscall.SIGTERM) })
	h.furnish(pack, satArgs)
	return h
}

// neighbour is another satellite of the same hub, in a room of its own.
func (h *home) neighbour(pack string) *home {
	h.t.Helper()
	n := &home{t: h.t, dir: h.t.TempDir(), hub: h.hub, hubReady: h.hubReady}
	n.furnish(pack, nil)
	return n
}

// furnish makes the room, and starts the satellite in it.
func (h *home) furnish(pack string, satArgs []string) {
	t := h.t
	t.Helper()
	format := audio.Format{Rate: audio.WakeRate, Channels: 1}
	card, err := audiotest.New(audiotest.Config{
		Dir: h.dir, Microphone: format, Speaker: format,
		Heard: func(s []int16) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.heard = append(h.heard, s...)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	h.card = card
	t.Cleanup(card.Close)
	state := filepath.Join(h.dir, "satellite")
	if pack != "" {
		out, err := vapdOutput("wake", "--packs", filepath.Join(state, "wake"), "add", sharedtest.Path(t, "models", pack+".json"))
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	} else {
		satArgs = append([]string{"--set", `wake=[{file = "none"}]`}, satArgs...)
	}
	hubAddr := netip.MustParseAddrPort(h.hubReady.CoAP)
	if h.network, err = netsim.Listen(netsim.Config{Hub: hubAddr, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.network.Close() })
	h.satArgs = append([]string{
		"satellite", "--hub", h.network.Addr().String(), "--profile", "sim", "--state", state,
		"--control", filepath.Join(h.dir, "satellite.sock"),
		"--set", "capture.pcm=default", "--set", "playback.pcm=default", "--set", "log_level=DEBUG",
	}, satArgs...)
	h.startSatellite()
	t.Cleanup(func() {
		_ = h.sat.stop(syscall.SIGTERM)
		if t.Failed() {
			t.Logf("hub:\n%s\nsatellite:\n%s", h.hub.tail(), h.sat.tail())
		}
	})
}

func (h *home) startSatellite() {
	h.t.Helper()
	h.sat = startDaemon(h.t, []string{h.card.Env()}, filepath.Join(h.dir, "satellite.log"), &h.satReady, h.satArgs...)
	h.await("the link", func(s control.SatelliteState) bool { return s.Link.State == "up" && s.Mic.State == "running" })
}

func (h *home) startHub(listen string, more ...string) {
	h.t.Helper()
	h.hub = startDaemon(h.t, nil, filepath.Join(h.dir, "hub.log"), &h.hubReady, append([]string{
		"hub", "--control", filepath.Join(h.dir, "hub.sock"), "run", "--listen", listen, "--state", filepath.Join(h.dir, "hub"),
	}, more...)...)
	c := dial(h.t, h.hubReady.Control)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		s, err := control.Call[control.HubStatus](h.t.Context(), c, control.MethodHubStatus, struct{}{})
		if err != nil {
			h.t.Fatal(err)
		}
		ready := 0
		for _, e := range s.Engines {
			if e.State == string(speech.Ready) {
				ready++
			}
		}
		if ready == len(s.Engines) {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("engines: %+v", s.Engines)
		}
	}
}

func dial(t *testing.T, path string) *control.Client {
	t.Helper()
	c, err := control.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func (h *home) state() control.SatelliteState {
	h.t.Helper()
	s, err := satelliteState(h.t.Context(), h.satReady.Control)
	if err != nil {
		h.t.Fatal(err)
	}
	return s
}

// await waits until the satellite is as wanted, for 20 s at most.
func (h *home) await(what string, wanted func(control.SatelliteState) bool) control.SatelliteState {
	h.t.Helper()
	return awaitSatellite(h.t, h.satReady.Control, what, wanted)
}

func (h *home) call(method string, params any) {
	h.t.Helper()
	c := dial(h.t, h.satReady.Control)
	if _, err := control.Call[any](h.t.Context(), c, method, params); err != nil {
		h.t.Fatal(err)
	}
}

// play lets somebody in the room say something.
func (h *home) play(samples []int16) {
	h.t.Helper()
	if err := h.card.Microphone.Play(h.t.Context(), samples); err != nil {
		h.t.Fatal(err)
	}
}

// played is the sound that came out of the speaker, and forgets it.
func (h *home) played() []int16 {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.heard
	h.heard = nil
	return s
}

// spoken is a sentence in a voice.
func spoken(t *testing.T, text string) []int16 {
	t.Helper()
	return spokenBy(t, "rms", text)
}

// spokenBy is a sentence in one of Flite's voices.
func spokenBy(t *testing.T, voice, text string) []int16 {
	t.Helper()
	s, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	var samples []int16
	if err := s.Say(text, voice, func(p speech.Piece) error { samples = append(samples, p.Samples...); return nil }); err != nil {
		t.Fatal(err)
	}
	return samples
}

// recording is a WAV file of the reference data.
func recording(t *testing.T, elem ...string) []int16 {
	t.Helper()
	data, err := os.ReadFile(sharedtest.Path(t, elem...))
	if err != nil {
		t.Fatal(err)
	}
	_, samples, err := wav.Read(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return samples
}

func silence(d time.Duration) []int16 { return make([]int16, audio.WakeRate.Frames(d)) }

func loudest(samples []int16) (peak int16) {
	for _, s := range samples {
		peak = max(peak, s)
	}
	return peak
}

func TestASpokenQuestionIsAnsweredOutOfTheSpeaker(t *testing.T) {
	h := newHome(t, "okay_nabu")
	h.play(silence(1500 * time.Millisecond)) // a Detector that starts listens for a second first
	h.played()
	h.order(t, "what time is it")
	s := h.answered(1)
	if s.Turn.Heard != "what time is it" || !strings.HasPrefix(s.Turn.Answer, "It is ") || s.Turn.Word == "" {
		t.Errorf("turn %+v", s.Turn)
	}
	if s.Turn.PreRollMS < 500 || s.Turn.Latency.WordToFragment < 0 || s.Turn.Latency.HeardToAnswer < 0 {
		t.Errorf("turn %+v", s.Turn)
	}
	if p := loudest(h.played()); p < 1000 {
		t.Errorf("the loudest sample of the answer is %d", p)
	}
}

// order says the wake word and a sentence.
func (h *home) order(t *testing.T, sentence string) {
	t.Helper()
	h.play(spoken(t, "okay nabu"))
	h.play(silence(300 * time.Millisecond))
	h.play(spoken(t, sentence))
}

// answered waits for the answer to turn n.
func (h *home) answered(n uint32) control.SatelliteState {
	h.t.Helper()
	return h.await(fmt.Sprintf("answer to turn %d", n), func(s control.SatelliteState) bool {
		return s.Turn.N >= n && s.Turn.State == "idle"
	})
}

func TestWithoutTheWakeWordNothingHappens(t *testing.T) {
	h := newHome(t, "okay_nabu")
	h.play(silence(1500 * time.Millisecond))
	h.play(spoken(t, "set a timer for five minutes"))
	h.play(recording(t, "golden", "wake", "speech_librispeech.wav"))
	h.play(silence(500 * time.Millisecond))
	if s := h.state(); s.Turn.N != 0 || s.Words[0].Woke != 0 {
		t.Errorf("it woke: %+v %+v", s.Turn, s.Words)
	}
}

func TestMutedNothingIsHeard(t *testing.T) {
	h := newHome(t, "okay_nabu")
	h.call(control.MethodKey, control.Key{ID: "switch", Gesture: "down"})
	h.await("mute", func(s control.SatelliteState) bool { return s.Mic.KeyMuted })
	h.await("a closed microphone", func(control.SatelliteState) bool { return !h.card.Microphone.Listening() })
	h.call(control.MethodMute, control.Switch{On: false}) // the network has no say in it
	_, before := h.network.Status(netsim.Up)
	h.order(t, "what time is it")
	_, after := h.network.Status(netsim.Up)
	if s := h.state(); s.Turn.N != 0 || !s.Mic.KeyMuted {
		t.Errorf("turn %+v, mic %+v", s.Turn, s.Mic)
	}
	// A sign of life every 2 s goes on; one fragment alone is longer than all of them.
	if n := after.Bytes - before.Bytes; n > 400 {
		t.Errorf("muted, %d bytes left the satellite", n)
	}
	h.call(control.MethodKey, control.Key{ID: "switch", Gesture: "up"})
	h.await("sound", func(s control.SatelliteState) bool { return !s.Mic.KeyMuted && s.Mic.State == "running" })
	h.play(silence(1500 * time.Millisecond))
	h.order(t, "what time is it")
	if s := h.answered(1); s.Turn.Heard != "what time is it" {
		t.Errorf("turn %+v", s.Turn)
	}
}

func TestASentenceIsTyped(t *testing.T) {
	h := newHome(t, "")
	out, err := vapdOutput("satellite", "say", "what", "day", "is", "it", "--control", h.satReady.Control)
	if err != nil || !strings.HasPrefix(out, "It is ") {
		t.Errorf("%v: %s", err, out)
	}
	out, err = vapdOutput("satellite", "say", "colourless green ideas", "--control", h.satReady.Control)
	if err != nil || out == "" {
		t.Errorf("%v: %s", err, out)
	}
}

func TestATimerRingsWithoutTheHub(t *testing.T) {
	h := newHome(t, "okay_nabu")
	h.play(silence(1500 * time.Millisecond))
	h.order(t, "set a timer for five seconds")
	if s := h.answered(1); len(s.Timers) != 1 || s.Timers[0].TotalMS != 5000 {
		t.Fatalf("timers %+v, turn %+v", s.Timers, s.Turn)
	}
	if err := h.hub.stop(syscall.SIGKILL); err == nil {
		t.Fatal("the hub was not killed")
	}
	h.await("loss of the hub", func(s control.SatelliteState) bool { return s.Link.State == "searching" })
	h.await("ring", func(s control.SatelliteState) bool { return len(s.Timers) == 1 && s.Timers[0].Ringing })
	h.played()
	time.Sleep(3 * time.Second) // of alarm, and of its pauses
	if p := loudest(h.played()); p < 1000 {
		t.Errorf("the loudest sample of the alarm is %d", p)
	}
	h.call(control.MethodStop, struct{}{})
	h.await("silence", func(s control.SatelliteState) bool { return len(s.Timers) == 0 })
}

func TestTheHubDiesInMidSessionAndComesBack(t *testing.T) {
	h := newHome(t, "okay_nabu")
	h.play(silence(1500 * time.Millisecond))
	h.play(spoken(t, "okay nabu"))
	h.await("session", func(s control.SatelliteState) bool { return s.Turn.State == "listening" && s.Turn.Acknowledged > 0 })
	_ = h.hub.stop(syscall.SIGKILL)
	h.play(spoken(t, "what time is it"))
	s := h.await("end of the turn", func(s control.SatelliteState) bool { return s.Turn.State == "idle" })
	if s.Turn.Error == "" || s.Turn.Answer != "" {
		t.Errorf("turn %+v", s.Turn)
	}
	h.startHub(h.hubReady.CoAP)
	h.await("the link", func(s control.SatelliteState) bool { return s.Link.State == "up" })
	h.order(t, "what time is it")
	if s := h.answered(2); s.Turn.Heard != "what time is it" {
		t.Errorf("turn %+v", s.Turn)
	}
}

func TestTheSatelliteKeepsTimersOverItsDeath(t *testing.T) {
	h := newHome(t, "")
	h.call(control.MethodSay, control.Say{Text: "set a timer for one hour"})
	h.await("timer", func(s control.SatelliteState) bool { return len(s.Timers) == 1 })
	_ = h.sat.stop(syscall.SIGKILL)
	h.startSatellite()
	s := h.await("the timer of before", func(s control.SatelliteState) bool { return len(s.Timers) == 1 && s.Link.State == "up" })
	if s.Timers[0].RemainingMS > 3600_000 || s.Timers[0].RemainingMS < 3500_000 {
		t.Errorf("timers %+v", s.Timers)
	}
	known, err := control.Call[[]control.HubClient](t.Context(), dial(t, h.hubReady.Control), control.MethodClients, struct{}{})
	if err != nil || len(known) != 1 || !known[0].Connected {
		t.Errorf("clients %+v, %v", known, err)
	}
}

func TestABadNetworkLosesNoWord(t *testing.T) {
	h := newHome(t, "okay_nabu")
	for _, d := range []netsim.Direction{netsim.Up, netsim.Down} {
		if err := h.network.Set(d, func(i *netsim.Impairment) {
			i.Loss, i.Duplicate, i.Reorder = 0.1, 0.05, 0.05
			i.Delay, i.Jitter = 15*time.Millisecond, 10*time.Millisecond
		}); err != nil {
			t.Fatal(err)
		}
	}
	h.play(silence(1500 * time.Millisecond))
	for n, sentence := range []string{"set a timer for five minutes", "what time is it", "how long is left"} {
		h.played()
		h.order(t, sentence)
		s := h.answered(uint32(n + 1))
		if s.Turn.Heard != sentence || s.Turn.Answer == "" || s.Turn.Error != "" {
			t.Errorf("%s: turn %+v", sentence, s.Turn)
		}
		if s.Turn.Repeated == 0 {
			t.Errorf("%s: of %d fragments none was lost: the network is too good", sentence, s.Turn.Sent)
		}
		if p := loudest(h.played()); p < 1000 {
			t.Errorf("%s: the loudest sample of the answer is %d", sentence, p)
		}
		h.play(silence(time.Second))
	}
}

func TestOneOfTwoSatellitesAnswers(t *testing.T) {
	kitchen := newHome(t, "okay_nabu")
	hall := kitchen.neighbour("okay_nabu")
	both := func(samples []int16, quieter int) {
		t.Helper()
		far := make([]int16, len(samples))
		for i, s := range samples {
			far[i] = s / int16(quieter)
		}
		var wg sync.WaitGroup
		for room, sound := range map[*home][]int16{kitchen: samples, hall: far} {
			wg.Go(func() {
				if err := room.card.Microphone.Play(t.Context(), sound); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	// A room is never quite silent: without noise, no distance can be heard.
	noise := func(d time.Duration) []int16 {
		s := silence(d)
		for i := range s {
			s[i] = int16(i*7919%41 - 20)
		}
		return s
	}
	both(noise(2*time.Second), 1)
	both(spoken(t, "okay nabu"), 4)
	both(noise(300*time.Millisecond), 1)
	both(spoken(t, "what time is it"), 4)
	near, far := kitchen.answered(1), hall.answered(1)
	if near.Turn.Heard != "what time is it" || near.Turn.Error != "" {
		t.Errorf("the kitchen: %+v", near.Turn)
	}
	if far.Turn.Answer != "" || !strings.Contains(far.Turn.Error, "focusLost") {
		t.Errorf("the hall: %+v", far.Turn)
	}
	status, err := control.Call[control.HubStatus](t.Context(), dial(t, kitchen.hubReady.Control), control.MethodHubStatus, struct{}{})
	if err != nil || status.Turns.Heard != 1 || status.Turns.FocusLost != 1 {
		t.Errorf("hub %+v, %v", status, err)
	}
}
