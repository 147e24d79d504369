//go:build cgo && linux

package malgo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vapd/audio"
	"vapd/audio/audiotest"
)

// childVariable makes the test binary the process that a stuck device ends.
const childVariable = "VAPD_MALGO_CHILD"

func TestMain(m *testing.M) {
	if kind := os.Getenv(childVariable); kind != "" {
		os.Exit(child(kind))
	}
	goleak.VerifyTestMain(m)
}

// child runs a device as a satellite does, and ends as one does.
func child(kind string) int {
	cfg := Config{Capture: &Stream{PCM: "faulty"}, Stall: 400 * time.Millisecond}
	if kind == "both" {
		cfg.Playback = &Stream{PCM: "nowhere"}
	}
	d, err := New(cfg, slog.Default())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	first := true
	err = d.Run(context.Background(), func(in, out audio.Block) {
		if first {
			fmt.Println("running")
			first = false
		}
	})
	fmt.Fprintln(os.Stderr, err)
	if errors.Is(err, audio.ErrStuck) {
		return 75
	}
	return 1
}

func newDevice(t *testing.T, cfg Config) *Device {
	t.Helper()
	d, err := New(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// newCard makes ALSA's library of this process use the card.
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

// withConf makes ALSA's library of this process use the PCMs of conf.
func withConf(t *testing.T, conf string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "asound.conf")
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ALSA_CONFIG_PATH", path)
}

// faulty builds the microphone that fails on demand and makes it the PCM "faulty".
func faulty(t *testing.T, settings string) {
	t.Helper()
	lib := filepath.Join(t.TempDir(), "libasound_module_pcm_fakemic.so")
	out, err := exec.Command("cc", "-shared", "-fPIC", "-DPIC", "-O1", "-Wall", "-o", lib,
		filepath.Join("testdata", "fakemic", "fakemic.c"), "-lasound").CombinedOutput()
	if err != nil {
		t.Fatalf("building the fake microphone (needs gcc and libasound2-dev): %v\n%s", err, out)
	}
	withConf(t, fmt.Sprintf(`
pcm_type.fakemic { lib "%s" }
pcm.faulty { type fakemic %s }
pcm.nowhere { type null }
`, lib, settings))
}

// record runs d until it has given n frames.
func record(t *testing.T, d *Device, n int) (samples []int16, channels int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := d.Run(ctx, func(in, _ audio.Block) {
		if len(samples) < n*in.Channels {
			samples, channels = append(samples, in.Samples...), in.Channels
			return
		}
		cancel()
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(samples) < n*channels || channels == 0 {
		t.Fatalf("recorded %d frames of %d channels", len(samples)/max(1, channels), channels)
	}
	return samples, channels
}

func TestChannelNIsChannelNCaptured(t *testing.T) {
	for _, count := range []int{1, 2, 4, 6, 8} {
		for _, asked := range []int{0, count} {
			t.Run(fmt.Sprintf("%d asked for %d", count, asked), func(t *testing.T) {
				card := newCard(t, audiotest.Config{Microphone: audio.Format{Rate: 16000, Channels: count}})
				d := newDevice(t, Config{Capture: &Stream{PCM: "default", Channels: asked}})
				said := make([]int16, 0, 16000*count)
				for n := range 16000 {
					for c := range count {
						said = append(said, tone(c, n))
					}
				}
				played := make(chan error, 1)
				go func() {
					if err := card.Microphone.Await(t.Context()); err != nil {
						played <- err
						return
					}
					played <- card.Microphone.Play(t.Context(), said)
				}()
				heard, got := record(t, d, 9600)
				if err := <-played; err != nil {
					t.Fatal(err)
				}
				if got != count {
					t.Fatalf("%d channels, want %d", got, count)
				}
				want := []int{0, 1, 2, 3, 4, 5, 6, 7}[:count]
				if found := channels(heard[6400*count:9600*count], count); !slices.Equal(found, want) {
					t.Fatalf("channels %v, want %v", found, want)
				}
			})
		}
	}
}

// ear keeps what a card's speaker plays.
type ear struct {
	mu    sync.Mutex
	heard []int16
}

func (e *ear) hear(s []int16) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heard = append(e.heard, s...)
}

func (e *ear) samples() []int16 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.heard)
}

