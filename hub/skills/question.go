package skills

import (
	"context"
	"slices"
	"time"

	"vapd/hub/intent/nlu"
)

// question is a slot that somebody was asked for.
type question struct {
	nlu.Match
	slot  nlu.Slot
	tries int
	at    time.Time
}

const (
	// mostTries is how often a slot is asked for.
	mostTries = 2
	// patience is how long a question waits for its answer.
	patience = time.Minute
)

// fill asks for a slot that is missing, or has the skill answer.
func (s *Skills) fill(ctx context.Context, said Said, m nlu.Match) Reply {
	if len(m.Missing) == 0 {
		return s.perform(ctx, said, m)
	}
	return s.ask(said.Client, &question{Match: m, slot: m.Missing[0]})
}

// ask asks for a slot: with its prompt, then with its reprompt.
func (s *Skills) ask(client string, q *question) Reply {
	q.tries++
	q.at = s.cfg.Now()
	words := q.slot.Prompt
	if q.tries > 1 && q.slot.Reprompt != "" {
		words = q.slot.Reprompt
	}
	if words == "" {
		words = "Which " + q.slot.Name + "?"
	}
	s.mu.Lock()
	s.questions[client] = q
	s.mu.Unlock()
	return Reply{Say: words, Again: true, Understood: true, Skill: q.Skill}
}

// asked takes the question that waits for the answer of somebody at a satellite.
func (s *Skills) asked(client string) *question {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.questions[client]
	delete(s.questions, client)
	if q == nil || s.cfg.Now().Sub(q.at) > patience {
		return nil
	}
	return q
}

// isCommand reports whether what was said is a whole sentence of some skill, word by word, as
// "cancel": then it is no answer to a question, not even to one that takes any words.
func isCommand(could []candidate) bool {
	return len(could) > 0 && could[0].Confidence == 1 && len(could[0].Slots) == 0
}

// resume takes what was said for the answer to a question; false when it is none, but some
// skill understands it.
func (s *Skills) resume(ctx context.Context, said Said, q *question, understood bool) (Reply, bool) {
	f, ok := s.model.Answer(said.Text, said.Language, q.Skill, q.Intent, q.slot.Name)
	if !ok {
		if understood {
			return Reply{}, false
		}
		if q.tries < mostTries {
			return s.ask(said.Client, q), true
		}
		return Reply{Say: notUnderstood, Skill: q.Skill}, true
	}
	m := q.Match
	m.Slots = append(slices.Clone(m.Slots), f)
	m.Missing = slices.DeleteFunc(slices.Clone(m.Missing), func(l nlu.Slot) bool { return l.Name == q.slot.Name })
	return s.fill(ctx, said, m), true
}
