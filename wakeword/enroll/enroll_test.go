package enroll

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"vapd/internal/sharedtest"
	"vapd/wakeword/train/corpus"
)

func standard(tb testing.TB) *Network {
	tb.Helper()
	n, err := Default()
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// said are recordings of a word, and one of another by the same voice.
func said(tb testing.TB) (word [][]int16, other []int16) {
	tb.Helper()
	all, err := corpus.Load(sharedtest.Path(tb, "audio", "wake"))
	if err != nil {
		tb.Fatal(err)
	}
	for _, c := range all.Negatives {
		wanted := c.Word == "three" && other == nil || c.Word == "seven" && len(word) < 4
		if c.Speaker != "fsdd_jackson" || !wanted {
			continue
		}
		pcm, err := corpus.Read(c.Path)
		if err != nil {
			tb.Fatal(err)
		}
		if c.Word == "three" {
			other = pcm
		} else {
			word = append(word, pcm)
		}
	}
	return word, other
}

func enrolled(tb testing.TB, n *Network, recordings ...[]int16) *Word {
	tb.Helper()
	var examples []Template
	for _, pcm := range recordings {
		t, err := n.Listen(pcm)
		if err != nil {
			tb.Fatal(err)
		}
		examples = append(examples, t)
	}
	w, err := n.NewWord(examples)
	if err != nil {
		tb.Fatal(err)
	}
	return w
}

// TestSpotter: a word is heard in a stream, another isn't; the word is the same after it was
// saved; and what is heard in small pieces is heard in the same way.
func TestSpotter(t *testing.T) {
	n := standard(t)
	word, other := said(t)
	w := enrolled(t, n, word[:3]...)
	again, err := n.Decode(w.Encode(n))
	if err != nil {
		t.Fatal(err)
	}
	score := func(w *Word, pcm []int16, piece int) float32 {
		s := n.NewSpotter(w)
		best := float32(-math.MaxFloat32)
		for _, part := range [][]int16{silent(), pcm, silent()} {
			for len(part) > 0 {
				k := min(piece, len(part))
				if v, ok := s.Process(part[:k]); ok {
					best = max(best, v)
				}
				part = part[k:]
			}
		}
		return best
	}
	yes, no := score(w, word[3], 4000), score(w, other, 4000)
	if yes < Threshold || no > yes-1 {
		t.Errorf("the word has %v, another %v: the threshold is %v", yes, no, Threshold)
	}
	if got := score(w, word[3], 77); got != yes {
		t.Errorf("in small pieces the word has %v, at once %v", got, yes)
	}
	if got := score(again, word[3], 4000); math.Abs(float64(got-yes)) > 0.1 {
		t.Errorf("when it was saved the word has %v, before %v", got, yes)
	}
}

func TestUnlike(t *testing.T) {
	n := standard(t)
	word, other := said(t)
	i, odd := enrolled(t, n, word[0], word[1], other, word[2]).Unlike()
	_, even := enrolled(t, n, word[0], word[1], word[2]).Unlike()
	if i != 2 || odd > even-0.5 {
		t.Errorf("example %d is unlike with %v; of those of one word the least has %v", i, odd, even)
	}
	if _, score := enrolled(t, n, word[0]).Unlike(); score < 1000 {
		t.Errorf("one example is unlike with %v", score)
	}
}

func TestListenRefuses(t *testing.T) {
	n := standard(t)
	word, _ := said(t)
	loud, quiet, long := make([]int16, len(word[0])), make([]int16, len(word[0])), []int16(nil)
	for i, v := range word[0] {
		loud[i], quiet[i] = int16(max(-32768, min(32767, 60*int(v)))), v/256
	}
	for range 3 {
		for _, pcm := range word {
			long = append(long, pcm...)
		}
	}
	for want, pcm := range map[error][]int16{
		ErrClipped: loud, ErrQuiet: quiet, ErrLong: long, ErrShort: hiss(16000),
	} {
		if _, err := n.Listen(pcm); !errors.Is(err, want) {
			t.Errorf("the error is %v, want %v", err, want)
		}
	}
	if _, err := n.Listen(nil); err == nil {
		t.Error("nothing is an example")
	}
}

// hiss is a second of noise without speech.
func hiss(n int) []int16 {
	r := rand.New(rand.NewPCG(2, 2))
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(r.IntN(1001) - 500)
	}
	return pcm
}

func TestNewWordRefuses(t *testing.T) {
	n := standard(t)
	for name, examples := range map[string][]Template{
		"none": nil, "many": make([]Template, most+1), "short": {noise(1, 1)}, "long": {noise(longest+1, 1)},
	} {
		if _, err := n.NewWord(examples); err == nil {
			t.Errorf("%s examples make a word", name)
		}
	}
}

func TestSpotterDoesNotAllocate(t *testing.T) {
	n := standard(t)
	w, err := n.NewWord([]Template{noise(30, 1), noise(35, 2), noise(25, 3)})
	if err != nil {
		t.Fatal(err)
	}
	s, pcm := n.NewSpotter(w), hiss(1600)
	s.Process(pcm)
	if allocs := testing.AllocsPerRun(20, func() { s.Process(pcm) }); allocs != 0 {
		t.Errorf("%v allocations in 100 ms of sound", allocs)
	}
}

// BenchmarkSpotter is a second of sound for a word of three examples of 0.9 s.
func BenchmarkSpotter(b *testing.B) {
	n := standard(b)
	w, err := n.NewWord([]Template{noise(30, 1), noise(30, 2), noise(30, 3)})
	if err != nil {
		b.Fatal(err)
	}
	s, pcm := n.NewSpotter(w), hiss(16000)
	b.ReportAllocs()
	for b.Loop() {
		s.Process(pcm)
	}
}
