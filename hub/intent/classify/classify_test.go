package classify

import (
	"hash/fnv"
	"reflect"
	"strings"
	"testing"
)

func features(text string) Features {
	var out Features
	for _, w := range strings.Fields(text) {
		h := fnv.New64a()
		h.Write([]byte(w))
		out = append(out, h.Sum64())
	}
	return out
}

func all(texts ...string) []Features {
	var out []Features
	for _, t := range texts {
		out = append(out, features(t))
	}
	return out
}

func training() Training { return Training{Epochs: 20, Rate: 0.5, L2: 0.03, Seed: 1} }

func TestClassifier(t *testing.T) {
	light := all("turn on the light", "switch the lamp on", "light on please", "turn off the lamp")
	music := all("play some music", "play the song again", "put on some jazz", "next song please")
	c := New([]*Class{Train(light, music, training()), Train(music, light, training())})
	for text, want := range map[string]int{
		"turn on the lamp": 0, "lamp off": 0, "play jazz": 1, "play it again": 1, "switch the light on": 0, "the next song": 1,
	} {
		if s := c.Scores(features(text)); s[want] < 0 || s[1-want] > 0 {
			t.Errorf("%q: %v, want class %d", text, s, want)
		}
	}
	if got := c.Known(features("play the unknown")); got < 0.66 || got > 0.67 {
		t.Errorf("%v is known of two in three", got)
	}
	if got := c.Known(nil); got != 0 {
		t.Errorf("%v is known of nothing", got)
	}
}

// Few against many are learnt as well.
func TestImbalance(t *testing.T) {
	var many []Features
	for _, a := range strings.Fields("a b c d e f g h i j") {
		for _, b := range strings.Fields("k l m n o p q r s t") {
			many = append(many, features(a+" "+b+" x"))
		}
	}
	c := New([]*Class{Train(all("a k y", "b l y"), many, training())})
	if in, out := c.Scores(features("a y"))[0], c.Scores(features("c m x"))[0]; in < 0 || out > 0 {
		t.Errorf("in %v, out %v", in, out)
	}
}

func TestNothing(t *testing.T) {
	c := New([]*Class{Train(nil, all("a"), training()), Train(all("a"), nil, training())})
	if s := c.Scores(features("a")); s[0] > -5 || s[1] < 0 {
		t.Errorf("%v: one class has no sentence, the other one no opponent", s)
	}
	if s := New(nil).Scores(features("a")); len(s) != 0 {
		t.Errorf("%v of no class", s)
	}
}

func TestSameAgain(t *testing.T) {
	a, b := all("a b", "b c"), all("c d", "d e", "e f")
	if !reflect.DeepEqual(Train(a, b, training()), Train(a, b, training())) {
		t.Error("two classes of the same sentences differ")
	}
}
