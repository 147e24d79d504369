package dialogue

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vapd/hub/intent"
	"vapd/protocol/vap"
)

func timers(lengths ...float64) []vap.TimerState {
	var out []vap.TimerState
	for i, s := range lengths {
		out = append(out, vap.TimerState{ID: string(rune('a' + i)), Seconds: s, Remaining: s / 2})
	}
	return out
}

func TestAnswer(t *testing.T) {
	quiet, loud := 20, 95
	do := func(c ...vap.Capability) []vap.Capability { return c }
	volume := func(v int) []vap.Capability { return do(vap.Volume{Voice: &v, Chime: &v}.Capability()) }
	for name, c := range map[string]struct {
		meant intent.Intent
		s     Situation
		want  Reply
	}{
		"time": {
			intent.Intent{Kind: intent.TellTime},
			Situation{Now: time.Date(2026, 11, 25, 16, 20, 0, 0, time.UTC)},
			Reply{Say: "It is twenty past four."},
		},
		"date": {
			intent.Intent{Kind: intent.TellDate},
			Situation{Now: time.Date(2026, 11, 25, 16, 20, 0, 0, time.UTC)},
			Reply{Say: "It is Wednesday, the twenty fifth of November."},
		},
		"set": {
			intent.Intent{Kind: intent.SetTimer, Duration: 90 * time.Second},
			Situation{TimerID: "x"},
			Reply{
				Say: "Timer set for one minute and thirty seconds.",
				Do:  do(vap.TimerCommand{Action: vap.TimerSet, ID: "x", Seconds: 90}.Capability()),
			},
		},
		"set too long": {
			intent.Intent{Kind: intent.SetTimer, Duration: 200 * time.Hour},
			Situation{},
			Reply{Say: "That is too long: a timer runs for a week at most."},
		},
		"set one too many": {
			intent.Intent{Kind: intent.SetTimer, Duration: time.Hour},
			Situation{Timers: make([]vap.TimerState, maxTimers)},
			Reply{Say: "You have too many timers. Cancel one first."},
		},
		"cancel none": {intent.Intent{Kind: intent.CancelTimer}, Situation{}, Reply{Say: "There is no timer."}},
		"cancel the one": {
			intent.Intent{Kind: intent.CancelTimer},
			Situation{Timers: timers(300)},
			Reply{
				Say: "The timer for five minutes is cancelled.",
				Do:  do(vap.TimerCommand{Action: vap.TimerCancel, ID: "a"}.Capability()),
			},
		},
		"cancel all of one": {
			intent.Intent{Kind: intent.CancelTimer, All: true},
			Situation{Timers: timers(60)},
			Reply{
				Say: "The timer for one minute is cancelled.",
				Do:  do(vap.TimerCommand{Action: vap.TimerCancel, ID: "a"}.Capability()),
			},
		},
		"cancel all": {
			intent.Intent{Kind: intent.CancelTimer, All: true},
			Situation{Timers: timers(60, 300)},
			Reply{Say: "All timers are cancelled.", Do: do(vap.TimerCommand{Action: vap.TimerCancelAll}.Capability())},
		},
		"cancel which": {
			intent.Intent{Kind: intent.CancelTimer},
			Situation{Timers: timers(300, 600)},
			Reply{Say: "There are two timers: one for five minutes and one for ten minutes. Which one? " +
				"Say, for example, cancel the five minute timer, or cancel all timers.", Again: true},
		},
		"cancel by length": {
			intent.Intent{Kind: intent.CancelTimer, Duration: 10 * time.Minute},
			Situation{Timers: timers(300, 600)},
			Reply{
				Say: "The timer for ten minutes is cancelled.",
				Do:  do(vap.TimerCommand{Action: vap.TimerCancel, ID: "b"}.Capability()),
			},
		},
		"cancel an unknown length": {
			intent.Intent{Kind: intent.CancelTimer, Duration: time.Hour},
			Situation{Timers: timers(300)},
			Reply{Say: "There is no timer for one hour."},
		},
		"left of one": {
			intent.Intent{Kind: intent.TellTimer},
			Situation{Timers: timers(300)},
			Reply{Say: "Two minutes and thirty seconds left."},
		},
		"left of a ringing one": {
			intent.Intent{Kind: intent.TellTimer},
			Situation{Timers: []vap.TimerState{{ID: "a", Seconds: 60, Ringing: true}}},
			Reply{Say: "One second left."},
		},
		"left of two": {
			intent.Intent{Kind: intent.TellTimer},
			Situation{Timers: timers(120, 600)},
			Reply{Say: "One minute on the timer for two minutes and five minutes on the timer for ten minutes."},
		},
		"volume":           {intent.Intent{Kind: intent.SetVolume, Volume: 40}, Situation{}, Reply{Say: "Volume forty.", Do: volume(40)}},
		"louder, unknown":  {intent.Intent{Kind: intent.ChangeVolume, Steps: 1}, Situation{}, Reply{Say: "Volume sixty.", Do: volume(60)}},
		"softer":           {intent.Intent{Kind: intent.ChangeVolume, Steps: -1}, Situation{Volume: vap.Volume{Voice: &quiet}}, Reply{Say: "Volume ten.", Do: volume(10)}},
		"louder than all":  {intent.Intent{Kind: intent.ChangeVolume, Steps: 1}, Situation{Volume: vap.Volume{Voice: &loud}}, Reply{Say: "Volume one hundred.", Do: volume(100)}},
		"stop":             {intent.Intent{Kind: intent.Stop}, Situation{}, Reply{Do: do(vap.StopCapability())}},
		"an unknown thing": {intent.Intent{Kind: "dance"}, Situation{}, NotUnderstood()},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Answer(c.meant, c.s)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}
