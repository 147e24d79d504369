package train

import (
	"fmt"
	"strings"
	"testing"

	"vapd/wakeword/train/corpus"
)

// However many speakers a family of voices has, it says as much of the word as any other.
func TestFamilies(t *testing.T) {
	r := run{cfg: Config{Recipe: Recipe{Words: 600}}}
	for voice, clips := range map[string]int{"slt": 5, "en-us": 5, "en-us+m1": 5, "en-us+f2": 10, "en": 1} {
		for i := range clips {
			c := corpus.Clip{Name: fmt.Sprint(voice, i)}
			c.Speaker = voice
			r.train.Positives = append(r.train.Positives, c)
		}
	}
	said := make(map[string]int)
	for _, j := range r.spokenWord() {
		if !j.changed || !j.words {
			t.Errorf("%+v", j)
		}
		for _, c := range j.clips {
			family, _, _ := strings.Cut(c.Speaker, "+")
			said[family]++
		}
	}
	for family, want := range map[string]int{"slt": 200, "en-us": 200, "en": 200} {
		if said[family] != want {
			t.Errorf("%s says it %d times, want %d", family, said[family], want)
		}
	}
}
