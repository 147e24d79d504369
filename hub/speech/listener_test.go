package speech_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vapd/hub/speech"
)

// recorder is a Recognizer, and its only Utterance, that keeps what it gets.
type recorder struct {
	got     []int16
	partial speech.Partial
	pauses  []bool
}

func (r *recorder) Listen() speech.Utterance { return r }
func (r *recorder) Write(samples []int16)    { r.got = append(r.got, samples...) }
func (r *recorder) Partial() speech.Partial  { return r.partial }
func (r *recorder) Pausing(yes bool)         { r.pauses = append(r.pauses, yes) }
func (r *recorder) Failed() <-chan struct{}  { return nil }
func (r *recorder) Close()                   {}
func (r *recorder) Finish(context.Context) (speech.Transcript, error) {
	return speech.Transcript{}, nil
}

// The engine gets every sample behind the wake word, once and in order, what is said
// over a chime too.
func TestListenerCutsOutTheWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		span := rapid.Custom(func(t *rapid.T) speech.Span {
			from := rapid.Int64Range(0, 1000).Draw(t, "from")
			return speech.Span{From: from, To: from + rapid.Int64Range(0, 300).Draw(t, "length")}
		})
		word := span.Draw(t, "word")
		r := &recorder{}
		l := speech.NewListener(r, speech.DefaultEndpointConfig, word)
		for _, s := range rapid.SliceOfN(span, 0, 4).Draw(t, "chimes") {
			l.Ignore(s)
		}
		var want []int16
		n := rapid.IntRange(0, 1500).Draw(t, "samples")
		for i := word.To; i < int64(n); i++ {
			want = append(want, int16(i))
		}
		for i := 0; i < n; {
			end := min(i+rapid.IntRange(1, 400).Draw(t, "piece"), n)
			var piece []int16
			for ; i < end; i++ {
				piece = append(piece, int16(i))
			}
			l.Write(piece)
		}
		if _, err := l.Finish(context.Background()); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, r.got); d != "" {
			t.Fatal(d)
		}
	})
}

// The span of a wake word ends before the word does. What is left of it is not for the
// engine; a sentence that follows without a pause is, from the span's end on.
func TestListenerLeavesOutTheEndOfTheWord(t *testing.T) {
	for name, c := range map[string]struct {
		pause int // milliseconds between word and sentence
		want  int // after the span, in milliseconds, the engine hears
	}{"a pause": {300, 120}, "in one breath": {0, 0}} {
		r := newRoom().hiss(ms(500), 5).speak(ms(700), 3000, 5)
		word := speech.Span{From: at(ms(500)), To: int64(len(r.samples)) - at(ms(120))}
		r.hiss(ms(c.pause), 5).speak(ms(1000), 3000, 5)
		heard := &recorder{}
		l := speech.NewListener(heard, speech.DefaultEndpointConfig, word)
		for i := 0; i < len(r.samples); i += 160 {
			l.Write(r.samples[i : i+160])
		}
		from := word.To + at(ms(c.want))
		if got := int64(len(r.samples) - len(heard.got)); got < from-160 || got > from+160 {
			t.Errorf("%s: the engine hears from sample %d on, want %d", name, got, from)
		}
	}
}

// A complete sentence ends sooner.
func TestListenerEndsSooner(t *testing.T) {
	r := newRoom().hiss(ms(500), 5).speak(ms(1000), 3000, 5).hiss(ms(2000), 5)
	ended := func(partial speech.Partial) int {
		l := speech.NewListener(&recorder{partial: partial}, speech.DefaultEndpointConfig, speech.Span{})
		for i := 0; i < len(r.samples); i += 160 {
			for _, p := range l.Write(r.samples[i : i+160]) {
				if p.Kind == speech.Ended {
					return i
				}
			}
		}
		t.Fatal("it never ends")
		return 0
	}
	slow, fast := ended(speech.Partial{Text: "set a"}), ended(speech.Partial{Text: "stop", Complete: true})
	if got, want := slow-fast, int(at(ms(400))); got != want {
		t.Errorf("it ends %d samples sooner, want %d", got, want)
	}
}

// The engine is told of each pause that may be the end, once, and of what ends it; a short
// silence within a word, and a plate, are none.
func TestListenerTellsOfPauses(t *testing.T) {
	for name, c := range map[string]struct {
		room *room
		want []bool
	}{
		"two pauses": {
			newRoom().hiss(ms(500), 5).speak(ms(800), 3000, 5).hiss(ms(300), 5).speak(ms(800), 3000, 5).hiss(ms(2000), 5),
			[]bool{true, false, true},
		},
		"before a t": {newRoom().hiss(ms(500), 5).speak(ms(800), 3000, 5).hiss(ms(80), 5).speak(ms(800), 3000, 5), nil},
		"a plate":    {newRoom().hiss(ms(500), 5).speak(ms(100), 3000, 5).hiss(ms(2000), 5), nil},
		"nothing":    {newRoom().hiss(ms(3000), 5), nil},
	} {
		heard := &recorder{}
		l := speech.NewListener(heard, speech.DefaultEndpointConfig, speech.Span{})
		for i := 0; i < len(c.room.samples); i += 320 {
			l.Write(c.room.samples[i:min(i+320, len(c.room.samples))])
		}
		if d := cmp.Diff(c.want, heard.pauses); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	// In one piece, too: that there was speech between is not lost.
	heard := &recorder{}
	l := speech.NewListener(heard, speech.DefaultEndpointConfig, speech.Span{})
	first := newRoom().hiss(ms(500), 5).speak(ms(800), 3000, 5).hiss(ms(200), 5)
	l.Write(first.samples)
	l.Write(newRoom().speak(ms(800), 3000, 5).hiss(ms(200), 5).samples)
	if d := cmp.Diff([]bool{true, true}, heard.pauses); d != "" {
		t.Error(d)
	}
}
