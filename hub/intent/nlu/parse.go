package nlu

import (
	"cmp"
	"fmt"
	"slices"
)

const (
	longestSentence = 64   // words that a sentence may have
	longestText     = 2000 // bytes
	mostLikely      = 3    // intents that the tagger looks at
	// leastOdds is below what an intent is not looked at any further.
	leastOdds = 0.02
)

// Parse says what text means in a language, a BCP 47 tag. Of a skill that registered
// several sets of the language, the one for the region counts, else the general one.
func (m *Model) Parse(text, tag string) Result {
	p, refused := m.parsing(text, tag)
	if refused != "" {
		return Result{Why: Why{Language: tag, Refused: refused}}
	}
	found := p.exact()
	if len(found) == 0 {
		found = p.likely()
	}
	return Result{found, *p.why}
}

// Slots are the slots that a sentence has when its intent is known; nil where there is
// no such intent.
func (m *Model) Slots(text, tag, skill, name string) []Filled {
	p, refused := m.parsing(text, tag)
	if refused != "" {
		return nil
	}
	c := p.find(skill, name)
	if c == nil {
		return nil
	}
	for _, pattern := range c.patterns {
		if parts, ok := p.match(c.ref(pattern), listed); ok {
			return p.result(c, 1, parts).Slots
		}
	}
	return p.result(c, 1, p.slots(c).parts).Slots
}

// Answer is what fills a slot when text is the answer to its prompt: "in the kitchen" to
// "which room?". ok is false where nothing does.
func (m *Model) Answer(text, tag, skill, name, slot string) (f Filled, ok bool) {
	p, refused := m.parsing(text, tag)
	if refused != "" {
		return Filled{}, false
	}
	c := p.find(skill, name)
	if c == nil || c.slot(slot) < 0 {
		return Filled{}, false
	}
	best := p.answer(c, c.slot(slot))
	if best.sure == 0 {
		return Filled{}, false
	}
	return p.result(c, 1, []part{best}).Slots[0], true
}

// answer is the part of the sentence that fills a slot best: the longest one of a value
// that is known, what the tagger takes for it where all else names nothing, or all of it.
func (p *parsing) answer(c *intent, k int) part {
	g, n := c.entities[k], len(p.tokens)
	best := part{slot: k}
	for i := range n {
		for j := i + 1; j <= n; j++ {
			value, sure := g.known(p.sentence, i, j)
			if sure > best.sure || sure == best.sure && sure > 0 && j-i > best.end-best.start {
				best = part{k, i, j, value, sure}
			}
		}
	}
	if best.sure > 0 || g.strict || g.kind != "" {
		return best
	}
	for _, f := range p.slots(c).parts {
		if f.slot == k && p.idle(0, f.start) && p.idle(f.end, n) {
			return f
		}
	}
	start, end := p.span(0, n)
	return part{k, 0, n, p.text[start:end], 1}
}

// idle reports whether the words from i to j name nothing.
func (p *parsing) idle(i, j int) bool { return !slices.Contains(p.common[i:j], false) }

// parsing is one sentence on its way.
type parsing struct {
	*language
	*sentence
	only map[*intent]bool // the intents that are asked; nil for all
	why  *Why

	tried [free + 1]int // attempts to match patterns
}

// parsing reads a sentence; refused says why it is not looked at.
func (m *Model) parsing(text, tag string) (p *parsing, refused string) {
	l := (*m.now.Load())[base(tag)]
	if l == nil {
		return nil, "no skill knows this language"
	}
	if len(text) > longestText {
		return nil, fmt.Sprintf("it is longer than %d bytes", longestText)
	}
	s := l.tongue.sentence(text, m.config.Now())
	if len(s.tokens) == 0 {
		return nil, "it has no words"
	}
	if len(s.tokens) > longestSentence {
		return nil, fmt.Sprintf("it has more than %d words", longestSentence)
	}
	p = &parsing{language: l, sentence: s, only: l.of(tag), why: &Why{Language: tag}}
	for _, t := range s.tokens {
		p.why.Words = append(p.why.Words, t.Text)
	}
	return p, ""
}

// asks reports whether an intent is of the language that is asked for.
func (p *parsing) asks(c *intent) bool { return p.only == nil || p.only[c] }

// find is an intent of a skill that is asked; nil where there is none.
func (p *parsing) find(skill, name string) *intent {
	for _, c := range p.intents {
		if c.skill == skill && c.Name == name && p.asks(c) {
			return c
		}
	}
	return nil
}

func (p *parsing) say(stage Stage, c *intent, score float64, said string, args ...any) {
	p.why.Steps = append(p.why.Steps, Step{stage, c.skill, c.Name, score, fmt.Sprintf(said, args...)})
}

