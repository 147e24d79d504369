//go:build !vapd_nodl

package flite

import (
	"errors"
	"runtime"
	"testing"

	"vapd/audio"
	"vapd/hub/speech"
)

func newVoices(tb testing.TB) *Voices {
	tb.Helper()
	v, err := New()
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

// Every voice speaks, in pieces as it comes along, again and again: flite keeps a
// pointer into memory of ours.
func TestVoicesStream(t *testing.T) {
	v := newVoices(t)
	for range 3 {
		for name, rate := range map[string]audio.SampleRate{"": 16000, "slt": 16000, "rms": 16000, "awb": 16000, "kal16": 16000, "kal": 8000} {
			pieces, samples, loud := 0, 0, false
			err := v.Say("Your timer is set. It rings at noon.", name, func(p speech.Piece) error {
				if want := (audio.Format{Rate: rate, Channels: 1}); p.Format != want {
					t.Fatalf("%s speaks in %s, want %s", name, p.Format, want)
				}
				pieces++
				samples += len(p.Samples)
				for _, s := range p.Samples {
					loud = loud || s > 3000
				}
				return nil
			})
			seconds := float64(samples) / float64(rate)
			if err != nil || seconds < 1 || seconds > 6 || !loud || pieces < 10 {
				t.Errorf("%s: %d pieces, %.1f s, loud %v, %v", name, pieces, seconds, loud, err)
			}
			runtime.GC()
		}
	}
}

func TestVoicesStop(t *testing.T) {
	v := newVoices(t)
	enough := errors.New("enough")
	for range 3 {
		n := 0
		err := v.Say("This is a long sentence. And another one.", "", func(speech.Piece) error {
			if n++; n == 3 {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) || n != 3 {
			t.Errorf("%d pieces, %v", n, err)
		}
	}
}

func TestOddTexts(t *testing.T) {
	v := newVoices(t)
	for _, text := range []string{"", " ", "\x00", "...", "?!", "ü", "日本語", "\xff\xfe", "<break/>", "1234567890123456789012345", "%s%n"} {
		if err := v.Say(text, "", func(speech.Piece) error { return nil }); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, name := range []string{"nobody", "../slt", "slt.so", "SLT"} {
		if err := v.Say("hello", name, func(speech.Piece) error { return nil }); err == nil {
			t.Errorf("voice %q: no error", name)
		}
	}
}

// BenchmarkFirstPiece is the time to the first sound, and to the last.
func BenchmarkFirstPiece(b *testing.B) {
	v := newVoices(b)
	enough := errors.New("enough")
	for name, err := range map[string]error{"first": enough, "all": nil} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				v.Say("Your timer is set for five minutes.", "slt", func(speech.Piece) error { return err })
			}
		})
	}
}
