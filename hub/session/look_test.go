package session

import (
	"slices"
	"testing"
	"time"

	"vapd/hub/speech"
	"vapd/internal/trace"
	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
	"vapd/wakeword/verify"
)

// fakeLook gives its verdict a time after it has heard the word, as it is told to.
type fakeLook struct {
	kind    verify.Kind
	after   time.Duration // of the sound that it needs
	most    int           // samples
	heard   int
	holes   int
	ended   bool
	closed  int
	verdict chan verify.Verdict
}

func (f *fakeLook) Write(s []int16) {
	before := f.heard
	if f.heard += len(s); before < f.most && f.heard >= f.most {
		f.decide()
	}
}

func (f *fakeLook) Finish() {
	if f.heard < f.most {
		f.decide()
	}
	f.ended = true
}

func (f *fakeLook) decide() {
	time.AfterFunc(f.after, func() { f.verdict <- verify.Verdict{Kind: f.kind, Score: 0.3, Cutoff: 0.8} })
}

func (f *fakeLook) Hole()                          { f.holes++ }
func (f *fakeLook) Verdict() <-chan verify.Verdict { return f.verdict }
func (f *fakeLook) Close()                         { f.closed++ }

// looks has the session look at wakeAt(480) with f, and gives what came of it.
func looks(f *fakeLook, looked *[]Looked) func(*bench, *Config) {
	f.most = 480 + int(verify.Tail)
	return func(_ *bench, cfg *Config) {
		f.verdict = make(chan verify.Verdict, 1) // of the bubble
		cfg.Look = func(vap.Wakeword) SecondLook { return f }
		cfg.Looked = func(l Looked) { *looked = append(*looked, l) }
	}
}

func TestSecondLook(t *testing.T) {
	for name, c := range map[string]struct {
		kind     verify.Kind
		believed bool
	}{
		"accepted": {verify.Accepted, true}, "rejected": {verify.Rejected, false}, "half a word": {verify.Incomplete, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeLook{kind: c.kind, after: 30 * time.Millisecond}
			var looked []Looked
			ring := new(trace.Ring)
			b := run(t, wakeAt(480), func(b *bench, cfg *Config) { looks(f, &looked)(b, cfg); cfg.Traces = ring }, func(b *bench) {
				b.Decide(true, "sat")
				if b.remote.granted != 0 {
					t.Error("granted before the second look")
				}
				b.say(1, 40)
			})
			if len(looked) != 1 || looked[0].Kind != c.kind || looked[0].Client != "sat" || looked[0].Wake.Word != "okay nabu" || len(looked[0].Samples) != f.most {
				t.Fatalf("looked %+v", looked)
			}
			if granted := b.remote.granted == 1; granted != c.believed || f.closed != 1 {
				t.Errorf("granted %v, closed %d times", granted, f.closed)
			}
			steps, result := tracedSteps(t, ring)
			if !slices.Contains(steps, trace.SecondLook) {
				t.Errorf("steps %q", steps)
			}
			if c.believed {
				if len(b.remote.answers) != 1 || b.remote.refused != nil {
					t.Errorf("answers %v, refused %v", b.remote.answers, b.remote.refused)
				}
				return
			}
			if e := b.remote.refused; e == nil || e.Type != vap.TypeWakewordRejected || e.Object != "okay nabu" || result != "refused: wakewordRejected, 0.30 of 0.80" {
				t.Errorf("refused %v, the trace says %q", e, result)
			}
			if len(b.remote.answers)+len(b.remote.failed)+len(b.remote.heard)+len(b.asked) != 0 {
				t.Error("a rejected wake word was acted on")
			}
		})
	}
}

// An answer that is there waits for the second look for a moment and no longer, and not for
// what is still at work.
func TestALateLookDelaysTheAnswerByTheBoundAtMost(t *testing.T) {
	for name, c := range map[string]struct {
		kind   verify.Kind
		after  time.Duration
		waited time.Duration
		want   verify.Kind
	}{
		"long before the answer": {verify.Accepted, 10 * time.Millisecond, 0, verify.Accepted},
		"a little late":          {verify.Accepted, 620 * time.Millisecond, 20 * time.Millisecond, verify.Accepted},
		"a little late: no":      {verify.Rejected, 620 * time.Millisecond, 20 * time.Millisecond, verify.Rejected},
		"too late":               {verify.Rejected, 700 * time.Millisecond, lookWait, verify.Late},
		"never":                  {verify.Rejected, time.Hour, lookWait, verify.Late},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeLook{kind: c.kind, after: c.after}
			var looked []Looked
			var judged time.Time
			b := run(t, wakeAt(480), func(b *bench, cfg *Config) {
				looks(f, &looked)(b, cfg)
				report := cfg.Looked
				cfg.Looked = func(l Looked) { report(l); judged = time.Now() }
			}, func(b *bench) {
				b.Decide(true, "sat")
				b.say(1, 44) // the word is all there after 14 fragments, the rest takes 590 ms
				b.settle()
			})
			if len(looked) != 1 || looked[0].Kind != c.want || f.closed != 1 {
				t.Fatalf("looked %+v, closed %d times", looked, f.closed)
			}
			if waited := judged.Sub(b.spoken); c.waited > 0 && waited != c.waited {
				t.Errorf("the answer waited for %v, want %v", waited, c.waited)
			}
		})
	}
}

