package session

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/audio"
	"vapd/hub/speech"
	"vapd/protocol/clientregistry"
	"vapd/protocol/control"
	"vapd/protocol/vap"
)

func names(a vap.Answer) (out []string) {
	for _, c := range a.Capabilities {
		out = append(out, c.Name)
	}
	return out
}

func TestAnUtteranceIsHeardAndAnswered(t *testing.T) {
	b := run(t, vap.SessionStart{}, nil, func(b *bench) {
		b.Decide(true, "sat")
		b.say(1, 50)
	})
	if !b.over || b.remote.granted != 1 || !slices.Equal(b.remote.heard, []uint32{1}) {
		t.Fatalf("over %v, granted %d times, heard %v", b.over, b.remote.granted, b.remote.heard)
	}
	a := b.remote.answers[1]
	if !a.EndSession || !slices.Equal(names(a), []string{vap.CapHeard, vap.CapVoice, vap.CapSound}) {
		t.Errorf("answer %v", a)
	}
	if text, _ := vap.ParseText(a.Capabilities[0]); text != "what time is it" || b.asked[0] != text {
		t.Errorf("heard %q, asked %q", text, b.asked)
	}
	// 3210 samples are 10 frames of 20 ms and a rest.
	if s := b.remote.stream; s.pieces != 11 || !s.last || s.bytes != 11*640 {
		t.Errorf("stream %+v", *s)
	}
	if len(b.engine.samples) != 50*320 || b.engine.closed != 1 {
		t.Errorf("the recognizer got %d samples and was closed %d times", len(b.engine.samples), b.engine.closed)
	}
	if len(b.events) != 1 || b.events[0].Kind != control.EventAnswered || !b.events[0].Understood {
		t.Errorf("events %+v", b.events)
	}
}

func TestNothingIsAnsweredBeforeTheFocusIsGiven(t *testing.T) {
	b := run(t, vap.SessionStart{}, nil, func(b *bench) {
		b.say(1, 10)
		if b.remote.granted != 0 || len(b.remote.answers) != 0 {
			t.Error("answered without the focus")
		}
		b.Decide(true, "sat")
	})
	if b.remote.granted != 1 || len(b.remote.answers) != 1 {
		t.Errorf("granted %d times, %d answers", b.remote.granted, len(b.remote.answers))
	}
}

func TestTheLoserIsRefused(t *testing.T) {
	b := run(t, vap.SessionStart{}, nil, func(b *bench) {
		b.say(1, 2)
		b.Decide(false, "hall")
	})
	e := b.remote.refused
	if e == nil || e.Code != codes.Forbidden || e.Type != vap.TypeFocusLost || e.Object != "hall" || !b.over {
		t.Fatalf("refused %v, over %v", e, b.over)
	}
	if len(b.remote.answers)+len(b.remote.failed)+b.remote.granted != 0 {
		t.Error("a refused session got more")
	}
}

func TestTypedText(t *testing.T) {
	b := run(t, vap.SessionStart{}, nil, func(b *bench) {
		b.Decide(true, "sat")
		b.Fragment(clientregistry.Fragment{Turn: 1, Last: true, Capabilities: []vap.Capability{
			vap.TextCapability(vap.CapText, "what time is it"),
		}})
	})
	if len(b.remote.heard) != 0 || !slices.Equal(b.asked, []string{"what time is it"}) || len(b.remote.answers) != 1 {
		t.Errorf("heard %v, asked %q, answers %v", b.remote.heard, b.asked, b.remote.answers)
	}
}

func TestAQuestionKeepsTheSessionOpen(t *testing.T) {
	b := run(t, vap.SessionStart{}, func(b *bench, _ *Config) { b.reply.Again = true }, func(b *bench) {
		b.Decide(true, "sat")
		b.say(1, 20)
		time.Sleep(5 * time.Second) // the answer plays; nobody counts that as a stall
		b.say(2, 20)
	})
	if b.remote.answers[1].EndSession || !b.remote.answers[2].EndSession || !b.over {
		t.Errorf("answers %v, over %v", b.remote.answers, b.over)
	}
}

// What a client sends until it knows that it was heard is no part of its next utterance.
func TestLateFragmentsAreNotTheNextUtterance(t *testing.T) {
	b := run(t, vap.SessionStart{}, func(b *bench, _ *Config) { b.reply.Again = true }, func(b *bench) {
		b.Decide(true, "sat")
		b.say(1, 20)
		time.Sleep(time.Second)
		for i := range 3 {
			sound := vap.Sound{At: int64(3*audio.WakeRate) + int64(i*320), Data: make([]byte, 640)}.Capability()
			b.Fragment(clientregistry.Fragment{Turn: 1, Seq: uint32(20 + i), Capabilities: []vap.Capability{sound}, Received: time.Now()})
		}
		time.Sleep(5 * time.Second)
		b.say(2, 20)
	})
	if len(b.remote.failed) != 0 || !b.remote.answers[2].EndSession || !b.over {
		t.Errorf("failed %v, answers %v, over %v", b.remote.failed, b.remote.answers, b.over)
	}
}

