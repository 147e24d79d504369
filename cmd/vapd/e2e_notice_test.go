//go:build !vapd_satellite && cgo && !race

package main

import (
	"context"
	"encoding/binary"
	"log/slog"
	"math"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"vapd/audio"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/skill"
)

const bellID = "org.example.bell"

// ringing is a sound of a skill: a second of 880 Hz.
func ringing() vap.Capability {
	const rate = 22050
	var data []byte
	for n := range rate {
		data = binary.LittleEndian.AppendUint16(data, uint16(int16(8000*math.Sin(2*math.Pi*880*float64(n)/rate))))
	}
	return vap.Sound{Codec: vap.CodecPCM, Rate: rate, Data: data}.Capability()
}

// bell runs a skill for the hub of h, in the process of the test, and grants it what it uses.
func bell(t *testing.T, h *home) *skill.Skill {
	t.Helper()
	s := skill.New(bellID, fstest.MapFS{"en.toml": {Data: []byte("name = \"Bell\"\n[intents.ring]\nutterances = [\"ring the bell\"]\n")}},
		skill.Via(skill.CoAP(h.hubReady.CoAP)), skill.State(t.TempDir()), skill.Log(slog.New(slog.DiscardHandler)))
	s.Handle("ring", func(context.Context, *skill.Request) (skill.Answer, error) {
		return skill.Say("Here it is.").With(ringing()), nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	c := dial(t, h.hubReady.Control)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		there, err := control.Call[[]control.HubSkill](t.Context(), c, control.MethodSkills, struct{}{})
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(there, func(s control.HubSkill) bool { return s.ID == bellID && s.Listening }) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("skills %+v", there)
		}
	}
	grant := control.SkillGrant{ID: bellID, Capabilities: []string{vap.CapSound, vap.CapLED}, Granted: true}
	if _, err := control.Call[any](t.Context(), c, control.MethodGrantSkill, grant); err != nil {
		t.Fatal(err)
	}
	return s
}

// toneOf is where in a recording hardly anything but a tone of that frequency begins to
// sound, and for how long it does.
func toneOf(samples []int16, hz float64) (begins int, lasts time.Duration) {
	const window = int(audio.WakeRate) / 20
	for at := 0; at+window <= len(samples); at += window {
		var sin, cos, energy float64
		for n, s := range samples[at : at+window] {
			phase := 2 * math.Pi * hz * float64(n) / float64(audio.WakeRate)
			sin, cos, energy = sin+float64(s)*math.Sin(phase), cos+float64(s)*math.Cos(phase), energy+float64(s)*float64(s)
		}
		if loud := energy > float64(window)*1e4; loud && (sin*sin+cos*cos)*2/float64(window) > 0.9*energy {
			if lasts == 0 {
				begins = at
			}
			lasts += audio.WakeRate.Duration(int64(window))
		}
	}
	return begins, lasts
}

// What a skill says on its own is heard in the room: at once, and after the conversation that
// is under way.
func TestASkillSpeaksWithoutBeingAsked(t *testing.T) {
	const sentence = "ring the bell"
	h := newHome(t, "")
	s := bell(t, h)
	n, _ := h.understands(t, sentence)
	satellite := h.state().ID
	spoken1 := func(n uint32) []int16 {
		t.Helper()
		h.await("announcement", func(s control.SatelliteState) bool { return s.Announcement.N == n && !s.Announcement.Playing })
		return h.played()
	}
	blue := vap.LED{Blue: 255, Seconds: 60}.Capability()
	h.played()
	if err := s.Notify(t.Context(), satellite, skill.Notice{Answer: skill.Say(sentence).With(blue)}); err != nil {
		t.Fatal(err)
	}
	h.await("words", func(s control.SatelliteState) bool {
		return s.Announcement.Playing && s.Announcement.Text == sentence && s.Announcement.From == bellID
	})
	heard := spoken1(1)
	if p := loudest(heard); p < 1000 {
		t.Errorf("the loudest sample of what was said is %d", p)
	}
	if leds := h.await("light", func(s control.SatelliteState) bool { return s.LEDs[0] == "#0000ff" }).LEDs; len(leds) != 12 {
		t.Errorf("LEDs %v", leds)
	}
	// It can be understood, without the tone before it.
	n++
	if turn := h.say(n, heard[min(len(heard), audio.WakeRate.Frames(500*time.Millisecond)):]).Turn; turn.Heard != sentence {
		t.Errorf("turn %+v", turn)
	}
	// And one that comes while somebody speaks waits.
	n++
	h.call(control.MethodListen, struct{}{})
	h.await("listening", func(s control.SatelliteState) bool { return s.Turn.N == n && s.Turn.State == "listening" })
	if err := s.Notify(t.Context(), satellite, skill.Notice{Answer: skill.Say("The doorbell rings.")}); err != nil {
		t.Fatal(err)
	}
	h.play(spoken(t, sentence))
	turn := h.answered(n)
	if turn.Turn.Heard != sentence || turn.Announcement.N != 1 {
		t.Errorf("turn %+v, announcement %+v", turn.Turn, turn.Announcement)
	}
	h.played()
	began := time.Now()
	if p := loudest(spoken1(2)); p < 1000 {
		t.Errorf("the loudest sample of what was said afterwards is %d", p)
	}
	if d := time.Since(began); d > 8*time.Second {
		t.Errorf("it was said after %v", d)
	}
}

// understands says a sentence until the hub can hear it, and gives the number of the turn and
// what was answered, as it sounds.
func (h *home) understands(t *testing.T, sentence string) (n uint32, answer []int16) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		n++
		h.played()
		s := h.say(n, spoken(t, sentence))
		if s.Turn.Heard == sentence {
			return n, h.played()
		}
		if time.Now().After(deadline) {
			t.Fatalf("turn %+v", s.Turn)
		}
	}
}

// A skill answers with words, and with a sound of its own after them.
func TestASkillAnswersWithItsOwnSound(t *testing.T) {
	h := newHome(t, "")
	bell(t, h)
	_, heard := h.understands(t, "ring the bell")
	begins, lasts := toneOf(heard, 880)
	if lasts < 800*time.Millisecond || lasts > 1200*time.Millisecond {
		t.Errorf("the tone sounded for %v of %v", lasts, audio.WakeRate.Duration(int64(len(heard))))
	}
	if p := loudest(heard[:begins]); p < 1000 {
		t.Errorf("the loudest sample before it is %d: no words", p)
	}
}
