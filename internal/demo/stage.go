package demo

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"

	"vapd/protocol/control"
)

// actor is what a script does to a House.
type actor interface {
	Play(ctx context.Context, samples []int16) error
	Listening() bool
	Sounded(after time.Time) time.Time
	Satellite(ctx context.Context, method string, params any) error
	SetLoss(share float64) error
	KillHub()
	StartHub(ctx context.Context) error
	AwaitEngines(ctx context.Context) error
}

// speaker says a text as sound of the room's format, without silence around it.
type speaker func(ctx context.Context, voice, text string) ([]int16, error)

// stage is where a script plays.
type stage struct {
	actor
	*watch
	speak  speaker
	spoken func(text string) // told of what is said in the room, for people
	done   func(u Utterance) // told of what became of it
}

// How long the satellite may take. Far more than it needs: a busy machine is no reason
// to fail, only what does not happen is.
const (
	within   = 20 * time.Second
	linkTime = 30 * time.Second
	// settle is how long the room is silent before somebody speaks: a detector that has
	// just started listens for a second first, and one that woke wants a low score before
	// it wakes again.
	settle = 1500 * time.Millisecond
	// breath is the pause between wake word and sentence, in which the chime plays: the
	// hub leaves out what is said over the chime.
	breath = 800 * time.Millisecond
)

// ready returns when the house can be spoken to.
func (s *stage) ready(ctx context.Context) error {
	if err := s.AwaitEngines(ctx); err != nil {
		return err
	}
	_, err := s.await(ctx, "satellite that hears and has its hub", linkTime, func(st control.SatelliteState) bool {
		return st.Link.State == "up" && st.Mic.State == "running"
	})
	return err
}

// wakeWords says how the satellite is woken.
func wakeWords(s control.SatelliteState) string {
	if len(s.Words) == 0 {
		return "THERE IS NO WAKE WORD: the key wakes in its place."
	}
	var words []string
	for _, w := range s.Words {
		words = append(words, fmt.Sprintf("%q (%s)", w.Word, w.Pack))
	}
	return "wake word " + strings.Join(words, ", ")
}

// call wakes the satellite with its word in a voice, or with the key when it has no
// word, and returns when the word ended; zero for the key.
func (s *stage) call(ctx context.Context, voice string) (end time.Time, err error) {
	words := s.look().Words
	if len(words) == 0 {
		s.spoken("(the key is pressed)")
		return time.Time{}, s.Satellite(ctx, control.MethodKey, control.Key{ID: "main", Gesture: "press"})
	}
	text := strings.ToLower(words[0].Word)
	samples, err := s.speak(ctx, voice, text)
	if err != nil {
		return time.Time{}, err
	}
	s.spoken(text)
	err = s.Play(ctx, samples)
	return time.Now(), err
}

// tell says something in the room and returns when it ended.
func (s *stage) tell(ctx context.Context, voice, text string) (end time.Time, err error) {
	samples, err := s.speak(ctx, voice, text)
	if err != nil {
		return time.Time{}, err
	}
	s.spoken(text)
	err = s.Play(ctx, samples)
	return time.Now(), err
}

// ask says wake word and sentence, and returns what was understood and answered.
func (s *stage) ask(ctx context.Context, voice, sentence string) (Utterance, error) {
	u := Utterance{Voice: voice, Said: sentence}
	if _, err := s.speak(ctx, voice, sentence); err != nil { // now, since it takes a while
		return u, err
	}
	return s.converse(ctx, u, func() (word, end time.Time, err error) {
		if word, err = s.call(ctx, voice); err != nil {
			return word, end, err
		}
		if err := s.Play(ctx, silence(breath)); err != nil {
			return word, end, err
		}
		end, err = s.tell(ctx, voice, sentence)
		return word, end, err
	})
}

// recording plays a clip, and returns what was understood and answered.
func (s *stage) recording(ctx context.Context, clip Clip) (Utterance, error) {
	u := Utterance{Voice: filepath.Base(clip.File), Said: clip.Text}
	samples, err := readWAV(clip.File)
	if err != nil {
		return u, err
	}
	u, err = s.converse(ctx, u, func() (word, end time.Time, err error) {
		s.spoken("(" + clip.File + ")")
		err = s.Play(ctx, trim(samples))
		return time.Time{}, time.Now(), err // where the word ends, nobody knows
	})
	switch {
	case err != nil:
		return u, err
	case clip.Text != "":
		return u, u.check("")
	case u.Heard == "":
		return u, errors.New("nothing was understood")
	}
	return u, nil
}

// converse speaks to the satellite and waits until it has answered. speak returns when
// the wake word and the whole ended, as far as that is known.
func (s *stage) converse(ctx context.Context, u Utterance, speak func() (word, end time.Time, err error)) (Utterance, error) {
	u.WordToFragment, u.SpeechToAnswer, u.Grant = math.NaN(), math.NaN(), math.NaN()
	if err := pause(ctx, settle); err != nil {
		return u, err
	}
	before, begin := s.look().Turn.N, time.Now()
	word, end, err := speak()
	if err != nil {
		return u, err
	}
	if _, err := s.await(ctx, "wake", within, func(st control.SatelliteState) bool { return st.Turn.N > before }); err != nil {
		return u, err
	}
	st, err := s.await(ctx, "answer", within, func(st control.SatelliteState) bool {
		return st.Turn.N > before && st.Turn.State == "idle"
	})
	u.Heard, u.Answer = st.Turn.Heard, st.Turn.Answer
	u.Sent, u.Repeated, u.Grant = st.Turn.Sent, st.Turn.Repeated, known(st.Turn.Latency.Grant)
	u.Score, u.PreRoll = st.Turn.Score, time.Duration(st.Turn.PreRollMS)*time.Millisecond
	u.RoundTrip = known(st.Link.RTTMS)
	if f := s.fragmentsSince(begin); len(f) > 0 {
		u.WordToFragment = milliseconds(word, f[0])
	}
	u.SpeechToAnswer = milliseconds(end, s.Sounded(end))
	s.done(u)
	if err == nil && st.Turn.Error != "" {
		err = errors.New(st.Turn.Error)
	}
	return u, err
}

// understood is ask, and an error when something else was heard than said, or nothing
// sounds.
func (s *stage) understood(ctx context.Context, voice, sentence, answer string) (Utterance, error) {
	u, err := s.ask(ctx, voice, sentence)
	if err == nil {
		err = u.check(answer)
	}
	return u, err
}

// check says what is wrong with an utterance whose answer has to have some words in it.
func (u Utterance) check(answer string) error {
	switch {
	case !sameWords(u.Heard, u.Said):
		return fmt.Errorf("said %q, heard %q", u.Said, u.Heard)
	case !strings.Contains(u.Answer, answer):
		return fmt.Errorf("answered %q, without %q", u.Answer, answer)
	case math.IsNaN(u.SpeechToAnswer):
		return fmt.Errorf("the answer %q was not to be heard", u.Answer)
	}
	return nil
}