func TestFailures(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*bench)
		act    func(*bench)
		want   *vap.Error
	}{
		"no engine": {
			func(b *bench) { b.engine.finish = speech.ErrUnavailable }, nil,
			&vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeNoSpeechEngine, RetryAfter: 10 * time.Second},
		},
		"engine crashed": {
			func(b *bench) { b.engine.finish = speech.ErrCrashed }, nil,
			&vap.Error{Code: codes.InternalServerError, Type: vap.TypeEngineFailed},
		},
		"engine busy": {
			func(b *bench) { b.engine.finish = speech.ErrBusy }, nil,
			&vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeBusy, RetryAfter: time.Second},
		},
		"client stalls": {nil, func(b *bench) {
			b.Fragment(clientregistry.Fragment{Turn: 1, Received: time.Now()})
			time.Sleep(stall + time.Millisecond)
		}, &vap.Error{Code: codes.RequestEntityIncomplete, Type: vap.TypeFragmentLost}},
		"a hole of three seconds": {nil, func(b *bench) {
			b.Fragment(clientregistry.Fragment{Turn: 1, Lost: 150, Capabilities: []vap.Capability{vap.Sound{At: 48000, Data: make([]byte, 640)}.Capability()}})
		}, &vap.Error{Code: codes.RequestEntityIncomplete, Type: vap.TypeFragmentLost}},
		"odd PCM": {nil, func(b *bench) {
			b.Fragment(clientregistry.Fragment{Turn: 1, Capabilities: []vap.Capability{vap.Sound{Data: make([]byte, 3)}.Capability()}})
		}, &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed, Object: vap.CapSound}},
		"a codec that nobody has": {nil, func(b *bench) {
			b.Fragment(clientregistry.Fragment{Turn: 1, Capabilities: []vap.Capability{vap.Sound{Codec: "mp3", Data: make([]byte, 4)}.Capability()}})
		}, &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed, Object: vap.CapSound}},
	} {
		t.Run(name, func(t *testing.T) {
			b := run(t, vap.SessionStart{}, func(b *bench, _ *Config) {
				if c.change != nil {
					c.change(b)
				}
			}, func(b *bench) {
				b.Decide(true, "sat")
				if c.act != nil {
					c.act(b)
					return
				}
				b.say(1, 5)
			})
			if got := b.remote.failed[1]; got == nil || *got != *c.want {
				t.Errorf("failed with %v, want %v", got, c.want)
			}
			if len(b.remote.answers) != 0 || !b.over || b.events[0].Kind != control.EventFailed {
				t.Errorf("answers %v, over %v, events %v", b.remote.answers, b.over, b.events)
			}
		})
	}
}

func TestAnswersWithoutAVoiceAreStillAnswers(t *testing.T) {
	for name, change := range map[string]func(*bench, *Config){
		"no TTS":     func(b *bench, _ *Config) { b.engine.spoken, b.engine.speak = nil, speech.ErrUnavailable },
		"no speaker": func(b *bench, _ *Config) { b.remote.client.Capabilities = nil },
	} {
		t.Run(name, func(t *testing.T) {
			b := run(t, vap.SessionStart{}, change, func(b *bench) { b.Decide(true, "sat"); b.say(1, 5) })
			if got := names(b.remote.answers[1]); !slices.Equal(got, []string{vap.CapHeard, vap.CapVoice}) {
				t.Errorf("answer %v", got)
			}
		})
	}
}

func TestAnAnswerBeginsWithItsFirstWord(t *testing.T) {
	b := run(t, vap.SessionStart{}, func(b *bench, _ *Config) {
		// A pause of 200 ms, which comes in several pieces, and a word.
		b.engine.spoken = append(slices.Repeat([]int16{-150}, 3200), slices.Repeat([]int16{-1000}, 1600)...)
	}, func(b *bench) { b.Decide(true, "sat"); b.say(1, 5) })
	// 20 ms of the pause stay.
	if got := b.remote.stream.bytes; got != (320+1600)*2 {
		t.Errorf("%d bytes of sound", got)
	}
}

func TestAnAnswerOfSilenceIsAnAnswer(t *testing.T) {
	b := run(t, vap.SessionStart{}, func(b *bench, _ *Config) { b.engine.spoken = make([]int16, 5000) },
		func(b *bench) { b.Decide(true, "sat"); b.say(1, 5) })
	if s := b.remote.stream; s == nil || !s.last || len(b.remote.answers) != 1 {
		t.Errorf("stream %+v, answers %v", s, b.remote.answers)
	}
}

