package speech_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vapd/hub/speech"
)

// parrots is a Dial to engines that hear the first sentence of their grammar whatever is
// said, and take a while to learn it.
type parrots struct {
	loads  atomic.Int32
	broken atomic.Bool // they can't be started
	served sync.WaitGroup
}

const learning = 3 * time.Second

func (p *parrots) dial(context.Context) (io.ReadWriteCloser, error) {
	if p.broken.Load() {
		return nil, errors.New("no such parrot")
	}
	ours, theirs := net.Pipe()
	p.served.Go(func() {
		defer theirs.Close()
		speech.ServeRecognizer(theirs, theirs, "parrot", &parrot{loads: &p.loads})
	})
	return ours, nil
}

type parrot struct {
	loads *atomic.Int32
	says  string
	text  string
}

func (p *parrot) SetGrammar(g speech.Grammar) ([]string, error) {
	p.loads.Add(1)
	time.Sleep(learning)
	if _, ok := g["refused"]; ok {
		return nil, errors.New("polly does not want it")
	}
	p.says = g[speech.Start][0]
	return nil, nil
}

func (p *parrot) Begin() error                          { p.text = p.says; return nil }
func (p *parrot) Pausing(bool)                          {}
func (p *parrot) Write([]int16) (speech.Partial, error) { return speech.Partial{Text: p.text}, nil }

func (p *parrot) End() (speech.Transcript, error) {
	return speech.Transcript{Text: p.text, Accepted: true}, nil
}

func only(sentence string) speech.Grammar { return speech.Grammar{speech.Start: {sentence}} }

// hears ends u, of which want has to be heard.
func hears(t *testing.T, u speech.Utterance, want string) {
	t.Helper()
	defer u.Close()
	u.Write(make([]int16, 320))
	if got, err := u.Finish(t.Context()); err != nil || got.Text != want {
		t.Errorf("heard %+v, %v: want %q", got, err, want)
	}
}

// withParrots runs test with a recognizer of parrots that say "one".
func withParrots(t *testing.T, test func(*testing.T, *parrots, *speech.Engine, *speech.EngineRecognizer)) {
	synctest.Test(t, func(t *testing.T) {
		p := &parrots{}
		e := speech.NewEngine(speech.EngineConfig{Name: "parrot", Dial: p.dial, Logger: slog.New(slog.DiscardHandler), Most: 2})
		r := speech.NewRecognizer(e, only("one"))
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { e.Run(ctx) })
		time.Sleep(2 * learning)
		test(t, p, e, r)
		cancel()
		done.Wait()
		p.served.Wait()
	})
}

// While a grammar is loaded people are heard with the old one, and who began with that
// ends with it. As many as ever can speak.
func TestNobodyIsLostWhenTheGrammarChanges(t *testing.T) {
	withParrots(t, func(t *testing.T, _ *parrots, e *speech.Engine, r *speech.EngineRecognizer) {
		changed := make(chan error, 1)
		go func() { changed <- r.SetGrammar(t.Context(), only("two")) }()
		time.Sleep(learning / 3)
		hears(t, r.Listen(), "one")
		during := r.Listen()
		during.Write(make([]int16, 320))
		time.Sleep(learning / 3)
		select {
		case err := <-changed:
			t.Fatalf("changed at once, %v", err)
		default:
		}
		if err := <-changed; err != nil {
			t.Fatal(err)
		}
		hears(t, r.Listen(), "two")
		hears(t, during, "one")
		synctest.Wait()
		hears(t, r.Listen(), "two")
		if h := e.Health(); h.State != speech.Ready || h.Crashes != 0 {
			t.Errorf("health is %+v", h)
		}
	})
}

// Of many changes the last counts, and those between are not loaded.
func TestRapidChangesAreOne(t *testing.T) {
	withParrots(t, func(t *testing.T, p *parrots, _ *speech.Engine, r *speech.EngineRecognizer) {
		loads := p.loads.Load()
		var all sync.WaitGroup
		for _, sentence := range strings.Fields("two three four five six seven eight") {
			all.Go(func() {
				if err := r.SetGrammar(t.Context(), only(sentence)); err != nil {
					t.Error(err)
				}
			})
			time.Sleep(10 * time.Millisecond)
		}
		all.Wait()
		hears(t, r.Listen(), "eight")
		if n := p.loads.Load() - loads; n != 2 {
			t.Errorf("%d grammars were loaded, want the first and the last", n)
		}
	})
}

