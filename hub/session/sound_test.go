package session

import (
	"strings"
	"testing"
	"time"

	"vapd/audio"
	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
)

func samplesOf(s Speech) (n int) {
	for _, one := range s.sounds {
		n += len(one)
	}
	return n
}

func TestSoundsOfSkills(t *testing.T) {
	second := func(rate int) vap.Capability {
		return vap.Sound{Codec: vap.CodecPCM, Rate: rate, Data: make([]byte, 2*rate)}.Capability()
	}
	for name, c := range map[string]struct {
		sound vap.Capability
		wrong string // the field, and a part of the reason
	}{
		"8 kHz":             {second(8000), ""},
		"44.1 kHz":          {second(44100), ""},
		"48 kHz":            {second(48000), ""},
		"no rate: 16 kHz":   {vap.Sound{Data: make([]byte, 32000)}.Capability(), ""},
		"too slow":          {second(7999), "sound.rate 7999"},
		"too fast":          {second(48001), "sound.rate 48001"},
		"an odd rate":       {second(15991), "usual rates"},
		"no sound":          {vap.Capability{Name: vap.CapSound}, "sound.data"},
		"empty":             {vap.Sound{Data: []byte{}}.Capability(), "sound.data"},
		"a stream":          {vap.Sound{Stream: 3, Rate: 16000}.Capability(), "sound.data"},
		"half a sample":     {vap.Sound{Data: make([]byte, 3)}.Capability(), "sound.data: 3 bytes"},
		"another codec":     {vap.Sound{Codec: "mp3", Data: make([]byte, 4)}.Capability(), `codec "mp3"`},
		"longer than 1 min": {vap.Sound{Rate: 8000, Data: make([]byte, 2*8000*61)}.Capability(), "1m1s"},
		"not of this world": {vap.Capability{Name: vap.CapSound, Fields: map[string]any{"rate": "fast"}}, "rate"},
	} {
		t.Run(name, func(t *testing.T) {
			var s Speech
			err := s.Add(c.sound)
			if c.wrong == "" {
				if err != nil || samplesOf(s) != int(audio.WakeRate) || s.Empty() {
					t.Errorf("%d samples, %v", samplesOf(s), err)
				}
				return
			}
			if refused, ok := err.(*vap.Error); !ok || !strings.Contains(refused.Object, c.wrong) || !s.Empty() {
				t.Errorf("%v", err)
			}
		})
	}
	var s Speech
	for n := range 3 {
		err := s.Add(vap.Sound{Rate: 8000, Data: make([]byte, 2*8000*25)}.Capability())
		if (err == nil) != (n < 2) || s.length != min(time.Duration(n+1), 2)*25*time.Second {
			t.Errorf("sound %d: %v, %v", n, s.length, err)
		}
	}
}

// Sounds come after the words, in one stream with them; without words they come alone.
func TestAnAnswerWithSounds(t *testing.T) {
	half := vap.Sound{Codec: vap.CodecPCM, Rate: 16000, Data: make([]byte, 16000)}.Capability()
	bad := vap.Sound{Codec: "mp3", Data: make([]byte, 16000)}.Capability()
	for name, c := range map[string]struct {
		say    string
		sounds []vap.Capability
		pieces int
	}{
		"after words": {"It is noon.", []vap.Capability{half, half}, (3210+16000)/320 + 1},
		"alone":       {"", []vap.Capability{half}, 25},
		"left out":    {"It is noon.", []vap.Capability{bad}, 11},
	} {
		t.Run(name, func(t *testing.T) {
			b := run(t, vap.SessionStart{}, func(b *bench, _ *Config) {
				b.reply = Reply{Say: c.say, Do: append(c.sounds, vap.StopCapability()), Understood: true}
			}, func(b *bench) { b.Decide(true, "sat"); b.say(1, 5) })
			stop, stops := vap.Find(b.remote.answers[1].Capabilities, vap.CapStop)
			if s := b.remote.stream; s == nil || s.pieces != c.pieces || !s.last || !stops {
				t.Errorf("stream %+v, %v", s, stop)
			}
			if b.events[0].FirstAudio < 0 || len(b.remote.failed) > 0 {
				t.Errorf("%+v, %v", b.events, b.remote.failed)
			}
		})
	}
}

// What is longer than a message can be goes without its sound.
func TestAWholeSoundThatDoesNotFit(t *testing.T) {
	b := run(t, vap.SessionStart{}, func(b *bench, _ *Config) {
		b.remote.client = clientregistry.ClientInfo{ID: "raw"}
		b.engine.spoken = make([]int16, mostWhole/2+1)
		for i := range b.engine.spoken {
			b.engine.spoken[i] = 1000
		}
	}, func(b *bench) { b.Decide(true, "raw"); b.say(1, 5) })
	if _, sounds := vap.Find(b.remote.answers[1].Capabilities, vap.CapSound); sounds || len(b.remote.answers) != 1 {
		t.Errorf("%d answers, with sound: %v", len(b.remote.answers), sounds)
	}
}

// FuzzSpeech: whatever a skill calls a sound is refused, or is no longer than it may be.
func FuzzSpeech(f *testing.F) {
	f.Add("pcm", 16000, []byte{1, 2, 3, 4})
	f.Add("", 44100, []byte{1, 2})
	f.Add("opus", 48000, []byte{1})
	f.Add("pcm", -1, []byte{})
	f.Fuzz(func(t *testing.T, codec string, rate int, data []byte) {
		var s Speech
		err := s.Add(vap.Capability{Name: vap.CapSound, Fields: map[string]any{"codec": codec, "rate": rate, "data": data}})
		if s.Empty() == (err == nil) || samplesOf(s) > int(audio.WakeRate)*61 {
			t.Errorf("%d samples, %v", samplesOf(s), err)
		}
	})
}
