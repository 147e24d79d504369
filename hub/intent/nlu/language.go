package nlu

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"vapd/hub/intent/classify"
	"vapd/hub/intent/crf"
)

// language is all that is known of one language, of all skills. It does not change.
type language struct {
	tongue     tongue
	intents    []*intent
	sets       []*set
	matcher    *matcher
	classifier *classify.Classifier
}

func newLanguage(sets []*set, seed uint64) *language {
	l := &language{tongue: sets[0].tongue, sets: sets}
	for _, s := range sets {
		l.intents = append(l.intents, s.intents...)
	}
	l.matcher = newMatcher(l.intents)
	l.classifier = l.classify(seed)
	return l
}

// of are the intents for a tag: of each skill those of the set whose tag is the longest
// that it begins with (RFC 4647, lookup), else of its first set. It is nil where each skill
// has one set, and all are asked.
func (l *language) of(tag string) map[*intent]bool {
	var out map[*intent]bool
	for i := 1; i < len(l.sets); i++ {
		if l.sets[i].skill == l.sets[i-1].skill {
			out = make(map[*intent]bool)
		}
	}
	if out == nil {
		return nil
	}
	for i := 0; i < len(l.sets); {
		best, most := l.sets[i], -1
		for skill := best.skill; i < len(l.sets) && l.sets[i].skill == skill; i++ {
			if n := alike(l.sets[i].language, tag); n > most {
				best, most = l.sets[i], n
			}
		}
		for _, c := range best.intents {
			out[c] = true
		}
	}
	return out
}

// alike is how many parts of a range are those that a tag begins with; 0 where the range
// goes on with others.
func alike(range_, tag string) int {
	r, t := strings.Split(strings.ToLower(range_), "-"), strings.Split(strings.ToLower(tag), "-")
	if len(r) > len(t) || !slices.Equal(r, t[:len(r)]) {
		return 0
	}
	return len(r)
}

// classifying are the features of a sentence by which intents are told apart, each once,
// and how many of them, at the end, are only of words inside of slots.
func classifying(s *sentence, segments []crf.Segment) (f classify.Features, inside int) {
	within := make([]bool, len(s.tokens))
	for _, x := range segments {
		for i := x.Start; i < x.End; i++ {
			within[i] = true
		}
	}
	out, inner := make(classify.Features, 0, 3*len(s.tokens)+4), classify.Features(nil)
	seen := make(map[uint64]bool, cap(out))
	add := func(h hash, in bool) {
		if in {
			inner = append(inner, uint64(h))
		} else if !seen[uint64(h)] {
			seen[uint64(h)] = true
			out = append(out, uint64(h))
		}
	}
	n := len(s.tokens)
	for i := range n {
		add(newHash("w").text(s.word(i)), within[i])
		add(newHash("ww").text(s.word(i-1)).text(s.word(i)), within[i] || i > 0 && within[i-1])
		if i > 1 {
			add(newHash("w-w").text(s.word(i-2)).text(s.word(i)), within[i] || within[i-2])
		}
	}
	add(newHash("ww").text(s.word(n-1)).text(""), within[n-1])
	for _, f := range s.found {
		if !f.Weak {
			add(newHash("kind").text(string(f.Kind)), false)
		}
	}
	outer := len(out)
	for _, h := range inner {
		if !seen[h] {
			seen[h] = true
			out = append(out, h)
		}
	}
	return out, len(out) - outer
}

// mostOthers is how many sentences of others an intent is told from; where there are
// more, each other intent gives as many as all others.
const mostOthers = 6000

// classify learns to tell all intents apart.
func (l *language) classify(seed uint64) *classify.Classifier {
	features := withoutNames(l.intents)
	none := l.none()
	classes := make([]*classify.Class, len(l.intents))
	parallel(len(classes), func(i int) {
		c := l.intents[i]
		said := make(map[string]bool) // what is one intent's can't be against another
		for _, s := range c.sentences {
			said[s.words] = true
		}
		random := rand.New(rand.NewPCG(seed, uint64(newHash(c.skill).text(c.Name))))
		others := slices.Clone(none)
		most := max(mostOthers/len(classes), 2)
		for j, o := range l.intents {
			if i == j || strings.EqualFold(o.Name, c.Name) {
				continue
			}
			left := most
			for _, k := range random.Perm(len(features[j])) {
				if left == 0 {
					break
				}
				if !said[o.sentences[k].words] {
					others = append(others, features[j][k])
					left--
				}
			}
		}
		classes[i] = classify.Train(features[i], others, classify.Training{Epochs: 8, Rate: 0.5, L2: 0.03, Seed: seed})
	})
	return classify.New(classes)
}

// withoutNames are the features of all sentences, without those that are in slots and
// said once: the next name is another one.
func withoutNames(intents []*intent) [][]classify.Features {
	count := make(map[uint64]int)
	for _, c := range intents {
		for _, s := range c.sentences {
			for _, h := range s.features {
				count[h]++
			}
		}
	}
	out := make([][]classify.Features, len(intents))
	for i, c := range intents {
		for _, s := range c.sentences {
			outer := len(s.features) - s.inside
			f := slices.Clone(s.features[:outer])
			for _, h := range s.features[outer:] {
				if count[h] > 1 {
					f = append(f, h)
				}
			}
			out[i] = append(out[i], f)
		}
	}
	return out
}

// none are sentences of no intent: what people say of other things, and sentences of
// intents without the words that matter in them.
func (l *language) none() []classify.Features {
	var out []classify.Features
	for _, text := range l.tongue.Others() {
		f, _ := classifying(l.tongue.sentence(text, time.Time{}), nil)
		out = append(out, f)
	}
	for _, c := range l.intents {
		out = append(out, c.bare...)
	}
	return out
}

// spoken is a sample as the classifier learns from it.
type spoken struct {
	words    string // in normal form
	features classify.Features
	inside   int // of the features, at the end, those only in slots
}

// mostBare is how many sentences of an intent are also learnt from without their words.
const mostBare = 10

// learnWords makes of the samples what the classifier learns from.
func (c *intent) learnWords() {
	for i, s := range c.samples {
		f, inside := classifying(s.sentence, s.segments)
		c.sentences = append(c.sentences, spoken{s.String(), f, inside})
		if i >= mostBare {
			continue
		}
		bare := &sentence{text: s.text, tokens: slices.Clone(s.tokens)}
		for k := range bare.tokens {
			if !s.common[k] {
				bare.tokens[k].Text = "\x00" // no word
			}
		}
		f, _ = classifying(bare, nil)
		c.bare = append(c.bare, f)
	}
}
