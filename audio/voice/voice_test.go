package voice_test

import (
	"testing"
	"time"

	"vapd/audio"
	"vapd/audio/voice"
)

func TestSorry(t *testing.T) {
	for _, a := range []voice.Apology{voice.NoSpeech, voice.NoHub} {
		format, samples := voice.Sorry(a)
		if want := (audio.Format{Rate: audio.WakeRate, Channels: 1}); format != want {
			t.Errorf("apology %d is in %s, want %s", a, format, want)
		}
		if d := format.Rate.Duration(int64(len(samples))); d < time.Second || d > 3*time.Second {
			t.Errorf("apology %d takes %v", a, d)
		}
		peak := int16(0)
		for _, s := range samples {
			peak = max(peak, s, -s)
		}
		if peak < 10000 || peak > 20000 {
			t.Errorf("apology %d peaks at %d", a, peak)
		}
	}
}
