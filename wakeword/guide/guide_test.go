package guide

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"vapd/internal/sharedtest"
	"vapd/wakeword/enroll"
	"vapd/wakeword/train/corpus"
)

func network(tb testing.TB) *enroll.Network {
	tb.Helper()
	n, err := enroll.Default()
	if err != nil {
		tb.Fatal(err)
	}
	return n
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
		if (c.Word != first && c.Word != second) || c.Speaker != "fsdd_jackson" || len(words[c.Word]) == n {
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

// scaled is pcm times a factor, as a microphone would have it.
func scaled(pcm []int16, factor float64) []int16 {
	out := make([]int16, len(pcm))
	for i, v := range pcm {
		out[i] = int16(max(-32768, min(32767, factor*float64(v))))
	}
	return out
}

// room is a quiet one, which is never the same.
type room struct{ random *rand.Rand }

func newRoom() *room { return &room{rand.New(rand.NewPCG(1, 1))} }

func (r *room) hush(n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(r.random.IntN(41) - 20)
	}
	return pcm
}

// behind puts noise of some amplitude behind a word.
func (r *room) behind(pcm []int16, amplitude int) []int16 {
	out := slices.Clone(pcm)
	for i := range out {
		out[i] += int16(r.random.IntN(2*amplitude+1) - amplitude)
	}
	return out
}

// TestCutter: each utterance has its words whole, with some of the room around; a very long
// one is reported once; pieces of any size give the same.
func TestCutter(t *testing.T) {
	said, r := phrases(t, "seven", "zero", 3), newRoom()
	long := slices.Concat(said[0], said[1], said[2], said[0], said[1], said[2])
	stream := r.hush(32000)
	for _, pcm := range [][]int16{said[0], said[1], long, said[2]} {
		stream = slices.Concat(stream, pcm, r.hush(20000))
	}
	cut := func(piece int) (found []Utterance) {
		c := NewCutter(network(t))
		for rest := stream; len(rest) > 0; {
			taken, u, ok := c.Process(rest[:min(piece, len(rest))])
			if rest = rest[taken:]; ok {
				found = append(found, u)
			}
		}
		return found
	}
	found := cut(160)
	if len(found) != 4 {
		t.Fatalf("%d utterances", len(found))
	}
	for i, u := range found {
		if u.Long != (i == 2) || u.Long != (len(u.PCM) == 0) {
			t.Errorf("utterance %d: long is %v, %d samples", i, u.Long, len(u.PCM))
		}
		if u.Long {
			continue
		}
		word := [][]int16{said[0], said[1], nil, said[2]}[i]
		at := index(u.PCM, word[len(word)/8:len(word)*7/8])
		if at < 0 || len(u.PCM) > len(word)+3*margin {
			t.Errorf("utterance %d has %d samples, the word %d of them from %d on", i, len(u.PCM), len(word), at)
		}
	}
	for i, u := range cut(1237) {
		if !slices.Equal(u.PCM, found[i].PCM) {
			t.Errorf("utterance %d depends on how the sound comes", i)
		}
	}
}

// index is where a part is found in a whole; -1 where it is not.
func index(whole, part []int16) int {
	for i := range max(0, len(whole)-len(part)+1) {
		if slices.Equal(whole[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

func TestExamples(t *testing.T) {
	word, other, r := phrases(t, "seven", "zero", 6), phrases(t, "three", "two", 1)[0], newRoom()
	around := func(pcm []int16) []int16 { return slices.Concat(r.hush(4800), pcm, r.hush(4800)) }
	e := NewExamples(network(t))
	for _, c := range []struct {
		name string
		pcm  []int16
		want error
		have int
	}{
		{"good", around(word[0]), nil, 1},
		{"quiet", around(scaled(word[1], 0.01)), enroll.ErrQuiet, 1},
		{"loud", around(scaled(word[1], 60)), enroll.ErrClipped, 1},
		{"noisy", r.behind(around(scaled(word[1], 0.5)), 2500), ErrNoisy, 1},
		{"nothing", r.hush(16000), nil, 1}, // whatever it is refused for
		{"long", around(slices.Concat(word...)), enroll.ErrLong, 1},
		{"good", around(word[1]), nil, 2},
		{"unlike", around(other), ErrUnlike, 2},
		{"good", around(word[2]), nil, 3},
		{"good", around(word[3]), nil, 4},
	} {
		err := e.Add(c.pcm)
		if c.want != nil && !errors.Is(err, c.want) || (c.name == "good") != (err == nil) {
			t.Errorf("%s: the error is %v, want %v", c.name, err, c.want)
		}
		if e.Len() != c.have || len(e.Recordings()) != c.have {
			t.Errorf("%s: there are %d examples and %d recordings", c.name, e.Len(), len(e.Recordings()))
		}
	}
	if remarks := e.Remarks(func([]int16) []string { return []string{"jarvis"} }); len(remarks) == 0 || !strings.Contains(strings.Join(remarks, "\n"), `"jarvis"`) {
		t.Errorf("the remarks are %q", remarks)
	}
}

// TestExamplesLeaveAnOlderOneOut: the first one was another word.
func TestExamplesLeaveAnOlderOneOut(t *testing.T) {
	word, other := phrases(t, "seven", "zero", 4), phrases(t, "three", "two", 1)[0]
	e := NewExamples(network(t))
	for i, pcm := range [][]int16{other, word[0], word[1]} {
		if err := e.Add(pcm); (err != nil) != (i == 2) {
			t.Fatalf("example %d: %v", i+1, err)
		} else if i == 2 && (!errors.Is(err, ErrUnlike) || !strings.Contains(err.Error(), "example 1 is not like")) {
			t.Errorf("the error is %v", err)
		}
	}
	if e.Len() != 2 || len(e.Recordings()) != 2 || &e.Recordings()[0][0] != &word[0][0] {
		t.Errorf("%d examples are left", e.Len())
	}
	for _, pcm := range word[2:] {
		if err := e.Add(pcm); err != nil {
			t.Error(err)
		}
	}
}

func TestAbove(t *testing.T) {
	r := newRoom()
	if got := above(slices.Concat(r.hush(3200), scaled(r.hush(3200), 10), r.hush(3200))); got < 19 || got > 21 {
		t.Errorf("a noise of 20 dB above the room is %v dB above it", got)
	}
	if got := above(r.hush(9600)); got > 2 {
		t.Errorf("the room is %v dB above itself", got)
	}
}
