package malgo

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vapd/audio"
)

func TestConfigIsChecked(t *testing.T) {
	mic := &Stream{PCM: "default"}
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{}, "neither capture nor playback"},
		{Config{Capture: &Stream{PCM: ":0,0"}}, `":0,0" is not the name`},
		{Config{Capture: &Stream{PCM: strings.Repeat("x", 256)}}, "is not the name"},
		{Config{Capture: &Stream{Rate: 1}}, "default: audio: sample rate 1 Hz"},
		{Config{Capture: &Stream{Channels: 99}}, "99 channels"},
		{Config{Capture: &Stream{Rate: 16000}, Playback: &Stream{Rate: 48000}}, "one device has one rate"},
		{Config{Capture: mic, Playback: &Stream{PCM: "null"}}, "either both"},
		{Config{Capture: mic, Period: time.Hour}, "period of 1h0m0s: must be 1ms to 1s"},
		{Config{Capture: mic, Stall: 1}, "stall of 1ns"},
	} {
		if _, err := withDefaults(c.cfg); err == nil || !strings.HasPrefix(err.Error(), "malgo: ") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got %v, want ...%s...", c.cfg, err, c.want)
		}
	}
	cfg, err := withDefaults(Config{Capture: &Stream{}})
	if err != nil || cfg.Capture.PCM != "default" || cfg.Period != 10*time.Millisecond || cfg.Stall != time.Second {
		t.Errorf("defaults: got %+v, %v", cfg, err)
	}
}

func TestNativeFormatsAreReadFromTheLog(t *testing.T) {
	const log = `[ALSA]
  Default Capture Device (Capture)
    Format:      16-bit Signed Integer -> 16-bit Signed Integer
    Channels:    6 -> 4
    Sample Rate: 48000 -> 16000
    Buffer Size: 480*3 (1440)
    Conversion:
      Pre Format Conversion:  NO
      Post Format Conversion: NO
      Channel Routing:        YES
      Resampling:             YES
      Passthrough:            NO
  Default Playback Device (Playback)
    Format:      16-bit Signed Integer -> 16-bit Signed Integer
    Channels:    1 -> 2
    Sample Rate: 16000 -> 44100
    Channel Routing:        NO
    Passthrough:            YES
`
	in, ok := parseNative(log, "Capture")
	if want := (native{audio.Format{Rate: 48000, Channels: 6}, false, true}); !ok || in != want {
		t.Errorf("capture: got %+v %v, want %+v", in, ok, want)
	}
	out, ok := parseNative(log, "Playback")
	if want := (native{audio.Format{Rate: 44100, Channels: 2}, true, false}); !ok || out != want {
		t.Errorf("playback: got %+v %v, want %+v", out, ok, want)
	}
	for _, cut := range []string{"", "  x (Capture)\n", "  x (Capture)\n    Channels: many\n", log[:200]} {
		if n, ok := parseNative(cut, "Capture"); ok {
			t.Errorf("%q: got %+v", cut, n)
		}
	}
}

func TestGapsAreTold(t *testing.T) {
	const block, blocks = 160, 1000
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for name, c := range map[string]struct {
		at   func(i int) time.Duration // when block i comes, i being its place in time
		drop func(i int) bool
		lost int64
	}{
		"even":  {at: func(i int) time.Duration { return ms(10 * i) }},
		"burst": {at: func(i int) time.Duration { return ms(10 * (i + 40 - i%40)) }}, // 400 ms late, then all at once
		"late once": {at: func(i int) time.Duration {
			if i >= 300 && i < 380 {
				return ms(3800)
			}
			return ms(10 * i)
		}},
		"slow clock": {at: func(i int) time.Duration { return ms(10*i) + time.Duration(i)*2*time.Microsecond }}, // 200 ppm
		"overrun":    {at: func(i int) time.Duration { return ms(10 * i) }, drop: func(i int) bool { return i >= 400 && i < 450 }, lost: 50 * block},
		"two": {at: func(i int) time.Duration { return ms(10 * i) }, drop: func(i int) bool {
			return i >= 400 && i < 405 || i >= 800 && i < 805
		}, lost: 10 * block},
	} {
		t.Run(name, func(t *testing.T) {
			g := gapCounter{rate: 16000, limit: 320}
			var lost int64
			for i := range blocks {
				if c.drop == nil || !c.drop(i) {
					lost += g.add(c.at(i), block)
				}
			}
			if lost < c.lost-32 || lost > c.lost+32 {
				t.Fatalf("found %d frames lost, want %d", lost, c.lost)
			}
		})
	}
}

func TestClosestChannelIsTold(t *testing.T) {
	// The check that the tests of real PCMs rely on.
	frame := func(n, channels int) []int16 {
		var s []int16
		for c := range channels {
			s = append(s, tone(c, n))
		}
		return s
	}
	var straight, swapped []int16
	for n := range 1600 {
		f := frame(n, 4)
		straight = append(straight, f...)
		swapped = append(swapped, f[0], f[2], f[1], f[3]/2+f[0]/2)
	}
	if got := channels(straight, 4); !slices.Equal(got, []int{0, 1, 2, 3}) {
		t.Errorf("straight: %v", got)
	}
	if got := channels(swapped, 4); !slices.Equal(got, []int{0, 2, 1, -1}) {
		t.Errorf("swapped: %v", got)
	}
}
