package speech_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"vapd/hub/skills/home"
	"vapd/hub/speech"
)

// startEngine runs the test's own program as the engine name, and starts run on it.
func startEngine(t *testing.T, name string, ready func(*speech.Engine)) *speech.Engine {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	e := speech.NewEngine(speech.EngineConfig{
		Name: name, Most: 2, Logger: logger,
		Dial: speech.Process(logger, "/usr/bin/env", engineVariable+"="+name, self),
	})
	ready(e)
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() { e.Run(ctx) })
	t.Cleanup(func() { cancel(); done.Wait() })
	return e
}

// startRecognizer runs an engine that recognizes.
func startRecognizer(t *testing.T, name string) (r *speech.EngineRecognizer, e *speech.Engine) {
	own, err := home.New()
	if err != nil {
		t.Fatal(err)
	}
	e = startEngine(t, name, func(e *speech.Engine) { r = speech.NewRecognizer(e, own.Grammar) })
	return r, e
}

// startSynthesizer runs flite.
func startSynthesizer(t *testing.T) (s speech.Synthesizer, e *speech.Engine) {
	e = startEngine(t, "flite", func(e *speech.Engine) { s = speech.NewSynthesizer(e) })
	return s, e
}

// say is text as sound.
func say(t *testing.T, s speech.Synthesizer, text, voice string) []int16 {
	t.Helper()
	var out []int16
	err := s.Speak(t.Context(), text, voice, func(p speech.Piece) error {
		if p.Format.Rate != 16000 || p.Format.Channels != 1 {
			t.Fatalf("%s speaks at %s", voice, p.Format)
		}
		out = append(out, p.Samples...)
		return nil
	})
	if err != nil {
		t.Fatalf("say %q: %v (is libflite1 installed?)", text, err)
	}
	return out
}

// The whole of it: a sentence is said by one child process, its end is found, and
// another process writes it down.
func TestSaidAndHeard(t *testing.T) {
	synthesizer, _ := startSynthesizer(t)
	recognizer, engine := startRecognizer(t, "pocketsphinx")
	word := say(t, synthesizer, "okay", "")
	for _, want := range []string{"set a timer for twenty five minutes", "what time is it", "stop"} {
		room := noise(second)
		room = append(room, word...)
		end := int64(len(room))
		room = append(room, noise(second/4)...)
		room = append(room, say(t, synthesizer, want, "")...)
		room = append(room, noise(2*second)...)
		l := speech.NewListener(recognizer, speech.DefaultEndpointConfig, speech.Span{From: second, To: end})
		ended := speech.Endpoint{}
		for i := 0; i < len(room) && ended.Kind == 0; i += 320 {
			for _, p := range l.Write(room[i:min(i+320, len(room))]) {
				if p.Kind != speech.Began {
					ended = p
				}
			}
		}
		if ended.Kind != speech.Ended {
			t.Errorf("%q ended as %d at %d", want, ended.Kind, ended.At)
		}
		got, err := l.Finish(t.Context())
		if err != nil || got.Text != want || !got.Accepted {
			t.Errorf("%q was heard as %+v, %v", want, got, err)
		}
		l.Close()
	}
	if h := engine.Health(); h.State != speech.Ready || h.Crashes != 0 || h.Detail != "" {
		t.Errorf("health is %+v", h)
	}
}

// noise is the quiet hiss of a room.
func noise(n int) []int16 {
	out := make([]int16, n)
	seed := uint32(1)
	for i := range out {
		seed = seed*1664525 + 1013904223
		out[i] = int16(seed>>28) - 8
	}
	return out
}

func TestCrashInMidUtterance(t *testing.T) {
	r, engine := startRecognizer(t, "crash")
	u := r.Listen()
	defer u.Close()
	u.Write(make([]int16, 320))
	u.Write([]int16{32767})
	select {
	case <-u.Failed():
	case <-time.After(20 * time.Second):
		t.Fatal("nobody told that the engine crashed")
	}
	if _, err := u.Finish(t.Context()); !errors.Is(err, speech.ErrCrashed) || !strings.Contains(err.Error(), "segmentation") {
		t.Errorf("the error is %v", err)
	}
	// It is there again for the next one, who need not know.
	next := r.Listen()
	defer next.Close()
	next.Write(make([]int16, 700))
	got, err := next.Finish(t.Context())
	if want := (speech.Transcript{Text: "700", Score: -1, Accepted: true}); err != nil || got != want {
		t.Errorf("after the crash: %+v, %v", got, err)
	}
	if !next.Partial().Complete {
		t.Errorf("partial is %+v", next.Partial())
	}
	if h := engine.Health(); h.State != speech.Ready || h.Crashes != 1 {
		t.Errorf("health is %+v", h)
	}
}

