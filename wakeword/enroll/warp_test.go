package enroll

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// noise is a template of random frames: no two are alike.
func noise(n int, seed uint64) Template {
	r := rand.New(rand.NewPCG(seed, 0))
	t := make(Template, n)
	for i := range t {
		for k := range t[i] {
			t[i][k] = float32(r.NormFloat64())
		}
		t[i].unit()
	}
	return t
}

func lowest(t Template, frames []Frame) float32 {
	w, best := newWarp(t, 1), float32(math.MaxFloat32)
	for i := range frames {
		best = min(best, w.hear(&frames[i]))
	}
	return best
}

// stretched says each frame of a template as often as times says in turn.
func stretched(t Template, times ...int) (out Template) {
	for i, f := range t {
		for range times[i%len(times)] {
			out = append(out, f)
		}
	}
	return out
}

func TestWarp(t *testing.T) {
	word := noise(12, 1)
	around := func(said Template) Template {
		return append(append(noise(20, 2), said...), noise(20, 3)...)
	}
	for name, c := range map[string]struct {
		said      Template
		low, high float32
	}{
		"as it was":         {word, -0.001, 0.001},
		"half as fast":      {stretched(word, 2), -0.001, 0.001},
		"by and by slower":  {stretched(word, 1, 2, 1, 1, 2), -0.001, 0.001},
		"twice as fast":     {stretched(word, 1, 0), 0.3, 0.6}, // every second frame is not there
		"a third as fast":   {stretched(word, 3), 0.05, 1},
		"backwards":         {reversed(word), 0.4, 1},
		"half of it":        {word[:6], 0.2, 0.6},
		"something else":    {noise(12, 4), 0.4, 1},
		"nothing":           {nil, 0.4, 1},
		"two frames change": {append(append(Template{}, word[:10]...), noise(2, 5)...), 0.02, 0.25},
	} {
		if got := lowest(word, around(c.said)); got < c.low || got > c.high {
			t.Errorf("%s: the cost is %v, want %v to %v", name, got, c.low, c.high)
		}
	}
}

func reversed(t Template) Template {
	out := make(Template, len(t))
	for i := range t {
		out[len(t)-1-i] = t[i]
	}
	return out
}

// slowWarp is the lowest cost of any path to the frame at heard, by trying all of them.
func slowWarp(t Template, heard []Frame, i, at int) float64 {
	if i < 0 {
		return 0
	}
	if at < 0 {
		return 1e9
	}
	d := func(i, at int) float64 {
		if at < 0 {
			return 1e9
		}
		return float64(distance(t[i][:Values], heard[at][:Values]))
	}
	best := slowWarp(t, heard, i-1, at-1) + d(i, at)
	best = min(best, slowWarp(t, heard, i-1, at-2)+(d(i, at)+d(i, at-1))/2)
	if i > 0 {
		best = min(best, slowWarp(t, heard, i-2, at-1)+d(i, at)+d(i-1, at))
	}
	return best
}

func TestWarpFindsTheBestPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := noise(rapid.IntRange(1, 6).Draw(t, "template"), rapid.Uint64().Draw(t, "word"))
		heard := noise(rapid.IntRange(1, 9).Draw(t, "frames"), rapid.Uint64().Draw(t, "heard"))
		w := newWarp(word, 0)
		for at := range heard {
			got := float64(w.hear(&heard[at]))
			want := slowWarp(word, heard, len(word)-1, at) / float64(len(word))
			if want < 3 && math.Abs(got-want) > 1e-4 {
				t.Fatalf("after %d frames the cost is %v, want %v", at+1, got, want)
			}
		}
	})
}
