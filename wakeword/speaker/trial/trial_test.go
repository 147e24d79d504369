package trial

import (
	"fmt"
	"os"
	"testing"

	"vapd/internal/figure"
	"vapd/internal/sharedtest"
	"vapd/wakeword/speaker"
	"vapd/wakeword/train/corpus"
)

func recordings(tb testing.TB) [][]corpus.Clip {
	tb.Helper()
	all, err := corpus.Load(sharedtest.Path(tb, "audio", "wake"))
	if err != nil {
		tb.Fatal(err)
	}
	return Held(all)
}

func standard(tb testing.TB) *speaker.Model {
	tb.Helper()
	m, err := speaker.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// TestRun: a few people are told apart far better than by chance, and the same again.
func TestRun(t *testing.T) {
	m, groups := standard(t), recordings(t)
	var some [][]corpus.Clip
	for _, g := range groups {
		if len(some) < 16 && len(g) < 20 {
			some = append(some, g)
		}
	}
	first, err := Run(m, some, 1)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Run(m, some, 1)
	if err != nil || first != again {
		t.Errorf("%+v, then %+v, %v", first, again, err)
	}
	if first.Equal > 0.3 || first.Named < 0.6 {
		t.Errorf("%+v", first)
	}
	if _, err := Run(m, some[:1], 1); err == nil {
		t.Error("one person is a family")
	}
}

// BenchmarkSpeaker measures what docs/enrolment.md says.
func BenchmarkSpeaker(b *testing.B) {
	r, err := Run(standard(b), recordings(b), 1)
	if err != nil {
		b.Fatal(err)
	}
	if err := figure.Print(os.Stdout, "speaker_eer_percent", 100*r.Equal, "percent"); err != nil {
		b.Fatal(err)
	}
	fmt.Printf("speaker: %d people, %d pieces of 1 to 5 s; %.1f %% with another microphone; of a family of four %.1f %% are named rightly\n",
		r.People, r.Pieces, 100*r.Elsewhere, 100*r.Named)
	for _, s := range r.Sure {
		fmt.Printf("speaker: %.1f %% have a confidence of %v, of which %.1f %% rightly; strangers have it in %.1f %%\n",
			100*s.Named, s.Confidence, 100*s.Right, 100*s.Strangers)
	}
}
