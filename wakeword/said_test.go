package wakeword

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vapd/audio"
	"vapd/internal/sharedtest"
	"vapd/wakeword/enroll"
	"vapd/wakeword/pack"
	"vapd/wakeword/train/corpus"
)

func TestCertainty(t *testing.T) {
	for score, want := range map[float32]float64{
		enroll.Threshold: 0.5, enroll.Strict: strict, -1e30: 0, 1e30: 1,
		2*enroll.Threshold - enroll.Strict: 1 - strict,
	} {
		if got := Certainty(score); math.Abs(got-want) > 1e-6 {
			t.Errorf("the certainty of %v is %v, want %v", score, got, want)
		}
	}
	for s := float32(-10); s < 10; s += 0.1 {
		if Certainty(s+0.1) <= Certainty(s) {
			t.Fatalf("the certainty does not rise at %v", s)
		}
	}
}

// phrases are n times two digits in a row, as one speaker said them.
func phrases(tb testing.TB, first, second string, n int) [][]int16 {
	tb.Helper()
	set, err := corpus.Load(sharedtest.Path(tb, "audio", "wake"))
	if err != nil {
		tb.Fatal(err)
	}
	words := make(map[string][][]int16)
	for _, c := range set.Negatives {
		if c.Speaker != "fsdd_jackson" || (c.Word != first && c.Word != second) || len(words[c.Word]) == n {
			continue
		}
		pcm, err := corpus.Read(c.Path)
		if err != nil {
			tb.Fatal(err)
		}
		words[c.Word] = append(words[c.Word], pcm)
	}
	all := make([][]int16, n)
	for i := range all {
		all[i] = slices.Concat(words[first][i], words[second][i])
	}
	return all
}

// enrolled is a word of examples.
func enrolled(tb testing.TB, id string, examples ...[]int16) Word {
	tb.Helper()
	n, err := enroll.Default()
	if err != nil {
		tb.Fatal(err)
	}
	var templates []enroll.Template
	for _, pcm := range examples {
		t, err := n.Listen(pcm)
		if err != nil {
			tb.Fatal(err)
		}
		templates = append(templates, t)
	}
	w, err := n.NewWord(templates)
	if err != nil {
		tb.Fatal(err)
	}
	return enrolledWord(tb, id, w)
}

func enrolledWord(tb testing.TB, id string, w *enroll.Word) Word {
	tb.Helper()
	p, err := pack.NewEnrolled(id, pack.Enrolled{WakeWord: id + "!"}, w)
	if err != nil {
		tb.Fatal(err)
	}
	return Word{Pack: p}
}

// randomWord is one of frames by chance, which nobody says.
func randomWord(tb testing.TB, id string, templates int) Word {
	tb.Helper()
	n, err := enroll.Default()
	if err != nil {
		tb.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	var examples []enroll.Template
	for range templates {
		t := make(enroll.Template, 30)
		for i := range t {
			for k := range t[i] {
				t[i][k] = float32(r.NormFloat64()) / 7
			}
		}
		examples = append(examples, t)
	}
	w, err := n.NewWord(examples)
	if err != nil {
		tb.Fatal(err)
	}
	return enrolledWord(tb, id, w)
}

// room is a quiet one.
func room(n int) []int16 {
	r := rand.New(rand.NewPCG(3, 3))
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(r.IntN(7) - 3)
	}
	return pcm
}

// all listens to a whole stream, in blocks of 10 ms.
func all(d *Detector, pcm []int16) (events []Event) {
	at := start()
	for len(pcm) > 0 {
		n := min(160, len(pcm))
		events = d.Process(at, pcm[:n], events)
		at, pcm = at.Add(int64(n)), pcm[n:]
	}
	return events
}

