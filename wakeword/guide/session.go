package guide

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"vapd/audio"
	"vapd/audio/meter"
	"vapd/wakeword"
	"vapd/wakeword/enroll"
	"vapd/wakeword/pack"
)

// Session is the dialogue in which a word is enrolled.
type Session struct {
	Network *enroll.Network
	ID      string // of the pack
	// Enrolled has the word, the time, and the cutoff of the pack, 0 for the default.
	Enrolled pack.Enrolled
	// Source is the microphone: mono at 16 kHz.
	Source meter.Source
	Out    io.Writer
	// Terminal: the level is drawn in place, ten times a second.
	Terminal bool
	// Near, if not nil, says which other words an example is taken for.
	Near func(pcm []int16) []string

	cutter *Cutter
	at     audio.Pos // expected next
	levels *meter.Levels
	level  []meter.Level
	peak   float64 // since somebody was asked to speak, in dBFS
	waited int     // samples since then
	drawn  bool
	err    error
}

// Result is what a session ends with.
type Result struct {
	Pack       *pack.Pack // not saved yet
	Recordings [][]int16  // of its examples
}

// How long a session waits, and how often it asks again.
const (
	hintAfter = 10 * audio.WakeRate // samples of silence, each time
	longest   = 60 * audio.WakeRate // samples of silence until it gives up
	drawEvery = audio.WakeRate / 10
	refusals  = 10
	attempts  = 3 // to be heard at the end
)

// ErrNotHeard ends a session whose word was not heard when it was tried.
var ErrNotHeard = errors.New("the word was not heard when it was tried")

// Run leads through the examples and the try. It writes nothing but to Out.
func (s *Session) Run(ctx context.Context) (*Result, error) {
	s.cutter, s.levels = NewCutter(s.Network), meter.New(1)
	s.say("Speak as you will later, from where you will stand. Ctrl-C stops, and nothing is kept then.")
	examples := NewExamples(s.Network)
	for refused := 0; examples.Len() < Fewest || !examples.Sure() && examples.Len() < Most; {
		s.ask(examples.Len())
		u, err := s.next(ctx, nil)
		if err != nil {
			return nil, err
		}
		if err = s.add(examples, u); err == nil {
			continue
		}
		s.say("  %s", reason(err))
		if refused++; refused == refusals {
			return nil, fmt.Errorf("guide: %d examples were refused, at last since %s", refused, reason(err))
		}
	}
	for _, remark := range examples.Remarks(s.Near) {
		s.say("Note: %s", remark)
	}
	return s.try(ctx, examples)
}

// ask says what is to be said.
func (s *Session) ask(have int) {
	switch {
	case have < Fewest:
		s.say("Say %q (%d of %d).", s.Enrolled.WakeWord, have+1, Fewest)
	default:
		s.say("Say %q once more, since the examples differ (%d of at most %d).", s.Enrolled.WakeWord, have+1, Most)
	}
}

// add takes an utterance as an example.
func (s *Session) add(e *Examples, u Utterance) error {
	if u.Long {
		return fmt.Errorf("guide: %w, or it is never quiet here: say the word alone, and be silent then", enroll.ErrLong)
	}
	if err := e.Add(u.PCM); err != nil {
		return err
	}
	s.say("  good, %.0f dB above the room", above(u.PCM))
	return nil
}

// reason is an error as it is said to the person.
func reason(err error) string {
	_, text, ok := strings.Cut(err.Error(), ": ")
	if !ok {
		return err.Error()
	}
	return text
}

// try lets the person be heard.
func (s *Session) try(ctx context.Context, e *Examples) (*Result, error) {
	for attempt := 1; ; attempt++ {
		p, err := pack.NewEnrolled(s.ID, s.Enrolled, e.Word())
		if err != nil {
			return nil, err
		}
		heard, score, u, err := s.listenFor(ctx, p)
		switch {
		case err != nil:
			return nil, err
		case heard:
			s.say("  heard, with %.2f: the cutoff is %.2f", score, p.Manifest.Micro.ProbabilityCutoff)
			return &Result{Pack: p, Recordings: e.Recordings()}, nil
		}
		s.say("  not heard: %.2f, and the cutoff is %.2f", score, p.Manifest.Micro.ProbabilityCutoff)
		if attempt == attempts {
			return nil, fmt.Errorf("guide: %w: choose a longer word, a quieter place, or a lower --cutoff", ErrNotHeard)
		}
		if e.Len() < Most && s.add(e, u) == nil {
			s.say("  it is an example from now on")
		}
	}
}

