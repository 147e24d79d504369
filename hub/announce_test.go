package hub

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"vapd/audio"
	"vapd/hub/speech"
	"vapd/protocol/clientregistry"
	"vapd/protocol/control"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
	"vapd/skill"
)

// heardNotice is an announcement as a satellite heard it.
type heardNotice struct {
	text  string
	bytes int // of sound; -1: none was announced
}

// audience is a satellite that listens to what skills say.
type audience struct {
	*satellite
	heard   chan heardNotice
	engaged atomic.Bool
}

const kitchen = "org.example.kitchen"

func listening(t *testing.T, h *Hub, offers ...vap.Offer) *audience {
	t.Helper()
	a := &audience{heard: make(chan heardNotice, 16)}
	a.satellite = connectAs(t, h, clientregistry.ClientConfig{
		ID: kitchen, Capabilities: append(offers, vap.Offer{Name: vap.CapVoice, Version: 1}),
		Announced: func(n clientregistry.Announcement, reply func(error)) {
			if a.engaged.Load() {
				reply(clientregistry.Engaged())
				return
			}
			reply(nil)
			if n.Sound == nil {
				a.heard <- heardNotice{n.Text, -1}
				return
			}
			go func() {
				heard := heardNotice{text: n.Text}
				for {
					data, _, err := n.Sound.Read(context.Background())
					if heard.bytes += len(data); err != nil {
						break
					}
				}
				a.heard <- heard
			}()
		},
	})
	return a
}

var streams = vap.Offer{Name: vap.CapSound, Version: 1, Stream: true, Codecs: []string{vap.CodecPCM}}

// hears waits for the next notice.
func (a *audience) hears(t *testing.T, want heardNotice) {
	t.Helper()
	select {
	case got := <-a.heard:
		if got != want {
			t.Errorf("heard %+v, want %+v", got, want)
		}
	case <-time.After(20 * time.Second):
		t.Errorf("never heard %+v", want)
	}
}