// A grammar that is refused leaves the old one, and the error says why.
func TestRefusedGrammar(t *testing.T) {
	withParrots(t, func(t *testing.T, p *parrots, e *speech.Engine, r *speech.EngineRecognizer) {
		err := r.SetGrammar(t.Context(), speech.Grammar{speech.Start: {"two"}, "refused": {"x"}})
		if err == nil || !strings.Contains(err.Error(), "polly does not want it") || errors.Is(err, speech.ErrUnavailable) {
			t.Errorf("the error is %v", err)
		}
		p.broken.Store(true)
		if err := r.SetGrammar(t.Context(), only("two")); err == nil || !strings.Contains(err.Error(), "no such parrot") {
			t.Errorf("the error is %v", err)
		}
		hears(t, r.Listen(), "one")
		if h := e.Health(); h.State != speech.Ready || h.Crashes != 0 {
			t.Errorf("health is %+v", h)
		}
	})
}

// What is set while there is no engine is what the next one is started with.
func TestGrammarOfAnEngineToCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &parrots{}
		p.broken.Store(true)
		e := speech.NewEngine(speech.EngineConfig{Name: "parrot", Dial: p.dial, Logger: slog.New(slog.DiscardHandler)})
		r := speech.NewRecognizer(e, only("one"))
		ctx, cancel := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { e.Run(ctx) })
		time.Sleep(time.Second)
		if err := r.SetGrammar(t.Context(), only("two")); !errors.Is(err, speech.ErrUnavailable) {
			t.Errorf("the error is %v", err)
		}
		p.broken.Store(false)
		time.Sleep(time.Minute)
		hears(t, r.Listen(), "two")
		cancel()
		done.Wait()
		p.served.Wait()
		if err := r.SetGrammar(t.Context(), only("three")); !errors.Is(err, speech.ErrUnavailable) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// The real engine, in a process of its own.
func TestSwapOfARealEngine(t *testing.T) {
	synthesizer, _ := startSynthesizer(t)
	recognizer, engine := startRecognizer(t, "pocketsphinx")
	samples := func(text string) []int16 {
		return append(append(noise(second/2), say(t, synthesizer, text, "rms")...), noise(second/2)...)
	}
	listen := func(u speech.Utterance, want string) {
		t.Helper()
		defer u.Close()
		if got, err := u.Finish(t.Context()); err != nil || got.Text != want {
			t.Errorf("heard %+v, %v: want %q", got, err, want)
		}
	}
	question := samples("what time is it")
	for deadline := time.Now().Add(20 * time.Second); engine.Health().State != speech.Ready && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond) // who speaks before it is there is heard by what it is there for then
	}
	before := recognizer.Listen()
	before.Write(question[:len(question)/2])
	g := speech.Grammar{speech.Start: {"open the <gate>", "ask zorkmid", "свет"}, "gate": {"garden gate", "gate"}}
	if err := recognizer.SetGrammar(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	if h := engine.Health(); !strings.Contains(h.Detail, "свет") || strings.Contains(h.Detail, "zorkmid") {
		t.Errorf("health is %+v", h)
	}
	before.Write(question[len(question)/2:])
	listen(before, "what time is it")
	for _, text := range []string{"open the garden gate", "ask zorkmid"} {
		u := recognizer.Listen()
		u.Write(samples(text))
		listen(u, text)
	}
	if err := recognizer.SetGrammar(t.Context(), speech.Grammar{speech.Start: {"<loop>"}, "loop": {"<loop>"}}); err == nil || !strings.Contains(err.Error(), "refers to itself") {
		t.Errorf("the error is %v", err)
	}
	u := recognizer.Listen()
	u.Write(samples("open the gate"))
	listen(u, "open the gate")
	if h := engine.Health(); h.State != speech.Ready || h.Crashes != 0 {
		t.Errorf("health is %+v", h)
	}
}
