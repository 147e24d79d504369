package people

import (
	"errors"
	"math/bits"
	"slices"
	"testing"

	"vapd/internal/sharedtest"
	"vapd/wakeword/speaker"
	"vapd/wakeword/train/corpus"
)

// The odd piece is left out, whichever it is.
func TestLessonLeavesOutTheOdd(t *testing.T) {
	for odd := range 4 {
		l := NewLesson(standard(t))
		var want []speaker.Voice
		refused := 0
		for i := range 4 {
			v := voice(2, i)
			if i == odd {
				v = voice(-2, i)
			} else {
				want = append(want, v)
			}
			if err := l.Take(v); err != nil {
				if refused++; !errors.Is(err, ErrOther) {
					t.Error(err)
				}
			}
		}
		if !slices.Equal(l.Voices(), want) || l.Progress() != 1 || refused != 1 {
			t.Errorf("with the odd piece at %d there are %d, %d were refused, %v", odd, len(l.Voices()), refused, l.Progress())
		}
	}
}

func TestLessonNeedsEnough(t *testing.T) {
	l := NewLesson(standard(t))
	if l.Progress() != 0 || l.Hopeless() {
		t.Error("it begins at its end")
	}
	short := voice(2, 0)
	short.Frames = 20
	for i := range mostPieces {
		if l.Hopeless() {
			t.Errorf("after %d pieces there is no hope", i)
		}
		v := short
		v.Factors[1] += float32(i) / 100
		if err := l.Take(v); err != nil {
			t.Error(err)
		}
		if want := min(float64(i+1)/leastPieces, float64(20*(i+1))/leastFrames, 1); l.Progress() != want {
			t.Errorf("after %d pieces it is at %v, want %v", i+1, l.Progress(), want)
		}
	}
	quarrel := NewLesson(standard(t))
	for i := range mostPieces { // everybody differs
		v := speaker.Voice{Frames: 80}
		for k := range v.Factors {
			v.Factors[k] = 4
			if bits.OnesCount(uint(i+1)&uint(k))%2 == 1 { // a row of Hadamard's matrix
				v.Factors[k] = -4
			}
		}
		_ = quarrel.Take(v)
	}
	if !quarrel.Hopeless() {
		t.Errorf("%d people are one, %v", mostPieces, quarrel.Progress())
	}
}

// People who were recorded are known again, and are told from one another.
func TestLessonHears(t *testing.T) {
	all, err := corpus.Load(sharedtest.Path(t, "audio", "wake"))
	if err != nil {
		t.Fatal(err)
	}
	said := make(map[string][]int16)
	for _, c := range all.Negatives {
		if (c.Speaker == "fsdd_jackson" || c.Speaker == "fsdd_theo") && len(said[c.Speaker]) < 20*16000 {
			pcm, err := corpus.Read(c.Path)
			if err != nil {
				t.Fatal(err)
			}
			said[c.Speaker] = append(said[c.Speaker], pcm...)
		}
	}
	m := standard(t)
	p := open(t, t.TempDir())
	for who, pcm := range said {
		l := NewLesson(m)
		if err := l.Hear(pcm[:12*16000]); err != nil || l.Progress() < 1 {
			t.Fatalf("%s: %v, %v", who, err, l.Progress())
		}
		if err := p.Add(who, m.Sum(), l.Voices()); err != nil {
			t.Fatal(err)
		}
	}
	for who, pcm := range said {
		v, err := m.Listen(pcm[13*16000 : 17*16000])
		if h := p.Who("kitchen", "", v); err != nil || h.Speaker != who || h.Confidence < Likely {
			t.Errorf("%s is taken for %+v, %v", who, h, err)
		}
	}
	if err := NewLesson(m).Hear(make([]int16, 32000)); !errors.Is(err, speaker.ErrShort) {
		t.Errorf("silence: %v", err)
	}
}
