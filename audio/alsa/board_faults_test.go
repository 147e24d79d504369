//go:build vapd_board

package alsa

import (
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"vapd/audio"
)

func contains(err error, words ...string) bool {
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			return false
		}
	}
	return true
}

// driver is the folder in which a card of snd-aloop is unplugged and plugged in.
const driver = "/sys/bus/platform/drivers/snd_aloop/"

// TestBoardUnplug: a card that is taken away ends Run, and when it is back sound flows
// again within two seconds.
func TestBoardUnplug(t *testing.T) {
	stream := func(pcm string, channels int) *Stream { return &Stream{PCM: pcm, Channels: channels, Rate: 16000} }
	const array, hat = "hw:CARD=ArrayUAC10,DEV=1", "hw:CARD=seeed2micvoicec,DEV=0"
	for _, c := range []struct {
		name, card, id string
		cfg            Config
		rounds         int
	}{
		{"microphone", "snd_aloop.2", "ArrayUAC10", Config{Capture: stream(array, 6)}, 20},
		{"speaker", "snd_aloop.1", "seeed2micvoicec", Config{Playback: stream(hat, 2)}, 3},
		{"both", "snd_aloop.1", "seeed2micvoicec", Config{Capture: stream(hat, 2), Playback: stream(hat, 2)}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := open(t, c.cfg)
			var slowest time.Duration
			for range c.rounds {
				slowest = max(slowest, unplug(t, d, c.card, c.id))
			}
			t.Logf("sound within %v of plugging in", slowest.Round(time.Millisecond))
			if slowest > 2*time.Second {
				t.Errorf("sound within %v of plugging in, want 2 s", slowest)
			}
			if opens := d.Stats().Opens; opens != 2*int64(c.rounds) {
				t.Errorf("opened %d times in %d rounds", opens, c.rounds)
			}
		})
	}
}

// unplug takes the card from under a running device and plugs it in again; it returns
// how long it then took until sound flowed.
func unplug(t *testing.T, d *Device, card, id string) time.Duration {
	var blocks atomic.Int64
	count := func(_, _ audio.Block) { blocks.Add(1) }
	running := run(t, d, count)
	waitFor(t, "sound", func() bool { return blocks.Load() > 3 })
	// The kernel waits for those who hold the card.
	gone := make(chan error, 1)
	go func() { gone <- os.WriteFile(driver+"unbind", []byte(card), 0) }()
	if err := running.wait(); !errors.Is(err, audio.ErrUnplugged) {
		t.Fatalf("unplugged: %v", err)
	}
	if err := <-gone; err != nil {
		t.Fatal(err)
	}
	if err := d.Run(t.Context(), count); !errors.Is(err, audio.ErrUnplugged) || !contains(err, strconv.Quote(id)) {
		t.Fatalf("while it is away: %v", err)
	}
	if err := os.WriteFile(driver+"bind", []byte(card), 0); err != nil {
		t.Fatal(err)
	}
	back, before := time.Now(), blocks.Load()
	running = run(t, d, count)
	waitFor(t, "sound again", func() bool { return blocks.Load() > before })
	took := time.Since(back)
	running.stop()
	return took
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within %v", what, patience)
		}
	}
}

// TestBoardStall: a card that stops without a word ends Run. The clock of Slave is
// what is played to Loopback.
func TestBoardStall(t *testing.T) {
	clock := run(t, open(t, Config{Playback: &Stream{PCM: "hw:Loopback,0,7", Rate: 48000, Channels: 2}}), func(_, _ audio.Block) {})
	const stall = 500 * time.Millisecond
	d := open(t, Config{Stall: stall, Capture: &Stream{PCM: "hw:Slave,1,0", Rate: 48000, Channels: 2}})
	var blocks atomic.Int64
	running := run(t, d, func(_, _ audio.Block) { blocks.Add(1) })
	waitFor(t, "sound", func() bool { return blocks.Load() > 10 })
	clock.stop()
	began := time.Now()
	if err := running.wait(); !errors.Is(err, audio.ErrStalled) || !contains(err, "hw:CARD=Slave", "capture", "500ms") {
		t.Fatalf("got %v", err)
	}
	if took := time.Since(began); took < stall/2 || took > stall+time.Second {
		t.Errorf("noticed after %v, want %v", took, stall)
	}
	if s := d.Stats(); s.Stalls != 1 {
		t.Errorf("%+v", s)
	}
}

