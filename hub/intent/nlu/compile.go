package nlu

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"vapd/hub/intent/classify"
	"vapd/hub/intent/crf"
	"vapd/protocol/vap/template"
)

// set is a Set as it is learnt from.
type set struct {
	skill, language string
	tongue          tongue
	gazetteers      map[string]*gazetteer
	intents         []*intent
}

// intent is an Intent as it is learnt from.
type intent struct {
	Intent
	skill    string
	entities []*gazetteer // of each slot
	patterns []pattern
	words    map[string]bool // of the patterns
	common   func(word string) bool
	learning
	sentences []spoken            // what the classifier learns from
	bare      []classify.Features // likewise, of no intent
	extract   *extractor
	tagger    *crf.Model // nil without slots
}

// learning is what an intent is learnt from, and not needed later.
type learning struct {
	utterances [][]template.Piece
	seen       map[string]bool // patterns
	samples    []sample
	mixed      []sample // the same with values of others, so that the tagger learns what stands around them
}

// pattern is an utterance as it is matched.
type pattern []element

// element is a word, or a slot where the word is empty.
type element struct {
	word string
	hash hash // of the word: what differs in it need not be compared
	slot int
}

// sample is a sentence that an intent is learnt from.
type sample struct {
	*sentence
	segments []crf.Segment // the kinds are indices of slots
}

// compile checks a set and makes it ready to be learnt from.
func compile(skill string, s Set) (*set, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	out := &set{skill: skill, language: s.Language, tongue: tongueOf(s.Language)}
	var err error
	if out.gazetteers, err = gazetteers(s, out.tongue.Language); err != nil {
		return nil, err
	}
	for _, i := range s.Intents {
		c := &intent{Intent: i, skill: skill, learning: learning{seen: make(map[string]bool)}, words: make(map[string]bool), common: out.tongue.Common}
		for _, slot := range i.Slots {
			c.entities = append(c.entities, out.gazetteers[slot.Entity])
		}
		for _, u := range i.Utterances {
			if err := c.add(out.tongue, u); err != nil {
				return nil, err
			}
		}
		out.intents = append(out.intents, c)
	}
	return out, nil
}

// add reads an utterance.
func (c *intent) add(t tongue, utterance string) error {
	if len(utterance) > maxText {
		return invalid(InvalidText, utterance[:20]+"...", "an utterance of intent %q is longer than %d bytes", c.Name, maxText)
	}
	pieces, err := template.Parse(utterance)
	if err != nil {
		return invalid(InvalidText, utterance, "intent %q: %v", c.Name, err)
	}
	for _, p := range pieces {
		if p.Slot == "" {
			continue
		}
		k := c.slot(p.Slot)
		if k < 0 {
			return invalid(MissingSlot, p.Slot, "utterance %q of intent %q names it: add it to the slots", utterance, c.Name)
		}
		if p.Entity != "" && p.Entity != c.Slots[k].Entity {
			return invalid(MissingEntity, p.Entity, "utterance %q gives slot %q this entity, the slot has %q", utterance, p.Slot, c.Slots[k].Entity)
		}
		if g := c.entities[k]; g.kind == "" && !g.strict && p.Text != "" {
			if words := t.Words(p.Text); len(words) > 0 {
				g.add(words, known{value: strings.TrimSpace(p.Text), text: p.Text}).seen++
			}
		}
	}
	tokens, segments := c.filled(t, pieces, func(int, string) string { return "qzx" })
	if len(tokens.tokens) == 0 {
		return invalid(InvalidText, utterance, "an utterance of intent %q has no words", c.Name)
	}
	if len(tokens.tokens) > longestSentence {
		return invalid(InvalidText, utterance[:20]+"...", "an utterance of intent %q has more than %d words", c.Name, longestSentence)
	}
	c.utterances = append(c.utterances, pieces)
	p := c.pattern(t, tokens, segments)
	if key := fmt.Sprint(p); !c.seen[key] {
		c.seen[key] = true
		c.patterns = append(c.patterns, p)
	}
	return nil
}

