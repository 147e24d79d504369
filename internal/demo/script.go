package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"vapd/protocol/control"
)

// Step is one scene: something is done to the house, and something is expected.
type Step struct {
	Title string // what is done
	Want  string // what is expected
	// play returns what happened, and an error when that is not what was expected.
	play func(ctx context.Context, s *stage) (result string, err error)
}

// Script is the whole demo, for a satellite with a wake word.
func Script() []Step {
	return []Step{
		question("rms", "what time is it", "It is "),
		withoutWord("slt", "set a timer for five minutes"),
		lossy("awb", "set a timer for five minutes", "five minutes"),
		muted("rms", "what day is it"),
		ringsAlone("rms", "set a timer for five seconds"),
		question("rms", "how long is left", ""),
	}
}

// question asks something that has to be understood and answered.
func question(voice, sentence, answer string) Step {
	return Step{
		Title: fmt.Sprintf("%q", sentence), Want: "it is understood and answered",
		play: func(ctx context.Context, s *stage) (string, error) {
			u, err := s.understood(ctx, voice, sentence, answer)
			return u.result(), err
		},
	}
}

func (u Utterance) result() string {
	return fmt.Sprintf("heard %q, answered %q after %s", u.Heard, u.Answer, ms(u.SpeechToAnswer))
}

// withoutWord says a sentence without the wake word.
func withoutWord(voice, sentence string) Step {
	return Step{
		Title: fmt.Sprintf("%q without the wake word", sentence), Want: "it does not wake, and no frame leaves",
		play: func(ctx context.Context, s *stage) (string, error) {
			return s.ignored(ctx, func() error {
				_, err := s.tell(ctx, voice, sentence)
				return err
			})
		},
	}
}

// ignored does something that must not wake the satellite.
func (s *stage) ignored(ctx context.Context, do func() error) (string, error) {
	if err := pause(ctx, settle); err != nil {
		return "", err
	}
	before, begin := s.look(), time.Now()
	if err := do(); err != nil {
		return "", err
	}
	if err := pause(ctx, settle); err != nil {
		return "", err
	}
	after, frames := s.look(), len(s.fragmentsSince(begin))
	if after.Turn.N != before.Turn.N || woken(after) != woken(before) || frames > 0 {
		return "", fmt.Errorf("it woke: %s; %d frames left the satellite", brief(after), frames)
	}
	return fmt.Sprintf("it slept on, no frame left%s", best(after)), nil
}

func woken(s control.SatelliteState) (n int64) {
	for _, w := range s.Words {
		n += w.Woke
	}
	return n
}

// best is how close the first word came, if it did.
func best(s control.SatelliteState) string {
	if len(s.Words) == 0 || s.Words[0].NearMissAgoMS < 0 {
		return ""
	}
	return fmt.Sprintf(", best score %.2f of %.2f", s.Words[0].NearMiss, s.Words[0].Cutoff)
}

// lossy asks over a network that loses every tenth datagram.
func lossy(voice, sentence, answer string) Step {
	return Step{
		Title: fmt.Sprintf("%q while 10 %% of all datagrams are lost", sentence), Want: "not a word is lost",
		play: func(ctx context.Context, s *stage) (result string, err error) {
			if err := s.SetLoss(0.1); err != nil {
				return "", err
			}
			defer func() { err = errors.Join(err, s.SetLoss(0)) }()
			u, err := s.understood(ctx, voice, sentence, answer)
			return fmt.Sprintf("%s; %d of %d fragments were sent again", u.result(), u.Repeated, u.Sent), err
		},
	}
}

// muted moves the board's switch and speaks to a satellite that must be deaf.
func muted(voice, sentence string) Step {
	return Step{
		Title: fmt.Sprintf("%q while it is muted", sentence), Want: "the microphone is closed, and no frame leaves",
		play: func(ctx context.Context, s *stage) (result string, err error) {
			if err := s.setMute(ctx, true); err != nil {
				return "", err
			}
			defer func() { err = errors.Join(err, s.setMute(ctx, false)) }()
			return s.ignored(ctx, func() error {
				if len(s.look().Words) > 0 { // the key would unmute nothing, but be an order
					if _, err := s.call(ctx, voice); err != nil {
						return err
					}
				}
				_, err := s.tell(ctx, voice, sentence)
				return err
			})
		},
	}
}

// setMute moves the switch and returns when the microphone is closed, or open again.
// The switch moves even when ctx has ended.
func (s *stage) setMute(ctx context.Context, on bool) error {
	gesture, what := "up", "open microphone"
	if on {
		gesture, what = "down", "closed microphone"
	}
	if err := s.Satellite(context.WithoutCancel(ctx), control.MethodKey, control.Key{ID: "switch", Gesture: gesture}); err != nil {
		return err
	}
	_, err := s.await(ctx, what, within, func(st control.SatelliteState) bool {
		return st.Mic.KeyMuted == on && s.Listening() == !on
	})
	return err
}

// ringsAlone sets a timer, kills the hub, and waits for the ring.
func ringsAlone(voice, sentence string) Step {
	return Step{
		Title: fmt.Sprintf("%q, and the hub is killed", sentence), Want: "the timer rings without a hub",
		play: func(ctx context.Context, s *stage) (result string, err error) {
			if u, err := s.understood(ctx, voice, sentence, ""); err != nil {
				return u.result(), err
			}
			s.KillHub()
			defer func() { err = errors.Join(err, s.revive(ctx)) }()
			killed := time.Now()
			_, err = s.await(ctx, "ring", within, func(st control.SatelliteState) bool {
				return slices.ContainsFunc(st.Timers, ringing) && !s.Sounded(killed).IsZero()
			})
			if err != nil {
				return "", err
			}
			result = fmt.Sprintf("it rang %.1f s after the hub was killed", time.Since(killed).Seconds())
			return result, s.Satellite(ctx, control.MethodStop, struct{}{})
		},
	}
}

func ringing(t control.TimerView) bool { return t.Ringing }

// revive starts the hub, even when ctx has ended, and returns when the satellite has
// found it.
func (s *stage) revive(ctx context.Context) error {
	start, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTime)
	defer cancel()
	if err := s.StartHub(start); err != nil {
		return err
	}
	return s.ready(ctx)
}