// match matches one pattern.
func (p *parsing) match(r ref, f freedom) ([]part, bool) {
	m := matching{sentence: p.sentence, intent: r.intent, pattern: r.pattern, filler: p.tongue.Filler, freedom: f}
	m.left = min(triesOfPattern, triesOfSentence-p.tried[f])
	before := m.left
	ok := m.match()
	p.tried[f] += before - m.left
	return m.parts, ok
}

// exact are the intents of which the sentence is a template, as it is or with words that
// were misheard.
func (p *parsing) exact() []Match {
	for _, f := range []freedom{listed, misread} {
		var out []Match
		done := make(map[*intent]bool)
		p.matcher.each(p.sentence, func(r ref) {
			if done[r.intent] || !p.asks(r.intent) || f == misread && !r.strict {
				return
			}
			parts, ok := p.match(r, f)
			if !ok {
				return
			}
			done[r.intent] = true
			sure := 1.0
			for _, part := range parts {
				sure *= part.sure
			}
			p.say(Exact, r.intent, sure, "the sentence is a template of it%s", heard(parts, p.sentence))
			out = append(out, p.result(r.intent, sure, parts))
		})
		if len(out) > 0 {
			return ranked(out)
		}
	}
	return nil
}

// heard names the words that only sound like a value.
func heard(parts []part, s *sentence) string {
	out := ""
	for _, p := range parts {
		if p.sure < 1 {
			start, end := s.span(p.start, p.end)
			out += fmt.Sprintf(", %q taken for %q", s.text[start:end], p.value)
		}
	}
	return out
}

// candidate is an intent that is looked at.
type candidate struct {
	*intent
	odds   float64 // by the classifier
	other  float64 // the best of all others, likewise
	opened []part
	share  float64 // of the words, those of the template that was opened
}

// likely are the intents that the sentence may be, which is no template.
func (p *parsing) likely() []Match {
	features, _ := classifying(p.sentence, nil)
	scores := p.classifier.Scores(features)
	known := p.classifier.Known(features)
	var found []candidate
	for i, c := range p.intents {
		if p.asks(c) {
			found = append(found, candidate{intent: c, odds: float64(scores[i])})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(b.odds, a.odds) })
	for i := range found {
		found[i].other = rival(found, i)
	}
	p.open(found)
	var out []Match
	for i, c := range found {
		odds := logistic(c.odds)
		if c.opened == nil && (i >= mostLikely || odds < leastOdds) {
			if i < mostLikely {
				p.say(Intents, c.intent, odds, "other intents, or none, are likelier")
			}
			continue
		}
		p.say(Intents, c.intent, odds, "of the words alone")
		if m, ok := p.judge(c, known); ok {
			out = append(out, m)
		}
	}
	return ranked(out)
}

// rival is the best score of an intent other than i that is not the same by its name.
func rival(found []candidate, i int) float64 {
	for j, c := range found {
		if j != i && c.Name != found[i].Name {
			return c.odds
		}
	}
	return -10
}

// ranked is the best first; with the same confidence the one of which more was said.
func ranked(found []Match) []Match {
	slices.SortStableFunc(found, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Confidence, a.Confidence), cmp.Compare(len(b.Slots), len(a.Slots)),
			cmp.Compare(a.Skill, b.Skill), cmp.Compare(a.Intent, b.Intent))
	})
	return found
}

// tagged are the slots that the tagger found.
type tagged struct {
	parts     []part
	certainty float64
	refused   []part // what is no value of a strict entity
}

func (p *parsing) slots(c *intent) tagged {
	if c.tagger == nil {
		return tagged{certainty: 1}
	}
	segments, certainty := c.tagger.Find(c.extract.features(p.sentence, nil))
	out := tagged{certainty: certainty}
	for _, s := range segments {
		value, sure := c.entities[s.Kind].fill(p.sentence, s.Start, s.End)
		if sure == 0 {
			out.refused = append(out.refused, part{slot: s.Kind, start: s.Start, end: s.End})
			continue
		}
		out.parts = append(out.parts, part{s.Kind, s.Start, s.End, value, sure})
	}
	return out
}

func (p *parsing) result(c *intent, confidence float64, parts []part) Match {
	m := Match{Skill: c.skill, Intent: c.Name, Confidence: confidence}
	for _, f := range parts {
		start, end := p.span(f.start, f.end)
		slot := c.Slots[f.slot]
		m.Slots = append(m.Slots, Filled{slot.Name, slot.Entity, p.text[start:end], start, end, f.value})
	}
	for k, s := range c.Slots {
		if s.Required && !slices.ContainsFunc(parts, func(f part) bool { return f.slot == k }) {
			m.Missing = append(m.Missing, s)
		}
	}
	return m
}
