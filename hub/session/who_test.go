package session

import (
	"slices"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/hub/speech"
	"vapd/protocol/clientregistry"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/wakeword/speaker"
)

// fakeVoices says who speaks as it is told to.
type fakeVoices struct {
	model  *speaker.Model
	nobody bool // wants to know
	hints  []speaker.Hint
	heard  []string
	voices []speaker.Voice
	before func() // is called before it says who speaks; may be nil
}

func (f *fakeVoices) Listen(string) *speaker.Listener {
	if f.nobody {
		return nil
	}
	return f.model.NewListener()
}

func (f *fakeVoices) Who(_, heard string, v speaker.Voice) speaker.Hint {
	if f.before != nil {
		f.before()
	}
	f.heard, f.voices = append(f.heard, heard), append(f.voices, v)
	h := f.hints[0]
	f.hints = f.hints[1:]
	return h
}

func voices(t *testing.T, hints ...speaker.Hint) *fakeVoices {
	t.Helper()
	m, err := speaker.Default()
	if err != nil {
		t.Fatal(err)
	}
	return &fakeVoices{model: m, hints: hints}
}

var (
	anna     = speaker.Hint{Speaker: "Anna", Confidence: 0.93}
	stranger = speaker.Hint{Speaker: "Anna", Confidence: 0.41}
)

func TestWhoSpeaksIsAHint(t *testing.T) {
	v := voices(t, anna)
	b := run(t, vap.SessionStart{}, func(_ *bench, c *Config) { c.Voices = v }, func(b *bench) {
		b.Decide(true, "sat")
		b.say(1, 50)
	})
	if !slices.Equal(b.by, []speaker.Hint{anna}) || !slices.Equal(v.heard, []string{"what time is it"}) {
		t.Errorf("asked by %+v; told of %q", b.by, v.heard)
	}
	if v.voices[0] != (speaker.Voice{}) { // it was silence
		t.Errorf("the voice of silence is %+v", v.voices[0])
	}
	if e := b.events[0]; e.Kind != control.EventAnswered || e.Speaker != "Anna" || e.Confidence != 0.93 {
		t.Errorf("event %+v", e)
	}
}

func TestNobodyWantsToKnowWhoSpeaks(t *testing.T) {
	v := voices(t)
	v.nobody = true
	b := run(t, vap.SessionStart{}, func(_ *bench, c *Config) { c.Voices = v }, func(b *bench) {
		b.Decide(true, "sat")
		b.say(1, 50)
	})
	if !slices.Equal(b.by, []speaker.Hint{{}}) || len(v.heard) != 0 {
		t.Errorf("asked by %+v; told of %q", b.by, v.heard)
	}
}

// With RequireSpeaker the session is the client's once it is known who speaks, and nothing
// is said or done for anybody else.
func TestWhoIsNotKnownIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		hints []speaker.Hint
		nobody,
		silent, typed, broken bool
		granted, answers int
		refused          bool
	}{
		"known":                     {hints: []speaker.Hint{anna}, granted: 1, answers: 1},
		"a stranger":                {hints: []speaker.Hint{stranger}, refused: true},
		"nobody is known":           {nobody: true, refused: true},
		"a stranger, engine broken": {hints: []speaker.Hint{stranger}, broken: true, refused: true},
		"typed":                     {typed: true, refused: true},
		"nobody spoke":              {silent: true, granted: 1, answers: 1},
	} {
		t.Run(name, func(t *testing.T) {
			v := voices(t, c.hints...)
			v.nobody = c.nobody
			b := run(t, vap.SessionStart{}, func(b *bench, cfg *Config) {
				cfg.Voices, cfg.RequireSpeaker = v, 0.8
				v.before = func() {
					b.remote.do(func() {
						if b.remote.granted > 0 {
							t.Error("granted before anybody is known")
						}
					})
				}
				if c.silent {
					cfg.Endpoint.NoSpeech = 300 * time.Millisecond
				}
				if c.broken {
					b.engine.finish = speech.ErrCrashed
					b.engine.failed = make(chan struct{})
					close(b.engine.failed)
				}
			}, func(b *bench) {
				b.Decide(true, "sat")
				if c.typed {
					b.Fragment(clientregistry.Fragment{Turn: 1, Last: true, Capabilities: []vap.Capability{
						vap.TextCapability(vap.CapText, "what time is it"),
					}})
					return
				}
				b.say(1, 20)
				if c.silent {
					b.settle()
				}
			})
			if b.remote.granted != c.granted || len(b.remote.answers) != c.answers || len(b.remote.failed) != 0 {
				t.Errorf("granted %d times, answers %v, failed %v", b.remote.granted, b.remote.answers, b.remote.failed)
			}
			if e := b.remote.refused; (e != nil) != c.refused || e != nil && (e.Code != codes.Unauthorized || e.Type != vap.TypeUserNotAuthorized) {
				t.Errorf("refused: %v", e)
			}
			if c.refused && len(b.asked) > 0 {
				t.Errorf("a stranger asked %q", b.asked)
			}
		})
	}
}

// Who asks back is not answered for somebody else.
func TestEachUtteranceIsOfSomebodyKnown(t *testing.T) {
	v := voices(t, anna, stranger)
	b := run(t, vap.SessionStart{}, func(b *bench, c *Config) {
		b.reply.Again = true
		c.Voices, c.RequireSpeaker = v, 0.8
	}, func(b *bench) {
		b.Decide(true, "sat")
		b.say(1, 20)
		time.Sleep(5 * time.Second)
		b.say(2, 20)
	})
	if len(b.remote.answers) != 1 || b.remote.refused == nil || b.remote.refused.Type != vap.TypeUserNotAuthorized || !b.over {
		t.Errorf("answers %v, refused %v, over %v", b.remote.answers, b.remote.refused, b.over)
	}
}
