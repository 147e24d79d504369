package train

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"vapd/wakeword/train/corpus"
)

// Material chooses from recordings what a word is trained on, as Config.Set wants it. Where
// none is of the word, and those of positives are not told apart by word, all of them are
// taken to say it, which assumed reports. What is left out has the word beside others, or
// where it should not be. Negatives that are labelled with another word are others.
func Material(all corpus.Set, word string) (set corpus.Set, leftOut []corpus.Clip, assumed bool, err error) {
	set, leftOut = all.For(word)
	if len(set.Positives) == 0 && len(all.Positives) > 0 {
		words := make(map[string]bool)
		for _, c := range all.Positives {
			words[c.Word] = true
		}
		if len(words) > 1 {
			return corpus.Set{}, nil, false, fmt.Errorf("train: no recording is of %q, but of %s: name one of these, or a folder in which all say the word",
				word, strings.Join(slices.Sorted(maps.Keys(words)), ", "))
		}
		assumed = true
		all.Positives = slices.Clone(all.Positives)
		for i := range all.Positives {
			all.Positives[i].Word = word
		}
		set, leftOut = all.For(word)
	}
	var unlabelled []corpus.Clip
	for _, c := range set.Negatives {
		if c.Word != "" {
			set.Others = append(set.Others, c)
		} else {
			unlabelled = append(unlabelled, c)
		}
	}
	set.Negatives = unlabelled
	return set, leftOut, assumed, nil
}