// TestEnrolledWords: two words that were enrolled are heard beside a model, each when it is
// said, in the same way as alone, and by a Scorer.
func TestEnrolledWords(t *testing.T) {
	sevens, nines := phrases(t, "seven", "zero", 4), phrases(t, "four", "nine", 4)
	seven, nine := enrolled(t, "seven_zero", sevens[:3]...), enrolled(t, "four_nine", nines[:3]...)
	loud, err := pack.Open("testdata/loud.json")
	if err != nil {
		t.Fatal(err)
	}
	stream := slices.Concat(room(24000), sevens[3], room(48000), nines[3], room(24000))
	detected := func(words ...Word) (found []Event) {
		d, err := New(words)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range all(d, stream) {
			if e.Kind == Detected && e.Pack != "loud" {
				found = append(found, e)
			}
		}
		return found
	}
	together := detected(seven, Word{Pack: loud, Cutoff: 0.99}, nine)
	alone := append(detected(seven), detected(nine)...)
	if len(together) != 2 || !slices.Equal(together, alone) {
		t.Fatalf("together %+v\nalone %+v", together, alone)
	}
	for i, e := range together {
		said := []int{24000, 24000 + len(sevens[3]) + 48000}[i]
		length := len([][]int16{sevens[3], nines[3]}[i])
		if e.Pack != []string{"seven_zero", "four_nine"}[i] || e.Word != e.Pack+"!" || e.Score <= 0.97 || e.Cutoff != 0.97 {
			t.Errorf("event %d: %+v", i, e)
		}
		if end := int(e.End.Frame); end < said+length/2 || end > said+length+4800 || e.End.Frame-e.Start.Frame != 16000 || e.At.Frame-e.End.Frame != enroll.Lag {
			t.Errorf("event %d, said from %d to %d: %+v", i, said, said+length, e)
		}
	}
	s, err := NewScorer(seven.Pack)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time after a reset
		s.Reset()
		if n, err := s.Judge(s.Process(stream, nil), 0); n != 1 || err != nil {
			t.Errorf("the scorer has %d detections: %v", n, err)
		}
	}
}

// TestEnrolledWordForgets: a new epoch begins anew, as a new detector does.
func TestEnrolledWordForgets(t *testing.T) {
	words := []Word{randomWord(t, "a", 3), randomWord(t, "b", 1)}
	levels := func(d *Detector, at audio.Pos) []Level {
		d.Process(at, room(16000), nil)
		return d.Levels(nil)
	}
	fresh, err := New(words)
	if err != nil {
		t.Fatal(err)
	}
	used, err := New(words)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(5, 5))
	noise := make([]int16, 12345)
	for i := range noise {
		noise[i] = int16(r.IntN(20001) - 10000)
	}
	used.Process(start(), noise, nil)
	second := audio.Pos{Epoch: 2}
	if want, got := levels(fresh, second), levels(used, second); !slices.Equal(want, got) {
		t.Errorf("levels %+v, want %+v", got, want)
	}
}

func TestEnrolledWordsAllocateNothing(t *testing.T) {
	loud, err := pack.Open("testdata/loud.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New([]Word{randomWord(t, "a", 5), {Pack: loud}, randomWord(t, "b", 3)})
	if err != nil {
		t.Fatal(err)
	}
	at, pcm, events := start(), room(1600), make([]Event, 0, 16)
	step := func() { events = d.Process(at, pcm, events[:0]); at = at.Add(1600) }
	step()
	if n := testing.AllocsPerRun(50, step); n != 0 {
		t.Errorf("%v allocations in 100 ms", n)
	}
}

// BenchmarkEnrolledWords is a second of sound, for words of five examples of 0.9 s.
func BenchmarkEnrolledWords(b *testing.B) {
	loud, err := pack.Open("testdata/loud.json")
	if err != nil {
		b.Fatal(err)
	}
	one, three := []Word{randomWord(b, "a", 5)}, []Word{randomWord(b, "a", 5), randomWord(b, "b", 5), randomWord(b, "c", 5)}
	for name, words := range map[string][]Word{
		"one": one, "three": three, "three_beside_a_model": append(three[:3:3], Word{Pack: loud}),
	} {
		b.Run(name, func(b *testing.B) {
			d, err := New(words)
			if err != nil {
				b.Fatal(err)
			}
			at, pcm, events := start(), room(16000), make([]Event, 0, 16)
			b.ReportAllocs()
			for b.Loop() {
				events = d.Process(at, pcm, events[:0])
				at = at.Add(16000)
			}
		})
	}
}
