package satellite

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"vapd/audio/wav"
	"vapd/internal/sharedtest"
	"vapd/protocol/clientregistry"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/satellite/hubtest"
	"vapd/wakeword"
	"vapd/wakeword/pack"
)

// recording is a WAV of 16 kHz mono after three seconds of a quiet room.
func recording(t *testing.T, path string) []int16 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	format, samples, err := wav.Read(f)
	if err != nil || format.Rate != 16000 || format.Channels != 1 {
		t.Fatalf("%s: %v, %v", path, format, err)
	}
	room := make([]int16, 3*16000)
	for i := range room {
		room[i] = int16(i%7 - 3)
	}
	return append(room, samples...)
}

// play makes the card capture samples once, then a quiet room.
func (c *card) play(samples []int16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.source = func(in []int16) {
		n := copy(in, samples)
		samples = samples[n:]
		for i := n; i < len(in); i++ {
			in[i] = int16(i%7 - 3)
		}
	}
}

func detector(t *testing.T, files ...string) *wakeword.Detector {
	t.Helper()
	var words []wakeword.Word
	for _, f := range files {
		p, err := pack.Open(sharedtest.Path(t, "models", f))
		if err != nil {
			t.Fatal(err)
		}
		words = append(words, wakeword.Word{Pack: p, Role: wakeword.RoleOf(p)})
	}
	d, err := wakeword.New(words)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A recorded person says the wake word: the hub gets it from one second before its end.
func TestSatelliteHearsItsWakeWord(t *testing.T) {
	said := recording(t, sharedtest.Path(t, "golden", "wake", "okay_nabu.wav"))
	other := recording(t, sharedtest.Path(t, "golden", "wake", "speech_command.wav"))
	d := detector(t, "okay_nabu.json", "stop.json")
	synctest.Test(t, func(t *testing.T) {
		h := prepare(t)
		h.network = hubtest.NewNetwork()
		h.change = func(cfg *Config) { cfg.Detector = d }
		h.begin(speaks())
		h.card.play(other) // a sentence without the wake word must not wake
		if v := h.after(15 * time.Second); v.Turn.N != 0 || v.Link.State != "up" {
			t.Fatalf("woke: %+v %+v", v.Turn, v.Link)
		}
		h.card.play(said)
		v := h.until("listening", inState("listening"))
		if v.Turn.Word != "Okay Nabu" || v.Turn.Score < 0.8 || v.Turn.SNR < 10 || v.Turn.PreRollMS < 1000 {
			t.Errorf("%+v", v.Turn)
		}
		if w := v.Words[0]; w.Woke != 1 || w.Cutoff < 0.5 {
			t.Errorf("%+v", v.Words)
		}
		v = h.until("answered", inState("speaking"))
		if l := v.Turn.Latency; l.WordToFragment < 100 || l.WordToFragment > 250 || l.Grant < 0 || l.HeardToAnswer < 0 {
			t.Errorf("latencies %+v", l)
		}
		s := h.hub.Sessions()[0]
		word, err := vap.ParseWakeword(s.Start.Capabilities[0])
		if err != nil || word.End-word.Start != 16000 || word.Pack != "okay_nabu" || word.SNR < 10 || word.Attack <= 0 {
			t.Errorf("wake word %+v, %v", word, err)
		}
		var energy int
		for _, c := range allCapabilities(s) {
			if sound, err := vap.ParseSound(c); err == nil && sound.At < word.End {
				for i := 1; i < len(sound.Data); i += 2 {
					energy += int(int8(sound.Data[i])) * int(int8(sound.Data[i]))
				}
			}
		}
		if energy < 10000 {
			t.Errorf("the word is not in the pre-roll: energy %d", energy)
		}
	})
}

// While an answer sounds, the wake word begins another turn, and mute ends all.
func TestSatelliteBargeIn(t *testing.T) {
	said := recording(t, sharedtest.Path(t, "golden", "wake", "okay_nabu.wav"))
	d := detector(t, "okay_nabu.json")
	synctest.Test(t, func(t *testing.T) {
		h := prepare(t)
		h.network = hubtest.NewNetwork()
		h.change = func(cfg *Config) { cfg.Detector = d }
		script := speaks()
		story := script.Answer(0, nil)
		story.Pieces = pieces(2000)
		script.Answer = func(uint32, []clientregistry.Fragment) hubtest.Answer { return story }
		h.begin(script)
		h.after(2 * time.Second)
		h.happen(Typed{"tell me a story"})
		h.until("speaking", inState("speaking"))
		h.card.play(said)
		h.until("listening", func(v control.SatelliteState) bool { return v.Turn.N == 2 && v.Turn.State == "listening" })
		h.until("speaking again", func(v control.SatelliteState) bool { return v.Turn.N == 2 && v.Turn.State == "speaking" })
		if all := h.hub.Sessions(); len(all) != 2 || !all[0].Ended {
			t.Fatalf("%d sessions", len(all))
		}
	})
}
