package espeak

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vapd/audio"
	"vapd/audio/wav"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program is a script that stands for eSpeak NG.
func program(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "espeak")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// The real one has many voices, and no two say a word alike.
func TestVoices(t *testing.T) {
	v, err := Open(t.Context(), Program)
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal("there is no espeak-ng: install the package espeak-ng")
	} else if err != nil {
		t.Fatal(err)
	}
	if n := len(v.Voices()); n != len(accents())+len(speakers()) {
		t.Errorf("%d voices: %v", n, v.Voices())
	}
	const text = "-hot <y>ard; another computer"
	heard := make(map[string]string)
	for _, voice := range v.Voices() {
		pcm, err := v.Say(t.Context(), text, voice)
		if seconds := audio.WakeRate.Duration(int64(len(pcm))); err != nil || seconds < time.Second/2 || seconds > 12*time.Second {
			t.Errorf("%s: %v, %v", voice, seconds, err)
		}
		var data bytes.Buffer
		if err := wav.Write(&data, audio.Format{Rate: audio.WakeRate, Channels: 1}, pcm); err != nil {
			t.Fatal(err)
		}
		if was := heard[data.String()]; was != "" {
			t.Errorf("%s speaks as %s does", voice, was)
		}
		heard[data.String()] = voice
		if strings.ContainsAny(voice, "13k") { // some, since each takes its time
			if again, err := v.Say(t.Context(), text, voice); err != nil || !slices.Equal(pcm, again) {
				t.Errorf("%s speaks otherwise another time: %v", voice, err)
			}
		}
	}
	if pcm, err := v.Say(t.Context(), "computer", "xx-nowhere"); err == nil {
		t.Errorf("a voice that there is not: %d samples", len(pcm))
	}
}

func TestMissing(t *testing.T) {
	if _, err := Open(t.Context(), "espeak-that-is-not-there"); !errors.Is(err, exec.ErrNotFound) || !strings.Contains(err.Error(), "install espeak-ng") {
		t.Errorf("%v", err)
	}
}

// Only the accents that are installed count.
func TestSomeAccents(t *testing.T) {
	var sound bytes.Buffer
	if err := wav.Write(&sound, audio.Format{Rate: 22050, Channels: 1}, make([]int16, 2205)); err != nil {
		t.Fatal(err)
	}
	path := program(t, `case $6 in en-us|en-029) cat "$0.wav" ;; *) echo no such voice >&2; exit 1 ;; esac`)
	if err := os.WriteFile(path+".wav", sound.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := Open(t.Context(), path)
	if err != nil || len(v.Voices()) != 2+len(speakers()) || v.Voices()[3] != "en-029+m2" {
		t.Fatalf("%v, %v", v, err)
	}
	if pcm, err := v.Say(t.Context(), "a", "en-us"); err != nil || len(pcm) != 1600 {
		t.Errorf("%d samples, %v", len(pcm), err)
	}
}

// Whatever the program does, there is an error that says what, soon.
func TestBadPrograms(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"fails":          {"cat >/dev/null; echo 'no data' >&2; exit 3", "exit status 3: no data"},
		"dies":           {"kill -9 $$", "killed"},
		"says nothing":   {"exit 0", "not a WAV file"},
		"says garbage":   {"echo this is no sound at all; exit 0", "not a WAV file"},
		"says too much":  {"cat /dev/zero", "says more than a text may need"},
		"complains much": {"cat /dev/zero >&2", ""},
		"reads nothing":  {"exec sleep 0.1", "not a WAV file"},
	} {
		t.Run(name, func(t *testing.T) {
			v := Voices{path: program(t, c.script)}
			pcm, err := v.Say(t.Context(), strings.Repeat("a", 1<<20), "en-us")
			if err == nil || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 4000 {
				t.Errorf("%d samples, %.200v: must say %q", len(pcm), err, c.want)
			}
		})
	}
}

// Who stops does not wait for the program, nor for what it has left behind.
func TestStopped(t *testing.T) {
	v := Voices{path: program(t, "sleep 1000 & sleep 1000")}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := v.Say(ctx, "a", "en-us"); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > patience/2 {
		t.Errorf("%v after %v", err, time.Since(began))
	}
}

func FuzzDecode(f *testing.F) {
	for _, rate := range []audio.SampleRate{8000, 22050, 96000} {
		var data bytes.Buffer
		if err := wav.Write(&data, audio.Format{Rate: rate, Channels: 1}, make([]int16, 300)); err != nil {
			f.Fatal(err)
		}
		f.Add(data.Bytes())
		piped := bytes.Clone(data.Bytes())
		copy(piped[4:], "\x24\xf0\xff\x7f")
		copy(piped[40:], "\x00\xf0\xff\x7f")
		f.Add(piped)
	}
	f.Add([]byte("RIFF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		pcm, err := decode(bytes.NewReader(data))
		if len(pcm) > 2*len(data) || err != nil && pcm != nil {
			t.Errorf("%d samples of %d bytes, %v", len(pcm), len(data), err)
		}
	})
}
