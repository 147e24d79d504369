//go:build cgo && linux

package main

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vapd/audio"
	"vapd/audio/audiotest"
	"vapd/audio/wav"
)

// newCard makes a card without hardware the PCM "default" of this process.
func newCard(t *testing.T, cfg audiotest.Config) *audiotest.Card {
	t.Helper()
	cfg.Dir = t.TempDir()
	c, err := audiotest.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	name, path, _ := strings.Cut(c.Env(), "=")
	t.Setenv(name, path)
	return c
}

// sine is n frames of 440 Hz at 16 kHz, in every channel.
func sine(n, channels int, peak float64) []int16 {
	var s []int16
	for i := range n {
		v := int16(peak * math.Sin(2*math.Pi*440*float64(i)/16000))
		s = append(s, slices.Repeat([]int16{v}, channels)...)
	}
	return s
}

func TestRecordAndLevels(t *testing.T) {
	card := newCard(t, audiotest.Config{Microphone: audio.Format{Rate: 16000, Channels: 2}})
	ctx, cancel := context.WithCancel(t.Context())
	var speaker sync.WaitGroup
	speaker.Go(func() {
		for ctx.Err() == nil {
			_ = card.Microphone.Play(ctx, sine(1600, 2, 8000))
		}
	})
	defer speaker.Wait()
	defer cancel()
	name := filepath.Join(t.TempDir(), "a.wav")
	device := audioStream{Device: "default"}
	if err := (audioRecordCmd{audioStream: device, Seconds: 0.5, File: name}).Run(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, samples, err := wav.Read(bytes.NewReader(b))
	if err != nil || f != (audio.Format{Rate: 16000, Channels: 2}) || len(samples) != 16000 || slices.Max(samples) < 7900 {
		t.Fatalf("recorded %d samples of %v: %v", len(samples), f, err)
	}
	if err := (audioLevelsCmd{audioStream: device, Seconds: 0.3}).Run(); err != nil {
		t.Fatal(err)
	}
}

func TestPlayIsHeard(t *testing.T) {
	var mu sync.Mutex
	var heard []int16
	newCard(t, audiotest.Config{Speaker: audio.Format{Rate: 16000, Channels: 1}, Heard: func(s []int16) {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, s...)
	}})
	said := sine(8000, 1, 8000)
	var b bytes.Buffer
	if err := wav.Write(&b, audio.Format{Rate: 16000, Channels: 1}, said); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "a.wav")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (audioPlayCmd{audioStream: audioStream{Device: "default"}, File: name}).Run(); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	at := slices.IndexFunc(heard, func(s int16) bool { return s != 0 }) - 1 // a sine begins with 0
	if at < 0 || len(heard) < at+len(said)*9/10 || !slices.Equal(heard[at:at+len(said)*9/10], said[:len(said)*9/10]) {
		t.Fatalf("heard %d samples, from %d on, of %d", len(heard), at, len(said))
	}
}

// A muted satellite runs its speaker alone, at the same rate as with its microphone.
func TestSoundCardOfASatellite(t *testing.T) {
	newCard(t, audiotest.Config{
		Microphone: audio.Format{Rate: 48000, Channels: 2}, Speaker: audio.Format{Rate: 48000, Channels: 1},
	})
	logger := slog.New(slog.DiscardHandler)
	both, err := openDevice(&audio.Stream{}, &audio.Stream{}, logger)
	if err != nil {
		t.Fatal(err)
	}
	c, err := newSoundCard(both, &audio.Stream{}, logger)
	if err != nil {
		t.Fatal(err)
	}
	if c.capture != (audio.Format{Rate: 48000, Channels: 2}) || c.playback != (audio.Format{Rate: 48000, Channels: 1}) {
		t.Fatalf("formats %v and %v", c.capture, c.playback)
	}
	for _, capture := range []bool{true, false} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		err := c.open(capture).Run(ctx, func(in, out audio.Block) {
			if in.Channels != 0 != capture || out.Channels != 1 || out.Frames() != c.playback.Rate.Frames(blockTime) {
				t.Errorf("capture %v: blocks %d and %d frames", capture, in.Frames(), out.Frames())
			}
			cancel()
		})
		if err != nil {
			t.Fatal(err)
		}
		if ctx.Err() != context.Canceled {
			t.Error("no block came")
		}
	}
	microphone, err := openDevice(&audio.Stream{}, nil, logger)
	if err != nil {
		t.Fatal(err)
	}
	c, err = newSoundCard(microphone, nil, logger)
	if err != nil || c.open(false) != nil {
		t.Errorf("a card without a speaker: %v", err)
	}
}
