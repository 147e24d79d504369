package hub

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"vapd/hub/speech"
	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
)

// bidder is a satellite that heard the word, and how.
type bidder struct {
	id    string
	word  vap.Wakeword
	clock time.Duration // its clock is ahead by
	late  time.Duration // its message is
}

func (b bidder) start(s *satellite) *clientregistry.ClientSession {
	time.Sleep(b.late)
	b.word.Word, b.word.Score, b.word.End = "okay nabu", 0.9, 320
	return s.Start(vap.SessionStart{
		Turn: 1, At: time.Now().Add(b.clock - b.late), Capabilities: []vap.Capability{b.word.Capability()},
	})
}

func TestOneAndOnlyOneAnswers(t *testing.T) {
	near := vap.Wakeword{SNR: 10, Level: -45, Noise: -55, Attack: 10}
	far := vap.Wakeword{SNR: 18, Level: -41, Noise: -59, Attack: 7} // and with more gain
	foreign := vap.Wakeword{SNR: 12}
	const lateEver = 600 * time.Millisecond // after the decision
	for name, c := range map[string]struct {
		bidders []bidder
		winner  string
	}{
		"the nearest, not the loudest": {[]bidder{{id: "a", word: far}, {id: "b", word: near}, {id: "c", word: far}}, "b"},
		"equal bids":                   {[]bidder{{id: "c", word: near}, {id: "b", word: near}, {id: "a", word: near}}, "a"},
		"the nearest comes too late":   {[]bidder{{id: "a", word: far}, {id: "b", word: near, late: lateEver}}, "a"},
		"clocks are off by hours": {[]bidder{
			{id: "a", word: far, clock: 5 * time.Hour}, {id: "b", word: near, clock: -3 * time.Hour}, {id: "c", word: far, clock: -time.Second},
		}, "b"},
		"a wrong clock, and late": {[]bidder{{id: "a", word: near}, {id: "b", word: far, clock: time.Hour, late: lateEver}}, "a"},
		"one does not measure":    {[]bidder{{id: "a", word: near}, {id: "b", word: foreign}, {id: "c", word: foreign}}, "b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, "what time is it", nil)
			satellites, errs := make([]*satellite, len(c.bidders)), make([]error, len(c.bidders))
			for i, b := range c.bidders {
				satellites[i] = connect(t, h, b.id)
			}
			var wg sync.WaitGroup
			for i, b := range c.bidders {
				wg.Go(func() { _, errs[i] = say(t, b.start(satellites[i])) })
			}
			wg.Wait()
			for i, b := range c.bidders {
				var lost *vap.Error
				switch {
				case b.id == c.winner:
					if errs[i] != nil {
						t.Errorf("%s is nearest: %v", b.id, errs[i])
					}
				case !errors.As(errs[i], &lost) || lost.Type != vap.TypeFocusLost || lost.Object != c.winner:
					t.Errorf("%s is to leave it to %s: %v", b.id, c.winner, errs[i])
				}
			}
		})
	}
}

// attentive tells when it has heard all of an utterance.
type attentive struct {
	engine
	finished chan struct{}
}

func (a attentive) Listen() speech.Utterance {
	return attentiveUtterance{utterance(a.engine), a.finished}
}

type attentiveUtterance struct {
	utterance
	finished chan struct{}
}

func (u attentiveUtterance) Finish(ctx context.Context) (speech.Transcript, error) {
	u.finished <- struct{}{}
	return u.utterance.Finish(ctx)
}

// The answer does not come later for the window: while the hub waits for others, it
// listens and understands.
func TestRecognitionDoesNotWaitForTheDecision(t *testing.T) {
	finished := make(chan struct{}, 1)
	h := start(t, "", func(c *Config) {
		c.Window = time.Hour
		c.Recognizer = attentive{engine{"what time is it"}, finished}
	})
	one := connect(t, h, "org.example.one")
	connect(t, h, "org.example.two") // there is somebody to wait for
	s := one.wake(10)
	ended := make(chan error, 1)
	go func() { _, err := say(t, s); ended <- err }()
	<-finished
	select {
	case <-s.Decided():
		t.Error("it was decided before the window had passed")
	default:
	}
	s.Cancel()
	if err := <-ended; err == nil {
		t.Error("it was answered before it was decided")
	}
}
