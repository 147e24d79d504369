package demo

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vapd/audio"
	"vapd/protocol/control"
)

// toy is a house in simulated time that does what a script expects, but for its faults.
type toy struct {
	*watch
	deaf, mishears, leaks, awakes, loses, silent, noRing, noSwitch, noHub, noWord bool // faults

	texts   map[int]string // what is said, by the number of its samples
	calls   []string
	awake   bool
	hub     bool
	muted   bool
	loss    float64
	sounded []time.Time
}

func newToy(fault func(*toy)) *toy {
	t := &toy{watch: newWatch(nil), texts: make(map[int]string), hub: true}
	t.change(func() {
		t.state.Link.State, t.state.Mic.State, t.state.Turn.State = "up", "running", "idle"
	})
	fault(t)
	if !t.noWord {
		t.change(func() { t.state.Words = []control.WordView{{Word: "Okay Nabu", Cutoff: 0.9, NearMissAgoMS: -1}} })
	}
	return t
}

// speak makes sound that Play knows again.
func (t *toy) speak(_ context.Context, voice, text string) ([]int16, error) {
	if voice == "" {
		return nil, errors.New("no voice")
	}
	for n, said := range t.texts {
		if said == text {
			return make([]int16, n), nil
		}
	}
	n := 16001 + len(t.texts)
	t.texts[n] = text
	return make([]int16, n), nil
}

func (t *toy) Play(ctx context.Context, samples []int16) error {
	if err := pause(ctx, audio.WakeRate.Duration(int64(len(samples)))); err != nil {
		return err
	}
	text := t.texts[len(samples)]
	switch {
	case text == "", t.muted && !t.leaks:
	case text == "okay nabu" && !t.deaf:
		t.wake()
	case t.awake:
		t.awake = false
		go t.answer(text)
	case t.awakes:
		t.wake()
	}
	return nil
}

func (t *toy) wake() {
	t.awake = true
	t.change(func() {
		if len(t.state.Words) > 0 {
			t.state.Words = slices.Clone(t.state.Words)
			t.state.Words[0].Woke++
		}
		t.state.Turn.N++
		t.state.Turn.State = "listening"
		t.fragments = append(t.fragments, time.Now().Add(100*time.Millisecond))
	})
}

func (t *toy) answer(text string) {
	time.Sleep(700 * time.Millisecond)
	if t.mishears || t.loses && t.loss > 0 {
		text = "what day is it"
	}
	t.change(func() {
		if !t.silent {
			t.sounded = append(t.sounded, time.Now())
		}
		turn := &t.state.Turn
		turn.State, turn.Heard, turn.Answer = "idle", text, "It is noon."
		if strings.HasPrefix(text, "set a timer") {
			turn.Answer = "Timer set for five minutes."
		}
	})
}

func (t *toy) Listening() bool { return !t.muted }

func (t *toy) Sounded(after time.Time) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.sounded {
		if !s.Before(after) {
			return s
		}
	}
	return time.Time{}
}

func (t *toy) Satellite(_ context.Context, method string, params any) error {
	t.calls = append(t.calls, method)
	k, _ := params.(control.Key)
	switch {
	case k.ID == "main":
		t.wake()
	case k.ID == "switch" && !t.noSwitch:
		t.muted = k.Gesture == "down"
		t.change(func() { t.state.Mic.KeyMuted = t.muted })
	}
	return nil
}

func (t *toy) SetLoss(share float64) error { t.loss = share; return nil }

func (t *toy) KillHub() {
	t.hub = false
	t.change(func() { t.state.Link.State = "searching" })
	if !t.noRing {
		t.change(func() {
			t.sounded = append(t.sounded, time.Now().Add(time.Second))
			t.state.Timers = []control.TimerView{{}, {Ringing: true}}
		})
	}
}

func (t *toy) StartHub(context.Context) error {
	if t.noHub {
		return errors.New("no hub")
	}
	t.hub = true
	t.change(func() { t.state.Link.State = "up" })
	return nil
}

func (t *toy) AwaitEngines(context.Context) error { return nil }

func TestScript(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(*toy)
		fails map[int]string // what is said of the steps that fail, by their index
	}{
		"all is well": {func(*toy) {}, nil},
		"deaf": {func(t *toy) { t.deaf = true }, map[int]string{
			0: "no wake", 2: "no wake", 4: "no wake", 5: "no wake",
		}},
		"wakes always":        {func(t *toy) { t.awakes = true }, map[int]string{1: "it woke"}},
		"mishears":            {func(t *toy) { t.mishears = true }, map[int]string{0: `said "what time is it", heard "what day is it"`, 2: "heard", 4: "heard", 5: "heard"}},
		"says nothing":        {func(t *toy) { t.silent = true }, map[int]string{0: "was not to be heard", 2: "heard", 4: "heard", 5: "heard"}},
		"loses words":         {func(t *toy) { t.loses = true }, map[int]string{2: "said"}},
		"hears though muted":  {func(t *toy) { t.leaks = true }, map[int]string{3: "it woke"}},
		"switch has no wire":  {func(t *toy) { t.noSwitch = true }, map[int]string{3: "no closed microphone"}},
		"does not ring alone": {func(t *toy) { t.noRing = true }, map[int]string{4: "no ring"}},
		"hub stays dead":      {func(t *toy) { t.noHub = true }, map[int]string{4: "no hub"}},
		"without a wake word": {func(t *toy) { t.noWord = true }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				house := newToy(c.fault)
				var said []Utterance
				s := &stage{
					actor: house, watch: house.watch, speak: house.speak,
					spoken: func(string) {}, done: func(u Utterance) { said = append(said, u) },
				}
				steps := Script()
				results := make([]Result, len(steps))
				failed := s.play(t.Context(), steps, func(i int, r Result) { results[i] = r })
				for i, r := range results {
					words, fails := c.fails[i]
					if (r.State == Failed) != fails || !strings.Contains(r.Detail, words) {
						t.Errorf("%s: %+v, want %q", steps[i].Title, r, words)
					}
				}
				if failed != len(c.fails) {
					t.Errorf("%d failed, want %v", failed, slices.Sorted(maps.Keys(c.fails)))
				}
				if house.loss != 0 || house.muted || house.hub == house.noHub {
					t.Errorf("left behind: %+v", house)
				}
				if len(c.fails) == 0 && (len(said) != 4 || !near50(said[0].SpeechToAnswer, 700)) {
					t.Errorf("utterances: %+v", said)
				}
			})
		})
	}
}

func near50(v, want float64) bool { return v > want-50 && v < want+50 }

func TestScriptEndsWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := newToy(func(t *toy) { t.deaf = true })
		s := &stage{
			actor: house, watch: house.watch, speak: house.speak,
			spoken: func(string) {}, done: func(Utterance) {},
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 15*time.Second, errors.New("time is up"))
		defer cancel()
		begin, last := time.Now(), Result{}
		failed := s.play(ctx, Script(), func(_ int, r Result) { last = r })
		if took := time.Since(begin); took > 16*time.Second || failed != len(Script()) || last.Detail != "not begun: time is up" {
			t.Errorf("after %v %d failed, the last one: %+v", took, failed, last)
		}
	})
}

func TestReadyNamesWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		house := newToy(func(t *toy) { t.state.Link.State = "pending" })
		s := &stage{actor: house, watch: house.watch}
		if err := s.ready(t.Context()); err == nil || !strings.Contains(err.Error(), "link pending") {
			t.Errorf("ready: %v", err)
		}
	})
}