func (c *intent) slot(name string) int {
	return slices.IndexFunc(c.Slots, func(s Slot) bool { return s.Name == name })
}

// filled is an utterance with values in its places, which fill makes of slot and sample.
func (c *intent) filled(t tongue, pieces []template.Piece, fill func(slot int, sample string) string) (*sentence, []crf.Segment) {
	var text strings.Builder
	type place struct{ slot, start, end int }
	var places []place
	for _, p := range pieces {
		if p.Slot == "" {
			text.WriteString(p.Text)
			continue
		}
		k, start := c.slot(p.Slot), text.Len()
		text.WriteString(fill(k, p.Text))
		places = append(places, place{k, start, text.Len()})
	}
	all := text.String()
	tokens := t.Tokens(all)
	var segments []crf.Segment
	i := 0
	for _, p := range places {
		for i < len(tokens) && tokens[i].End <= p.start {
			i++
		}
		start := i
		for i < len(tokens) && tokens[i].Start < p.end {
			i++
		}
		if i > start {
			segments = append(segments, crf.Segment{Kind: p.slot, Start: start, End: i})
		}
	}
	return &sentence{text: all, tokens: tokens}, segments
}

// pattern is a filled utterance with its places, without words that mean nothing.
func (c *intent) pattern(t tongue, s *sentence, segments []crf.Segment) pattern {
	var out pattern
	for i := 0; i < len(s.tokens); i++ {
		if len(segments) > 0 && segments[0].Start == i {
			out = append(out, element{slot: segments[0].Kind})
			i = segments[0].End - 1
			segments = segments[1:]
		} else if !t.Filler(s.word(i)) {
			out = append(out, element{word: s.word(i), hash: newHash(s.word(i))})
			c.words[s.word(i)] = true
		}
	}
	return out
}

// draw fills an utterance some times, with what was not seen before.
func (c *intent) draw(sm *sampler, times int, pieces []template.Piece, seen map[string]bool, fill func(slot int, sample string) string) []sample {
	var out []sample
	for range times {
		s, segments := c.filled(sm.tongue, pieces, fill)
		if !seen[s.text] && len(s.tokens) > 0 {
			seen[s.text] = true
			out = append(out, sample{sm.tongue.sentenceOf(s.text, s.tokens, sm.now), segments})
		}
	}
	return out
}

// sampler fills utterances that have no samples.
type sampler struct {
	tongue tongue
	now    time.Time
	random *rand.Rand
	words  []string // of the set, to make unknown ones of
}

// learnable makes the sentences that an intent is learnt from.
func (c *intent) learnable(sm *sampler) {
	fills, mixes := min(max(60/len(c.utterances), 2), 24), min(200/len(c.utterances), 4)
	if len(c.utterances) > 100 {
		mixes = 0 // there is enough to learn from
	}
	seen := make(map[string]bool)
	for _, pieces := range c.utterances {
		if slices.ContainsFunc(pieces, func(p template.Piece) bool { return p.Slot != "" && p.Text == "" }) {
			c.samples = append(c.samples, c.draw(sm, fills, pieces, seen, func(slot int, sample string) string {
				if sample != "" {
					return sample
				}
				return sm.value(c.entities[slot])
			})...)
			continue
		}
		s, segments := c.filled(sm.tongue, pieces, func(_ int, sample string) string { return sample })
		if len(s.tokens) == 0 {
			continue // of samples that have no words
		}
		c.samples = append(c.samples, sample{sm.tongue.sentenceOf(s.text, s.tokens, sm.now), segments})
		c.mixed = append(c.mixed, c.draw(sm, mixes, pieces, seen, func(slot int, sample string) string {
			if g := c.entities[slot]; len(g.order) > 0 && sm.random.IntN(2) == 0 {
				return g.values[g.order[sm.random.IntN(len(g.order))]].text
			}
			return sample
		})...)
	}
	c.extract = &extractor{often: make(map[string]int)}
	for _, g := range c.entities {
		if g.kind == "" && !slices.Contains(c.extract.gazetteers, g) {
			c.extract.gazetteers = append(c.extract.gazetteers, g)
		}
	}
	for _, s := range c.samples {
		for _, t := range s.tokens {
			c.extract.often[t.Text]++
		}
	}
}