func TestAPeerThatCanNotStreamGetsTheSoundWhole(t *testing.T) {
	b := run(t, vap.SessionStart{}, func(b *bench, _ *Config) {
		b.remote.client = clientregistry.ClientInfo{ID: "raw"}
		// 8 kHz comes out at 16 kHz: twice the samples, and what the filter delays.
		b.engine.format.Rate = 8000
	}, func(b *bench) { b.Decide(true, "raw"); b.say(1, 5) })
	c, ok := vap.Find(b.remote.answers[1].Capabilities, vap.CapSound)
	s, err := vap.ParseSound(c)
	if !ok || err != nil || s.Codec != vap.CodecPCM || len(s.Data) < 2*2*3000 || b.remote.stream != nil {
		t.Errorf("sound of %d bytes, %v", len(s.Data), err)
	}
}

func wakeAt(end int64) vap.SessionStart {
	return vap.SessionStart{Capabilities: []vap.Capability{
		vap.Wakeword{Word: "okay nabu", Score: 0.9, SNR: 12, Start: 0, End: end}.Capability(),
	}}
}

func TestTheRecognizerHearsNeitherWakeWordNorGap(t *testing.T) {
	loud := make([]byte, 640)
	for i := range loud {
		loud[i] = 0x11
	}
	b := run(t, wakeAt(480), nil, func(b *bench) {
		b.Decide(true, "sat")
		// Fragment 2 never came; the chime is in fragment 3.
		for _, i := range []int{0, 1, 3, 4} {
			f := clientregistry.Fragment{Turn: 1, Seq: uint32(i), Last: i == 4, Received: time.Now()}
			if i == 3 {
				f.Lost = 1
				f.Capabilities = append(f.Capabilities, vap.Chime{Start: 1000, End: 1200}.Capability())
			}
			f.Capabilities = append(f.Capabilities, vap.Sound{At: int64(i * 320), Data: loud}.Capability())
			b.Fragment(f)
		}
	})
	silent := 0
	for _, s := range b.engine.samples {
		if s == 0 {
			silent++
		}
	}
	if got := len(b.engine.samples); got != 5*320-480 || silent != 320 {
		t.Errorf("%d samples, %d of them silent: want all after the wake word, what is said over a chime too, and a silent gap", got, silent)
	}
	if b.events[0].Lost != 1 {
		t.Errorf("%d lost fragments reported", b.events[0].Lost)
	}
}

func TestSilenceIsAnsweredWithSilence(t *testing.T) {
	b := run(t, vap.SessionStart{}, nil, func(b *bench) {
		b.Decide(true, "sat")
		b.say(1, int(speech.DefaultEndpointConfig.NoSpeech/(20*time.Millisecond))+20)
	})
	if len(b.asked) != 0 || !b.remote.answers[1].EndSession || len(names(b.remote.answers[1])) != 1 {
		t.Errorf("asked %q, answer %v", b.asked, b.remote.answers[1])
	}
}

func TestTheClientGoes(t *testing.T) {
	b := run(t, vap.SessionStart{}, nil, func(b *bench) {
		b.Decide(true, "sat")
		b.Fragment(clientregistry.Fragment{Turn: 1, Received: time.Now()})
		b.Ended(context.Canceled)
	})
	if !b.over || len(b.remote.answers)+len(b.remote.failed) != 0 {
		t.Errorf("over %v, answers %v, failed %v", b.over, b.remote.answers, b.remote.failed)
	}
}

func TestTheEndOfASessionIsNoFailureOfItsAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		end  error
		want string
	}{"it is over": {nil, control.EventAnswered}, "the client goes": {context.Canceled, ""}} {
		t.Run(name, func(t *testing.T) {
			b := run(t, vap.SessionStart{}, func(b *bench, _ *Config) {
				b.remote.waited = func() { b.Ended(c.end) }
			}, func(b *bench) { b.Decide(true, "sat"); b.say(1, 5) })
			got := ""
			for _, e := range b.events {
				got += e.Kind
			}
			if got != c.want || !b.over {
				t.Errorf("events %q, over %v", got, b.over)
			}
		})
	}
}

func TestAFullInboxSaysSo(t *testing.T) {
	s, err := New(Config{Logger: discard}, &fakeRemote{}, vap.SessionStart{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range inboxSize {
		if !s.Fragment(clientregistry.Fragment{Seq: uint32(i)}) {
			t.Fatalf("fragment %d found no room", i)
		}
	}
	if s.Fragment(clientregistry.Fragment{}) {
		t.Error("one more found room")
	}
}

func TestAWakeWordThatCanNotBe(t *testing.T) {
	long := vap.SessionStart{Capabilities: []vap.Capability{vap.Wakeword{Word: "okay nabu", Audio: make([]byte, 10*int(audio.WakeRate))}.Capability()}}
	for _, start := range []vap.SessionStart{wakeAt(-1), wakeAt(int64(5 * audio.WakeRate)), long} {
		_, err := New(Config{Logger: discard}, &fakeRemote{}, start)
		var refused *vap.Error
		if !errors.As(err, &refused) || refused.Code != codes.BadRequest {
			t.Errorf("%.200v: %v", start, err)
		}
	}
}
