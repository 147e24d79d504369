package session

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vapd/hub/speech"
	"vapd/internal/trace"
	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
)

// tracedSteps are the steps of the only trace, and what came of it.
func tracedSteps(t *testing.T, r *trace.Ring) (steps []string, result string) {
	t.Helper()
	all := r.Last(10)
	if len(all) != 1 {
		t.Fatalf("%d traces", len(all))
	}
	for _, s := range all[0].Steps {
		steps = append(steps, s.Name)
	}
	return steps, all[0].Result
}

// What happened when is remembered, in its order, for every way in which a turn may end.
func TestTrace(t *testing.T) {
	begin := []string{trace.SessionStart, trace.FirstFragment, trace.Grant}
	heard := append(slices.Clone(begin), trace.SpeechEnds, trace.EndFound, trace.Transcript, trace.Understood)
	for name, c := range map[string]struct {
		change func(*bench)
		act    func(*bench)
		steps  []string
		result string
	}{
		"answered":       {nil, nil, append(slices.Clone(heard), trace.FirstAudio, trace.AnswerSent), "answered"},
		"not understood": {func(b *bench) { b.reply.Understood = false }, nil, append(slices.Clone(heard), trace.FirstAudio, trace.AnswerSent), "not understood"},
		"engine failed":  {func(b *bench) { b.engine.finish = speech.ErrCrashed }, nil, heard[:len(heard)-2], "failed: " + vap.TypeEngineFailed},
		"another was nearer": {nil, func(b *bench) {
			b.Fragment(clientregistry.Fragment{Turn: 1, Received: time.Now()})
			time.Sleep(time.Millisecond)
			b.Decide(false, "hall")
		}, begin[:2], "refused: " + vap.TypeFocusLost},
		"cancelled": {nil, func(b *bench) {
			b.Fragment(clientregistry.Fragment{Turn: 1, Received: time.Now()})
			time.Sleep(time.Millisecond)
			b.Ended(clientregistry.ErrCancelled)
		}, begin[:2], "cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			ring := new(trace.Ring)
			act := c.act
			if act == nil {
				act = func(b *bench) {
					b.Decide(true, "sat")
					b.say(1, 5)
				}
			}
			change := func(b *bench, cfg *Config) {
				cfg.Traces = ring
				if c.change != nil {
					c.change(b)
				}
			}
			run(t, vap.SessionStart{}, change, act)
			steps, result := tracedSteps(t, ring)
			slices.Sort(steps)
			want := slices.Sorted(slices.Values(c.steps))
			if d := cmp.Diff(want, steps); d != "" || result != c.result {
				t.Errorf("%q, want %q; -want +got:\n%s", result, c.result, d)
			}
		})
	}
}