// listenFor listens with the pack until somebody has spoken.
func (s *Session) listenFor(ctx context.Context, p *pack.Pack) (heard bool, score float64, u Utterance, err error) {
	d, err := wakeword.New([]wakeword.Word{{Pack: p, Role: wakeword.Wake}})
	if err != nil {
		return false, 0, u, err
	}
	var events []wakeword.Event
	var levels []wakeword.Level
	asked, settled := false, 0
	each := func(at audio.Pos, samples []int16) {
		// The detector does not judge in its first second.
		if settled += len(samples); settled > settle && !asked {
			s.say("Now it listens. Say %q.", s.Enrolled.WakeWord)
			asked, heard, score = true, false, 0
		}
		events = d.Process(at, samples, events[:0])
		levels = d.Levels(levels[:0])
		score = max(score, levels[0].Score)
		for _, e := range events {
			heard = heard || e.Kind == wakeword.Detected
		}
	}
	for err == nil && !asked { // what is said before that does not count
		u, err = s.next(ctx, each)
	}
	return heard, score, u, err
}

// next hears until an utterance ends. each, if not nil, is given all samples.
func (s *Session) next(ctx context.Context, each func(at audio.Pos, samples []int16)) (Utterance, error) {
	s.peak, s.waited = meter.Floor, 0
	hinted := 0
	block := make([]int16, 160)
	for {
		at, n, _ := s.Source.Read(block)
		if n > 0 && at != s.at {
			s.gap()
		}
		s.at = at.Add(int64(n))
		if each != nil && n > 0 {
			each(at, block[:n])
		}
		if u, ok := s.hear(block[:n]); ok {
			s.erase()
			return u, s.err
		}
		if silent := s.waited - hinted; silent >= int(hintAfter) {
			hinted = s.waited
			s.say("  nothing was understood: %s", s.hint())
		}
		switch {
		case s.err != nil:
			return Utterance{}, s.err
		case s.waited >= int(longest):
			return Utterance{}, fmt.Errorf("guide: nothing was said for a minute: %s", s.hint())
		case n > 0:
			continue
		}
		select {
		case <-ctx.Done():
			s.erase()
			return Utterance{}, ctx.Err()
		case <-s.Source.Ready():
		}
	}
}

// gap begins anew after sound that was lost.
func (s *Session) gap() {
	if s.cutter.Speaking() {
		s.say("  some sound was lost, since the machine is too busy or the microphone stopped: say it once more")
	}
	s.cutter.Reset()
}

// hear takes a block, and shows how loud it is.
func (s *Session) hear(samples []int16) (u Utterance, ok bool) {
	s.levels.Add(samples)
	if s.waited += len(samples); s.waited%int(drawEvery) < len(samples) {
		s.level = s.levels.Take(s.level[:0])
		s.peak = max(s.peak, s.level[0].Peak)
		s.draw()
	}
	for len(samples) > 0 {
		taken, ended, has := s.cutter.Process(samples)
		if samples = samples[taken:]; has {
			u, ok = ended, true
		}
	}
	return u, ok
}

// hint is what helps where nothing was understood.
func (s *Session) hint() string {
	switch l := (meter.Level{Peak: s.peak}); l.Judge() {
	case meter.NoSignal:
		return "the microphone gives no sound: is it muted, or not connected? 'vapd audio levels' shows it"
	case meter.Quiet:
		return "it is too quiet: speak up, come nearer, or turn the microphone up"
	}
	return fmt.Sprintf("say %q alone, with a pause before and after it", s.Enrolled.WakeWord)
}

// draw draws the level in place.
func (s *Session) draw() {
	if s.Terminal {
		speaks := map[bool]string{true: "  you speak", false: ""}[s.cutter.Speaking()]
		s.printf("\r\x1b[K  %s %4.0f dB%s", meter.Bar(s.level[0].RMS, s.peak), s.level[0].RMS, speaks)
		s.drawn = true
	}
}

// erase removes what was drawn.
func (s *Session) erase() {
	if s.drawn {
		s.printf("\r\x1b[K")
		s.drawn = false
	}
}

// say writes a line.
func (s *Session) say(format string, args ...any) {
	s.erase()
	s.printf(format+"\n", args...)
}

// printf keeps the first error.
func (s *Session) printf(format string, args ...any) {
	if s.err == nil {
		if _, err := fmt.Fprintf(s.Out, format, args...); err != nil {
			s.err = fmt.Errorf("guide: %w", err)
		}
	}
}
