package speech_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vapd/hub/speech"
)

// scribe is a Decoder that writes down what it is told of an utterance.
type scribe struct {
	parrot
	lines []string
}

func (s *scribe) Write(samples []int16) (speech.Partial, error) {
	s.lines = append(s.lines, fmt.Sprint(len(samples)))
	return speech.Partial{}, nil
}

func (*scribe) SetGrammar(speech.Grammar) ([]string, error) { return nil, nil }

func (s *scribe) Pausing(yes bool) { s.lines = append(s.lines, fmt.Sprint(yes)) }

// An engine learns of a pause behind the sound that it is behind of, and of two that begin
// while it is busy as of one.
func TestPausesReachTheEngine(t *testing.T) {
	s := &scribe{parrot: parrot{loads: new(atomic.Int32)}}
	var served sync.WaitGroup
	e := speech.NewEngine(speech.EngineConfig{
		Name: "scribe", Logger: slog.New(slog.DiscardHandler),
		Dial: func(context.Context) (io.ReadWriteCloser, error) {
			ours, theirs := net.Pipe()
			served.Go(func() {
				defer theirs.Close()
				speech.ServeRecognizer(theirs, theirs, "scribe", s)
			})
			return ours, nil
		},
	})
	r := speech.NewRecognizer(e, only("one"))
	u := r.Listen() // what is said before the engine runs waits for it
	u.Write(make([]int16, 100))
	u.Pausing(true)
	u.Pausing(false)
	u.Write(make([]int16, 20))
	u.Pausing(true)
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { e.Run(ctx) })
	if _, err := u.Finish(t.Context()); err != nil {
		t.Error(err)
	}
	u.Close()
	cancel()
	done.Wait()
	served.Wait()
	if d := cmp.Diff([]string{"120", "true"}, s.lines); d != "" {
		t.Error(d)
	}
}