// An error of the engine is the utterance's alone.
func TestErrorOfAnUtterance(t *testing.T) {
	r, engine := startRecognizer(t, "crash")
	u := r.Listen()
	defer u.Close()
	u.Write([]int16{-1})
	if _, err := u.Finish(t.Context()); err == nil || !strings.Contains(err.Error(), "never negative") {
		t.Errorf("the error is %v", err)
	}
	next := r.Listen()
	defer next.Close()
	if got, err := next.Finish(t.Context()); err != nil || got.Text != "0" {
		t.Errorf("after the error: %+v, %v", got, err)
	}
	if h := engine.Health(); h.Crashes != 0 {
		t.Errorf("health is %+v", h)
	}
}

func TestMissingModel(t *testing.T) {
	r, engine := startRecognizer(t, "no model")
	u := r.Listen()
	defer u.Close()
	if _, err := u.Finish(t.Context()); !errors.Is(err, speech.ErrUnavailable) {
		t.Errorf("the error is %v", err)
	}
	h := engine.Health()
	if h.State != speech.Missing || !strings.Contains(h.Detail, "install pocketsphinx-en-us") {
		t.Errorf("health is %+v", h)
	}
}

// More utterances than the engine may have processes: one is refused, the others are
// not disturbed, and nothing of an utterance that was closed gets into the next.
func TestManyUtterances(t *testing.T) {
	r, _ := startRecognizer(t, "crash")
	first, second := r.Listen(), r.Listen()
	defer first.Close()
	for n := range 3 {
		first.Write(make([]int16, 100*(n+1)))
		second.Write(make([]int16, 10))
	}
	if got, err := second.Finish(t.Context()); err != nil || got.Text != "30" {
		t.Errorf("second: %+v, %v", got, err)
	}
	second.Close()
	given := r.Listen()
	given.Write(make([]int16, 5))
	given.Close()
	if _, err := given.Finish(t.Context()); err == nil {
		t.Error("a closed utterance has a transcript")
	}
	third := r.Listen()
	if got, err := third.Finish(t.Context()); err == nil && got.Text != "0" || err != nil && !errors.Is(err, speech.ErrBusy) {
		t.Errorf("third: %+v, %v", got, err)
	}
	third.Close()
	if got, err := first.Finish(t.Context()); err != nil || got.Text != "600" {
		t.Errorf("first: %+v, %v", got, err)
	}
}

// A listener who leaves in mid-sentence leaves the engine in good order.
func TestBargeIn(t *testing.T) {
	s, engine := startSynthesizer(t)
	enough := errors.New("enough")
	pieces := 0
	err := s.Speak(t.Context(), "this is a rather long sentence, and nobody wants to hear all of it", "", func(speech.Piece) error {
		pieces++
		return enough
	})
	if !errors.Is(err, enough) || pieces != 1 {
		t.Errorf("%d pieces, %v", pieces, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.Speak(ctx, "another sentence that is cut off", "", func(speech.Piece) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cut off: %v", err)
	}
	if n := len(say(t, s, "stop", "rms")); n < second/5 || n > second*2 {
		t.Errorf("stop takes %d samples", n)
	}
	if err := s.Speak(t.Context(), "hello", "../nobody", func(speech.Piece) error { return nil }); err == nil || !strings.Contains(err.Error(), "no voice") {
		t.Errorf("unknown voice: %v", err)
	}
	if err := s.Speak(t.Context(), strings.Repeat("a", 5000), "", nil); err == nil {
		t.Error("a text of 5000 bytes is accepted")
	}
	if h := engine.Health(); h.Crashes != 0 {
		t.Errorf("health is %+v", h)
	}
}