// value is something that fills a slot: mostly a value, where others are allowed now and
// then words that nobody knows.
func (sm *sampler) value(g *gazetteer) string {
	said := g.order
	if g.kind != "" {
		said = sm.tongue.entities.Samples(g.kind)
	}
	if len(said) == 0 || g.kind == "" && !g.strict && sm.random.IntN(3) == 0 {
		return sm.unknown()
	}
	pick := said[sm.random.IntN(len(said))]
	if g.kind == "" {
		return g.values[pick].text
	}
	return pick
}

// unknown are one to three words that look like those of the language.
func (sm *sampler) unknown() string {
	var out []string
	for range 1 + sm.random.IntN(3) {
		a, b := []rune(sm.word()), []rune(sm.word())
		out = append(out, string(a[:(len(a)+1)/2])+string(b[len(b)/2:]))
	}
	return strings.Join(out, " ")
}

func (sm *sampler) word() string {
	if len(sm.words) == 0 {
		return "xyz"
	}
	return sm.words[sm.random.IntN(len(sm.words))]
}

// train learns what an intent needs for itself: its sentences and its tagger.
func (s *set) train(now time.Time, seed uint64) {
	var words []string
	for _, c := range s.intents {
		for _, p := range c.patterns {
			for _, e := range p {
				if len(e.word) > 2 {
					words = append(words, e.word)
				}
			}
		}
	}
	parallel(len(s.intents), func(i int) {
		c := s.intents[i]
		random := rand.New(rand.NewPCG(seed, uint64(newHash(s.skill).text(c.Name))))
		c.learnable(&sampler{s.tongue, now, random, words})
		c.learnSlots(seed)
		c.learnWords()
		c.learning = learning{}
	})
}

const (
	// mostTagged is how many words times tags a tagger learns from: it bounds the memory.
	mostTagged = 1_000_000
	// mixedWeight is how much a sentence with values of others counts.
	mixedWeight = 0.3
)

// learnSlots trains the tagger.
func (c *intent) learnSlots(seed uint64) {
	if len(c.Slots) == 0 {
		return
	}
	sentences := make([]crf.Sentence, 0, len(c.samples)+len(c.mixed))
	room := mostTagged / (1 + 2*len(c.Slots))
	for i, s := range slices.Concat(c.samples, c.mixed) {
		if room -= len(s.tokens); room < 0 {
			break
		}
		weight := float32(1)
		if i >= len(c.samples) {
			weight = mixedWeight
		}
		sentences = append(sentences, crf.Sentence{Tokens: c.extract.features(s.sentence, c.unlisted(s)), Segments: s.segments, Weight: weight})
	}
	c.tagger = crf.Train(sentences, crf.Training{Kinds: len(c.Slots), Epochs: 12, Rate: 0.3, L2: 0.1, Seed: seed})
}

// unlisted reports the values that are known only from this very sample: in learning
// they must not be looked up, since what comes later isn't known either.
func (c *intent) unlisted(s sample) func(g *gazetteer, i, j int) bool {
	return func(g *gazetteer, i, j int) bool {
		k := g.lookup(s.sentence, i, j)
		if k.listed || k.seen > 1 {
			return false
		}
		return slices.ContainsFunc(s.segments, func(x crf.Segment) bool {
			return x.Start == i && x.End == j && c.entities[x.Kind] == g
		})
	}
}