// TestBoardLateConsumer: who is late loses sound, which is counted, and goes on.
func TestBoardLateConsumer(t *testing.T) {
	d := open(t, Config{Late: 100 * time.Millisecond, Capture: &Stream{PCM: "hw:Loopback,1,1", Rate: 16000, Channels: 2}})
	var blocks, after atomic.Int64
	running := run(t, d, func(_, _ audio.Block) {
		if blocks.Add(1) == 10 {
			time.Sleep(600 * time.Millisecond)
		}
		if d.Stats().Overruns > 0 {
			after.Add(1)
		}
	})
	waitFor(t, "sound after the overrun", func() bool { return after.Load() > 20 })
	running.stop()
	s := d.Stats()
	if lost := audio.SampleRate(16000).Duration(s.Lost); s.Overruns < 1 || lost < 400*time.Millisecond || lost > 2*time.Second {
		t.Errorf("%d overruns, %v lost of a pause of 600 ms", s.Overruns, lost)
	}
	if s.LongestGap < 600*time.Millisecond {
		t.Errorf("the longest gap is %v", s.LongestGap)
	}
}

func TestBoardLateSpeaker(t *testing.T) {
	d := open(t, Config{Ahead: 50 * time.Millisecond, Playback: &Stream{PCM: "hw:Loopback,0,2", Rate: 16000, Channels: 1}})
	var blocks atomic.Int64
	running := run(t, d, func(_, _ audio.Block) {
		if blocks.Add(1) == 10 {
			time.Sleep(600 * time.Millisecond)
		}
	})
	waitFor(t, "blocks after the underrun", func() bool { return blocks.Load() > 40 })
	running.stop()
	if s := d.Stats(); s.Underruns < 1 {
		t.Errorf("%+v", s)
	}
}

// TestBoardAllocatesNothing: the device thread makes no garbage.
func TestBoardAllocatesNothing(t *testing.T) {
	pcm := "hw:seeed2micvoicec,0,1"
	d := open(t, Config{Capture: &Stream{PCM: pcm, Rate: 16000, Channels: 2}, Playback: &Stream{PCM: pcm, Rate: 16000, Channels: 2}})
	d.encodings = []Encoding{S32} // which needs converting
	least := uint64(1 << 62)
	var blocks atomic.Int64
	var before, now runtime.MemStats
	running := run(t, d, func(_, _ audio.Block) {
		// Something else may allocate in one second, but not in every one.
		if n := blocks.Add(1); n%50 == 0 {
			runtime.ReadMemStats(&now)
			if n > 50 {
				least = min(least, now.Mallocs-before.Mallocs)
			}
			before = now
		}
	})
	time.Sleep(3 * time.Second)
	running.stop()
	if blocks.Load() < 150 || least > 0 {
		t.Errorf("%d allocations in 50 blocks, of %d blocks", least, blocks.Load())
	}
}

func TestBoardRunsOnce(t *testing.T) {
	d := open(t, Config{Capture: &Stream{PCM: "hw:Loopback,1,4"}})
	var blocks atomic.Int64
	running := run(t, d, func(_, _ audio.Block) { blocks.Add(1) })
	waitFor(t, "sound", func() bool { return blocks.Load() > 0 })
	if err := d.Run(t.Context(), func(_, _ audio.Block) {}); err == nil || !contains(err, "it runs already") {
		t.Errorf("a second run at the same time: %v", err)
	}
	running.stop()
}
