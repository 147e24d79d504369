package train

import (
	"fmt"
	"strings"
	"testing"

	"vapd/wakeword/train/corpus"
)

// Whose recordings are the word's, and whose are other words.
func TestMaterial(t *testing.T) {
	clips := func(words ...string) (all []corpus.Clip) {
		for i, w := range words {
			all = append(all, corpus.Clip{Name: fmt.Sprint(i), Label: corpus.Label{Word: w, Set: "positive/" + w}})
		}
		return all
	}
	speech := append(clips("seven"), corpus.Clip{Name: "talk", Label: corpus.Label{Set: "negative/ann"}})
	for name, c := range map[string]struct {
		positives []string
		word      string
		want      string // words, others, negatives, left out, assumed
		err       string
	}{
		"told apart":     {[]string{"computer", "hey_computer", "athena", "athena"}, "Computer", "1 3 1 1 false", ""},
		"one folder":     {[]string{"said", "said"}, "snowboy", "2 1 1 0 true", ""},
		"none of it":     {[]string{"computer", "athena"}, "compter", "", `no recording is of "compter", but of athena, computer`},
		"nothing at all": {nil, "snowboy", "0 1 1 0 false", ""},
	} {
		all := corpus.Set{Positives: clips(c.positives...), Negatives: speech}
		set, leftOut, assumed, err := Material(all, c.word)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: %v, want %q", name, err, c.err)
			}
			continue
		}
		if got := fmt.Sprint(len(set.Positives), len(set.Others), len(set.Negatives), len(leftOut), assumed); err != nil || got != c.want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, c.want)
		}
		if len(all.Positives) > 0 && all.Positives[0].Word != c.positives[0] {
			t.Errorf("%s: the recordings that were given are changed", name)
		}
	}
}