func TestChannelNIsChannelNPlayed(t *testing.T) {
	for _, count := range []int{1, 2, 4, 6, 8} {
		t.Run(fmt.Sprint(count), func(t *testing.T) {
			var e ear
			newCard(t, audiotest.Config{Speaker: audio.Format{Rate: 16000, Channels: count}, Heard: e.hear})
			d := newDevice(t, Config{Playback: &Stream{PCM: "default"}})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			n := 0
			begin := time.Now()
			err := d.Run(ctx, func(in, out audio.Block) {
				if in.Channels != 0 || out.Channels != count {
					t.Errorf("%d and %d channels", in.Channels, out.Channels)
				}
				for i := range out.Samples {
					if out.Samples[i] != 0 {
						t.Error("the block was not silent")
					}
					out.Samples[i] = tone(i%count, n+i/count)
				}
				if n += out.Frames(); n > 12800 {
					cancel()
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begin); took < 400*time.Millisecond {
				t.Errorf("800 ms took %v: not in real time", took)
			}
			heard := e.samples()
			if len(heard) < 8000*count {
				t.Fatalf("heard %d frames", len(heard)/count)
			}
			want := []int{0, 1, 2, 3, 4, 5, 6, 7}[:count]
			if found := channels(heard[3200*count:6400*count], count); !slices.Equal(found, want) {
				t.Fatalf("channels %v, want %v", found, want)
			}
			if played := d.Stats().Played; played != int64(n) {
				t.Errorf("counted %d frames, played %d", played, n)
			}
		})
	}
}

func TestMicrophoneIsTheClockOfBoth(t *testing.T) {
	var e ear
	f := audio.Format{Rate: 16000, Channels: 1}
	card := newCard(t, audiotest.Config{Microphone: f, Speaker: f, Heard: e.hear})
	d := newDevice(t, Config{Capture: &Stream{}, Playback: &Stream{}})
	in, out, err := d.Formats()
	if err != nil || in != f || out != f {
		t.Fatalf("formats %v, %v: %v", in, out, err)
	}
	said := make([]int16, 8000)
	for i := range said {
		said[i] = int16(i + 1)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- d.Run(ctx, func(in, out audio.Block) {
			if in.Frames() != 160 || out.Frames() != 160 {
				t.Errorf("blocks of %d and %d frames", in.Frames(), out.Frames())
			}
			copy(out.Samples, in.Samples) // an echo
		})
	}()
	if err := card.Microphone.Await(ctx); err != nil {
		t.Fatal(err)
	}
	if err := card.Microphone.Play(ctx, said); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for !slices.Contains(e.samples(), 8000) && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	heard := e.samples()
	at := slices.Index(heard, 1)
	if at < 0 || len(heard) < at+8000 || !slices.Equal(heard[at:at+8000], said) {
		t.Fatalf("the echo differs: %d samples, from %d on", len(heard), at)
	}
	if s := d.Stats(); s.Captured != s.Played || s.Opens != 1 || s.Overruns != 0 {
		t.Errorf("counted %+v", s)
	}
}

func TestRateIsTheNativeOne(t *testing.T) {
	f := audio.Format{Rate: 44100, Channels: 2}
	newCard(t, audiotest.Config{Microphone: f})
	d := newDevice(t, Config{Capture: &Stream{}})
	if got, _, err := d.Formats(); err != nil || got != f {
		t.Fatalf("got %v %v, want %v", got, err, f)
	}
	for _, c := range []struct {
		asked Stream
		want  string
	}{
		{Stream{Rate: 16000}, "default runs at 44100 Hz, not 16000: leave the rate open"},
		{Stream{Channels: 6}, "default has 2 channels, not 6"},
	} {
		d := newDevice(t, Config{Capture: &c.asked})
		err := d.Run(t.Context(), func(_, _ audio.Block) {})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v", c.asked, err)
		}
	}
}

func TestBothDirectionsGetOneRate(t *testing.T) {
	const fixed = "pcm.%s { type plug slave { pcm { type null } format S16_LE rate %d channels %d } }\n"
	withConf(t, "pcm.any { type null }\n"+fmt.Sprintf(fixed, "slow", 16000, 1)+fmt.Sprintf(fixed, "fast", 48000, 2))
	d := newDevice(t, Config{Capture: &Stream{PCM: "any"}, Playback: &Stream{PCM: "fast"}})
	in, out, err := d.Formats()
	if err != nil || in != (audio.Format{Rate: 48000, Channels: 1}) || out != (audio.Format{Rate: 48000, Channels: 2}) {
		t.Errorf("got %v and %v: %v", in, out, err)
	}
	for _, c := range []Config{
		{Capture: &Stream{PCM: "slow"}, Playback: &Stream{PCM: "fast"}},
		{Capture: &Stream{PCM: "any", Rate: 16000}, Playback: &Stream{PCM: "fast"}},
	} {
		_, _, err := newDevice(t, c).Formats()
		if err == nil || !strings.Contains(err.Error(), "fast") || !strings.Contains(err.Error(), "48000 Hz") {
			t.Errorf("%+v: got %v", c.Capture, err)
		}
	}
}

func TestNullRunsInRealTime(t *testing.T) {
	d := newDevice(t, Config{Capture: &Stream{PCM: "null", Channels: 8}, Playback: &Stream{PCM: "null"}})
	begin := time.Now()
	samples, count := record(t, d, 8000)
	if took := time.Since(begin); count != 8 || took < 400*time.Millisecond || took > 5*time.Second {
		t.Errorf("500 ms of %d channels took %v", count, took)
	}
	if slices.Max(samples) != 0 || slices.Min(samples) != 0 {
		t.Error("not silent")
	}
}

func TestNoSuchPCM(t *testing.T) {
	withConf(t, "pcm.other { type null }\n")
	d := newDevice(t, Config{Capture: &Stream{PCM: "nothing"}})
	err := d.Run(t.Context(), func(_, _ audio.Block) {})
	if !errors.Is(err, audio.ErrUnplugged) || !strings.Contains(err.Error(), "nothing: opening it: there is no such PCM") {
		t.Fatalf("got %v", err)
	}
}

func TestListingOpensNothing(t *testing.T) {
	card := newCard(t, audiotest.Config{Microphone: audio.Format{Rate: 16000, Channels: 1}, Speaker: audio.Format{Rate: 16000, Channels: 1}})
	all, err := Devices(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{audiotest.MicrophonePCM, audiotest.SpeakerPCM} {
		if !slices.ContainsFunc(all, func(p PCM) bool { return p.Name == name && p.Title != "" }) {
			t.Errorf("%s is not in %+v", name, all)
		}
	}
	if card.Microphone.Listening() {
		t.Error("the microphone was opened")
	}
}

// count is the number of entries in a folder of /proc.
func count(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestReopeningLeavesNothingBehind(t *testing.T) {
	newCard(t, audiotest.Config{Microphone: audio.Format{Rate: 16000, Channels: 2}})
	d := newDevice(t, Config{Capture: &Stream{Channels: 2}})
	record(t, d, 160)
	context := d.context
	files, threads := count(t, "/proc/self/fd"), count(t, "/proc/self/task")
	const times = 20
	for range times {
		record(t, d, 160)
	}
	if now := count(t, "/proc/self/fd"); now > files+2 {
		t.Errorf("%d files are open, %d before", now, files)
	}
	if now := count(t, "/proc/self/task"); now > threads+times/2 { // Go may start some
		t.Errorf("%d threads, %d before", now, threads)
	}
	if d.context != context || d.Stats().Opens != times+1 {
		t.Errorf("another context, or %d opens", d.Stats().Opens)
	}
}

func TestBlocksAllocateNothing(t *testing.T) {
	s := &session{
		process: func(_, _ audio.Block) {}, counters: &counters{}, base: time.Now(),
		formats: formats{capture: audio.Format{Rate: 16000, Channels: 2}, playback: audio.Format{Rate: 16000, Channels: 1}},
		gaps:    gapCounter{rate: 16000},
	}
	in, out := make([]byte, 640), make([]byte, 320)
	if a := testing.AllocsPerRun(100, func() { s.data(out, in, 160) }); a != 0 {
		t.Fatalf("%v allocations per block", a)
	}
}

func TestThreadTime(t *testing.T) {
	stat := "12 (a ) b) R 1 2 3 4 5 6 7 8 9 10 100 23 0 0 20 0 1"
	if got, err := parseThreadTime([]byte(stat)); err != nil || got != 1230*time.Millisecond {
		t.Errorf("got %v %v", got, err)
	}
	for _, bad := range []string{"", "12 (x) R 1", "12 (x) R 1 2 3 4 5 6 7 8 9 10 x y"} {
		if got, err := parseThreadTime([]byte(bad)); err == nil {
			t.Errorf("%q: got %v", bad, got)
		}
	}
}