// Without a model the client is believed at once, and that is counted.
func TestWithoutAModelTheClientIsBelieved(t *testing.T) {
	var looked []Looked
	b := run(t, wakeAt(480), func(_ *bench, cfg *Config) {
		cfg.Look = func(vap.Wakeword) SecondLook { return nil }
		cfg.Looked = func(l Looked) { looked = append(looked, l) }
	}, func(b *bench) {
		b.Decide(true, "sat")
		b.say(1, 5)
	})
	if len(looked) != 1 || looked[0].Kind != verify.NoModel || b.remote.granted != 1 || len(b.remote.answers) != 1 {
		t.Errorf("looked %+v, granted %d times, answers %v", looked, b.remote.granted, b.remote.answers)
	}
	looked = nil
	b = run(t, vap.SessionStart{}, func(_ *bench, cfg *Config) {
		cfg.Look = func(vap.Wakeword) SecondLook { t.Error("there is no word to look at"); return nil }
		cfg.Looked = func(l Looked) { looked = append(looked, l) }
	}, func(b *bench) {
		b.Decide(true, "sat")
		b.say(1, 5)
	})
	if len(looked) != 0 || len(b.remote.answers) != 1 {
		t.Errorf("a key: looked %+v, answers %v", looked, b.remote.answers)
	}
}

// Nobody who said no wake word hears that the hub can't understand speech.
func TestWhoIsRejectedHearsOfNoFailure(t *testing.T) {
	for name, c := range map[string]struct {
		kind   verify.Kind
		failed int
	}{"rejected": {verify.Rejected, 0}, "accepted": {verify.Accepted, 1}} {
		t.Run(name, func(t *testing.T) {
			f := &fakeLook{kind: c.kind}
			var looked []Looked
			b := run(t, wakeAt(480), func(b *bench, cfg *Config) {
				looks(f, &looked)(b, cfg)
				b.engine.finish, b.engine.failed = speech.ErrUnavailable, make(chan struct{})
				close(b.engine.failed)
			}, func(b *bench) {
				b.Decide(true, "sat")
				b.say(1, 40)
			})
			if len(looked) != 1 || len(b.remote.failed) != c.failed || (b.remote.refused == nil) != (c.failed == 1) {
				t.Errorf("looked %+v, failed %v, refused %v", looked, b.remote.failed, b.remote.refused)
			}
		})
	}
}

// What was lost of the word is said, and an utterance that is over before its word could be
// heard is looked at as it is.
func TestTheLookKnowsWhatIsMissing(t *testing.T) {
	f := &fakeLook{kind: verify.Incomplete}
	var looked []Looked
	run(t, wakeAt(480), looks(f, &looked), func(b *bench) {
		b.Decide(true, "sat")
		for _, i := range []int{0, 3} {
			sound := vap.Sound{At: int64(i * 320), Data: make([]byte, 640)}.Capability()
			b.Fragment(clientregistry.Fragment{Turn: 1, Seq: uint32(i), Lost: i / 2, Last: i == 3, Capabilities: []vap.Capability{sound}, Received: time.Now()})
		}
	})
	if f.holes != 1 || f.heard != 4*320 || !f.ended || len(looked) != 1 || len(looked[0].Samples) != 4*320 {
		t.Errorf("%+v, looked %+v", f, looked)
	}
}

// A client that sends no pre-roll sends the word itself.
func TestAWordThatIsSentWhole(t *testing.T) {
	f := &fakeLook{kind: verify.Rejected}
	var looked []Looked
	word := vap.Wakeword{Word: "okay nabu", Audio: []byte{1, 0, 2, 0, 3, 0}}
	b := run(t, vap.SessionStart{Capabilities: []vap.Capability{word.Capability()}}, func(b *bench, cfg *Config) {
		looks(f, &looked)(b, cfg)
		f.most = 3 + int(verify.Tail)
	}, func(b *bench) {
		b.Decide(true, "raw")
		b.say(1, 5)
	})
	if len(looked) != 1 || len(looked[0].Samples) != f.most || !slices.Equal(looked[0].Samples[:4], []int16{1, 2, 3, 0}) || b.remote.refused == nil {
		t.Errorf("looked %+v, refused %v", looked, b.remote.refused)
	}
}
