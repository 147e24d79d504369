package nlu

import (
	"fmt"
	"math"
	"slices"
)

// reject is the confidence below which a sentence is none of the intents.
const reject = 0.06

// evidence is what is known of a sentence and an intent when all stages have spoken.
type evidence struct {
	odds, other float64 // of the words: of this intent, and the best of all others, as logarithms
	certainty   float64 // of the tagger
	words       int     // of the sentence
	slotted     int     // of these in slots
	said        int     // of the others those that utterances of the intent have
	telling     bool    // one of those is no common word
	about       bool    // nor a general one, or a slot has a listed value
	strange     int     // of the rest, those that are no common words, and what is no value of a slot
	known       float64 // share of the features that any intent knows
	samples     int     // that the intent was learnt from
}

// confidence is how likely the intent is the right one: a logistic regression that was
// fitted to train files of the Snips benchmark, with each of its intents left out once,
// for intents of 70 sentences and of 1,900. What weighs little with few sentences weighs
// much with many: by then a word that was never heard is a strange one.
func (e evidence) confidence() float64 {
	n := float64(e.words)
	odds := clamp(e.odds, -6, 6)
	telling := 1.0
	if e.telling {
		telling = 0
	}
	much := clamp(math.Log10(float64(max(e.samples, 1))/70), 0, 1.45)
	z := 0.0
	for _, x := range [...]struct{ value, few, many float64 }{
		{1, -1.235, -1.253},
		{odds / 2, 1.563, -0.026},
		{(odds - max(e.other, -6)) / 4, 0.928, -0.356},
		{3 * max(math.Log(e.certainty), -1.5), 2.608, 2.515},
		{float64(e.said+e.slotted) / n, -0.775, 0},
		{min(float64(e.words-e.slotted-e.said), 6) / 3, -1.722, -2.367},
		{float64(e.slotted) / n, -1.882, -0.906},
		{telling, -1.018, 0},
		{e.known, 3.265, 0.983},
		{math.Log(n) / 2, 0.585, 0},
	} {
		z += x.value * (x.few + much*x.many)
	}
	return logistic(z)
}

// alone is what remains of it by itself, without the others beside it.
func (e evidence) alone() float64 {
	d := math.Pow(strange, float64(e.strange))
	if !e.about && (e.strange > 0 || e.slotted == 0) || e.words == 1 && e.slotted == 0 {
		d *= stray
	}
	return d
}

// doubt is what confidence is multiplied with for each slot that is required and was not
// said, and for what the tagger took for a value and is none.
const doubt = 0.7

// Strange words, which are not common, in no slot, and in no utterance of the intent, make it
// less likely, each of them, and the more so where none of the others says what the intent is
// about: of "turn up the heating" all but one word is said to a volume. One word that is no
// sentence of its own, as "timer", may mean anything.
const (
	strange = 0.65
	stray   = 0.2
)

// missing counts the slots that are required and not there.
func (c *intent) missing(parts []part) int {
	n := 0
	for k, s := range c.Slots {
		if s.Required && !slices.ContainsFunc(parts, func(f part) bool { return f.slot == k }) {
			n++
		}
	}
	return n
}

func clamp(x, low, high float64) float64 { return max(low, min(x, high)) }

func logistic(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

// evidence is what speaks for an intent and against it.
func (p *parsing) evidence(c candidate, t tagged, known float64) evidence {
	e := evidence{odds: c.odds, other: c.other, certainty: t.certainty, words: len(p.tokens), known: known, samples: len(c.sentences)}
	within := make([]bool, len(p.tokens))
	for _, f := range t.parts {
		e.slotted += f.end - f.start
		g := c.entities[f.slot]
		e.about = e.about || g.kind == "" && g.lookup(p.sentence, f.start, f.end) != nil
	}
	for _, f := range slices.Concat(t.parts, t.refused) {
		for i := f.start; i < f.end; i++ {
			within[i] = true
		}
	}
	for _, f := range t.refused {
		if !p.idle(f.start, f.end) {
			e.strange++
		}
	}
	for i, w := range p.tokens {
		switch {
		case within[i]:
		case c.words[w.Text]:
			e.said++
			e.telling = e.telling || !p.common[i]
			e.about = e.about || !p.tongue.General(w.Text)
		case !p.common[i] && !p.tongue.Filler(w.Text):
			e.strange++
		}
	}
	return e
}

// judge decides whether the sentence is of an intent.
func (p *parsing) judge(c candidate, known float64) (Match, bool) {
	t := p.slots(c.intent)
	e := p.evidence(c, t, known)
	likely := e.confidence() * math.Pow(doubt, float64(len(t.refused)+c.missing(t.parts)))
	confidence, parts := likely*e.alone(), t.parts
	if opened := opened(c.share); c.opened != nil && opened > confidence {
		confidence, parts = opened, c.opened
	}
	said := fmt.Sprintf("%d of %d words in slots, %d others are said for it, %d are strange, the tagger is %.0f %% sure of a word",
		e.slotted, e.words, e.said, e.strange, 100*t.certainty)
	for _, f := range t.refused {
		start, end := p.span(f.start, f.end)
		said += fmt.Sprintf("; %q is no %s", p.text[start:end], c.entities[f.slot].name)
	}
	if max(likely, confidence) < reject || !e.telling && e.slotted == 0 {
		p.say(Slots, c.intent, confidence, "%s: too little", said)
		return Match{}, false
	}
	p.say(Slots, c.intent, confidence, "%s", said)
	return p.result(c.intent, confidence, parts), true
}

// opened is the confidence in a template whose slots hold what nobody listed, by the
// share of the words that are the template's own.
func opened(share float64) float64 { return 0.4 + 0.5*share }

// leastOwn is the share of words that a template must have itself.
const leastOwn = 0.4

// open finds templates that the sentence is when slots may hold anything. One counts
// that has two words or more, one of them not common.
func (p *parsing) open(found []candidate) {
	at := make(map[*intent]*candidate, len(found))
	for i := range found {
		at[found[i].intent] = &found[i]
	}
	p.matcher.each(p.sentence, func(r ref) {
		c := at[r.intent]
		if c == nil {
			return
		}
		share := float64(r.own) / float64(len(p.tokens))
		if !r.telling || r.own < 2 || share < leastOwn || share <= c.share {
			return
		}
		if parts, ok := p.match(r, free); ok {
			c.opened, c.share = parts, share
		}
	})
	for _, c := range found {
		if c.opened != nil {
			p.say(Open, c.intent, opened(c.share), "a template of it, with values that nobody listed; %.0f %% of the words are its own", 100*c.share)
		}
	}
}
