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

// mostBare is how many sentences of an intent are also learnt from without their words.
const mostBare = 10

// classify learns to tell all intents apart.
func (l *language) classify(seed uint64) *classify.Classifier {
	features := make([][]classify.Features, len(l.intents))
	insides := make([][]int, len(l.intents))
	said := make([]map[string]bool, len(l.intents)) // what is one intent's can't be against another
	parallel(len(l.intents), func(i int) {
		said[i] = make(map[string]bool)
		for _, s := range l.intents[i].samples {
			f, inside := classifying(s.sentence, s.segments)
			features[i] = append(features[i], f)
			insides[i] = append(insides[i], inside)
			said[i][words(s.sentence)] = true
		}
	})
	forgetNames(features, insides)
	none := l.none()
	classes := make([]*classify.Class, len(l.intents))
	parallel(len(classes), func(i int) {
		c := l.intents[i]
		random := rand.New(rand.NewPCG(seed, uint64(newHash(c.skill).text(c.Name))))
		others := append([]classify.Features(nil), none...)
		most := max(mostOthers/max(len(classes), 1), 2)
		for j, o := range l.intents {
			if i == j || strings.EqualFold(o.Name, c.Name) {
				continue
			}
			picked := 0
			for _, k := range random.Perm(len(o.samples)) {
				if picked == most {
					break
				}
				if !said[i][words(o.samples[k].sentence)] {
					others = append(others, features[j][k])
					picked++
				}
			}
		}
		classes[i] = classify.Train(features[i], others, classify.Training{Epochs: 8, Rate: 0.5, L2: 0.03, Seed: seed})
	})
	return classify.New(classes)
}

// forgetNames leaves out what is in slots and said once: the next name is another one.
func forgetNames(features [][]classify.Features, insides [][]int) {
	count := make(map[uint64]int)
	for _, sentences := range features {
		for _, f := range sentences {
			for _, h := range f {
				count[h]++
			}
		}
	}
	for i, sentences := range features {
		for k, f := range sentences {
			outer := len(f) - insides[i][k]
			for _, h := range f[outer:] {
				if count[h] > 1 {
					f[outer] = h
					outer++
				}
			}
			sentences[k] = f[:outer]
		}
	}
}

// words is a sentence in normal form.
func words(s *sentence) string {
	var b strings.Builder
	for _, t := range s.tokens {
		b.WriteString(t.Text)
		b.WriteByte(' ')
	}
	return b.String()
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
		for _, s := range c.samples[:min(len(c.samples), mostBare)] {
			bare := &sentence{text: s.text, tokens: slices.Clone(s.tokens), common: s.common}
			for i := range bare.tokens {
				if !s.common[i] {
					bare.tokens[i].Text = "\x00" // no word
				}
			}
			f, _ := classifying(bare, nil)
			out = append(out, f)
		}
	}
	return out
}