// bell is a skill within the hub, that speaks on its own.
func bell(t *testing.T, h *Hub) skill.Line {
	t.Helper()
	line, err := h.Skills().Connect(skill.Service{ID: "org.example.bell", Name: "Bell"})
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// tell has the skill say something; what is refused is an error.
func tell(t *testing.T, line skill.Line, capabilities ...vap.Capability) error {
	t.Helper()
	results, err := line.Notify(t.Context(), vap.NotificationItem{
		Type: vap.ItemStandalone, ClientID: kitchen, Capabilities: capabilities,
	})
	if err == nil && (len(results) != 1 || results[0].Code != 0) {
		t.Fatalf("%+v", results)
	}
	return err
}

var rings = vap.TextCapability(vap.CapVoice, "the doorbell rings")

// tone is a sound of a skill, of n samples.
func tone(rate, n int) vap.Capability {
	return vap.Sound{Codec: vap.CodecPCM, Rate: rate, Data: make([]byte, 2*n)}.Capability()
}

// words are how many bytes of sound everything that engine says is: 1000 samples.
const words = 4 * 640

func TestWhatASkillSaysOnItsOwnIsHeard(t *testing.T) {
	h := start(t, "", nil)
	line := bell(t, h)
	for name, c := range map[string]struct {
		offers []vap.Offer
		say    []vap.Capability
		want   heardNotice
		fails  bool
	}{
		"words":                     {[]vap.Offer{streams}, []vap.Capability{rings}, heardNotice{"the doorbell rings", words}, false},
		"a sound after the words":   {[]vap.Offer{streams}, []vap.Capability{tone(8000, 8000), rings}, heardNotice{"the doorbell rings", 54 * 640}, false},
		"a sound":                   {[]vap.Offer{streams}, []vap.Capability{tone(48000, 48000)}, heardNotice{"", 32000}, false},
		"a sound that nobody plays": {[]vap.Offer{streams}, []vap.Capability{tone(7999, 10), rings}, heardNotice{"the doorbell rings", words}, true},
		"two texts":                 {[]vap.Offer{streams}, []vap.Capability{rings, vap.TextCapability(vap.CapText, "again")}, heardNotice{"the doorbell rings again", words}, false},
		"a satellite without streams": {
			[]vap.Offer{{Name: vap.CapSound, Version: 1}},
			[]vap.Capability{rings},
			heardNotice{"the doorbell rings", 2000},
			false,
		},
		"more than fits without streams": {
			[]vap.Offer{{Name: vap.CapSound, Version: 1}},
			[]vap.Capability{rings, tone(16000, 200000)},
			heardNotice{"the doorbell rings", -1},
			true,
		},
		"a satellite without a speaker": {nil, []vap.Capability{rings}, heardNotice{"the doorbell rings", -1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			a := listening(t, h, c.offers...)
			if err := tell(t, line, c.say...); (err != nil) != c.fails {
				t.Error(err)
			}
			a.hears(t, c.want)
		})
	}
	if text, _ := h.said.of(kitchen); text != "the doorbell rings" && text != "the doorbell rings again" {
		t.Errorf("it remembers %q", text)
	}
}

// A satellite that is in a conversation hears it afterwards, and one after the other.
func TestNoticesWaitForTheEndOfAConversation(t *testing.T) {
	h := start(t, "", nil)
	line, a := bell(t, h), listening(t, h, streams)
	a.engaged.Store(true) // it plays the end of an answer
	for _, text := range []string{"first", "second"} {
		if err := tell(t, line, vap.TextCapability(vap.CapVoice, text)); err != nil {
			t.Fatal(err)
		}
	}
	a.engaged.Store(false)
	began := time.Now()
	a.hears(t, heardNotice{"first", words})
	a.hears(t, heardNotice{"second", words})
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("after %v", d)
	}
	s := a.Start(vap.SessionStart{Turn: 1})
	<-s.Decided()
	if err := tell(t, line, vap.TextCapability(vap.CapVoice, "third")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond)
	if len(a.heard) > 0 {
		t.Error("a conversation was interrupted")
	}
	s.Cancel()
	a.hears(t, heardNotice{"third", words})
}

// deafMute is an engine that is not there.
type deafMute struct{ engine }

func (deafMute) Speak(context.Context, string, string, func(speech.Piece) error) error {
	return speech.ErrUnavailable
}

// Without an engine the words come alone, and the skill is told.
func TestNoticesWithoutAnEngine(t *testing.T) {
	h := start(t, "", func(c *Config) { c.Synthesizer = deafMute{} })
	a := listening(t, h, streams)
	err := tell(t, bell(t, h), rings)
	if refused, ok := errors.AsType[*vap.Error](err); !ok || refused.Code.String() != "ServiceUnavailable" {
		t.Errorf("%v", err)
	}
	a.hears(t, heardNotice{"the doorbell rings", -1})
}

// hoarse is an engine that is busy for its first three sentences.
type hoarse struct {
	engine
	said *atomic.Int32
}

func (h hoarse) Speak(ctx context.Context, text, voice string, emit func(speech.Piece) error) error {
	if h.said.Add(1) <= 3 {
		return speech.ErrBusy
	}
	return h.engine.Speak(ctx, text, voice, emit)
}

// An engine that has no time now has it later: the words don't come without it.
func TestNoticesWaitForABusyEngine(t *testing.T) {
	h := start(t, "", func(c *Config) { c.Synthesizer = hoarse{said: new(atomic.Int32)} })
	a := listening(t, h, streams)
	if err := tell(t, bell(t, h), rings); err != nil {
		t.Error(err)
	}
	a.hears(t, heardNotice{"the doorbell rings", words})
}

// slow is an engine that speaks for ever.
type slow struct{ engine }

