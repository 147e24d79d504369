package enroll

import (
	"math"
	"testing"

	"vapd/wakeword/frontend"
)

// TestMatcher: two words that share an Ear, which takes features, have the scores that they
// have alone.
func TestMatcher(t *testing.T) {
	n := standard(t)
	word, other := said(t)
	words := []*Word{enrolled(t, n, word[:3]...), enrolled(t, n, other)}
	pcm := append(append(silent(), word[3]...), silent()...)
	ear := n.NewEar()
	shared := []float32{-math.MaxFloat32, -math.MaxFloat32}
	matchers := []Matcher{NewMatcher(words[0]), NewMatcher(words[1])}
	by, err := frontend.New(10)
	if err != nil {
		t.Fatal(err)
	}
	for rest := pcm; len(rest) > 0; {
		var feature frontend.Feature
		var f Frame
		taken, ok := by.Process(rest, &feature)
		if rest = rest[taken:]; !ok {
			continue
		}
		if _, ok = ear.HearFeature(by, &feature, &f); !ok {
			continue
		}
		for k, m := range matchers {
			shared[k] = max(shared[k], m.Hear(&f))
		}
	}
	for k, w := range words {
		if alone, _ := n.NewSpotter(w).Process(pcm); alone != shared[k] {
			t.Errorf("word %d has %v alone and %v with another", k, alone, shared[k])
		}
	}
	if s := words[0].Seconds(); s < 0.2 || s > 0.8 {
		t.Errorf("the examples of seven are %v s long", s)
	}
}