func (slow) Speak(ctx context.Context, _, _ string, emit func(speech.Piece) error) error {
	for {
		err := emit(speech.Piece{Format: audio.Format{Rate: audio.WakeRate, Channels: 1}, Samples: slices.Repeat([]int16{1000}, 1600)})
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
	}
}

// Who stops a notice, or leaves, is not sent the rest; a hub that ends does not wait for it.
func TestNoticesAreStopped(t *testing.T) {
	for name, stop := range map[string]func(h *Hub, sound *clientregistry.IncomingStream, s *satellite, end func()){
		"by a person": func(_ *Hub, sound *clientregistry.IncomingStream, _ *satellite, _ func()) { sound.Cancel() },
		"by leaving": func(_ *Hub, _ *clientregistry.IncomingStream, s *satellite, _ func()) {
			_ = s.Close(context.Background())
		},
		"by the hub": func(_ *Hub, _ *clientregistry.IncomingStream, _ *satellite, end func()) { end() },
	} {
		t.Run(name, func(t *testing.T) {
			h, end := startIn(t, t.TempDir(), "", func(c *Config) { c.Synthesizer = slow{} })
			defer end()
			sounds := make(chan *clientregistry.IncomingStream, 1)
			s := connectAs(t, h, clientregistry.ClientConfig{
				ID: kitchen, Capabilities: []vap.Offer{streams, {Name: vap.CapVoice}},
				Announced: func(n clientregistry.Announcement, reply func(error)) {
					reply(nil)
					sounds <- n.Sound
				},
			})
			results := make(chan string, 16)
			defer h.Watch(func(e control.HubEvent) {
				if e.Kind == control.EventNotice && e.Client == kitchen && e.Answer == "the doorbell rings" {
					results <- e.Skill + " " + e.Result
				}
			})()
			if err := tell(t, bell(t, h), rings); err != nil {
				t.Fatal(err)
			}
			sound := <-sounds
			if _, _, err := sound.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
			stop(h, sound, s, end)
			for range 10_000 {
				if _, _, err := sound.Read(t.Context()); err != nil {
					break
				}
			}
			for deadline := time.Now().Add(10 * time.Second); h.server.Engaged(kitchen); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("it goes on")
				}
			}
			for _, want := range []string{"org.example.bell said", "org.example.bell cut"} {
				select {
				case got := <-results:
					if got != want {
						t.Errorf("who watches sees %q, want %q", got, want)
					}
				case <-time.After(20 * time.Second):
					t.Errorf("who watches never sees %q", want)
				}
			}
		})
	}
}

// A skill's answer has words, and a sound after them in the same stream; a sound that can't
// be played is left out.
func TestASkillAnswersWithASound(t *testing.T) {
	for name, c := range map[string]struct {
		sound vap.Capability
		bytes int
	}{
		"played":   {tone(16000, 16000), 54 * 640},
		"left out": {vap.Sound{Codec: "mp3", Data: []byte{1, 2}}.Capability(), words},
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, "", func(c *Config) { c.Recognizer = engine{"ring the bell"} }) // no other skills
			_, err := h.Skills().Connect(skill.Service{
				ID: "org.example.bell", Name: "Bell",
				NLU: []vap.NLU{{Language: vap.Language{Language: "en"}, Intents: []vap.Intent{{Name: "ring", Utterances: []string{"ring the bell"}}}}},
				Handle: func(context.Context, vap.SkillRequest) (skillregistry.Answer, error) {
					return skillregistry.Answer{Capabilities: []vap.Capability{vap.TextCapability(vap.CapVoice, "ding"), c.sound}}, nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			a, err := say(t, connect(t, h, kitchen).wake(10))
			if err != nil || text(a, vap.CapVoice) != "ding" || a.Sound == nil {
				t.Fatalf("%+v, %v", a, err)
			}
			bytes := 0
			for {
				data, _, err := a.Sound.Read(t.Context())
				if bytes += len(data); err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if bytes != c.bytes {
				t.Errorf("%d bytes, want %d", bytes, c.bytes)
			}
		})
	}
}
