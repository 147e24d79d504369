package skills

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"vapd/hub/intent/nlu"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
	"vapd/wakeword/speaker"
)

// Said is what somebody said to a satellite.
type Said struct {
	Client   string
	Offers   []vap.Offer // what the satellite can do
	Text     string
	Language string       // BCP 47
	By       speaker.Hint // who may have said it
}

// Reply is what the satellite says and does.
type Reply struct {
	Say        string
	Do         []vap.Capability
	Again      bool // listen for what is said next
	Understood bool
	Skill      string // that answered
}

const (
	// canWait is how long skills have to say whether they can answer: it is a part of
	// everybody's wait for an answer.
	canWait = 300 * time.Millisecond
	// answerWait is how long the one that was chosen has.
	answerWait = 8 * time.Second
	maxNames   = 4096
)

const notUnderstood = "Sorry, I did not understand that."

// Answer finds the skill that answers, and its answer.
func (s *Skills) Answer(ctx context.Context, said Said) Reply {
	could := couldAnswer(s.model.Parse(said.Text, said.Language).Intents)
	if q := s.asked(said.Client); q != nil && !isCommand(could) {
		if r, ok := s.resume(ctx, said, q, len(could) > 0); ok {
			return r
		}
	}
	if len(could) == 0 {
		return Reply{Say: notUnderstood}
	}
	best, ok := s.choose(ctx, said, could)
	if !ok {
		return s.nobody(best)
	}
	return s.fill(ctx, said, best.Match)
}

// choose asks the skills that could answer how well they can, where there are several.
func (s *Skills) choose(ctx context.Context, said Said, all []candidate) (candidate, bool) {
	if len(all) == 1 {
		return all[0], true
	}
	ctx, cancel := context.WithTimeout(ctx, canWait)
	defer cancel()
	var wg sync.WaitGroup
	for i := range all {
		c := &all[i]
		wg.Go(func() {
			a, err := s.ask1(ctx, c.Skill, s.request(vap.RequestCanYouAnswer, said, c.Match))
			c.said, c.confidence = err == nil, float64(a.Confidence)
			if err != nil {
				s.cfg.Logger.Info("a skill does not say whether it can answer", "skill", c.Skill, "intent", c.Intent, "error", err)
			}
		})
	}
	wg.Wait()
	s.mu.Lock()
	for i := range all {
		all[i].used = s.used[all[i].Skill]
	}
	s.mu.Unlock()
	if best, ok := choose(all); ok {
		return best, true
	}
	return all[0], false
}

// nobody is the reply when none of several skills can, or says that it can.
func (s *Skills) nobody(first candidate) Reply {
	if first.said {
		return Reply{Say: "Sorry, I can not do that.", Understood: true, Skill: first.Skill}
	}
	return s.away(first.Skill)
}

// request is what a skill is asked.
func (s *Skills) request(kind string, said Said, m nlu.Match) vap.SkillRequest {
	r := vap.SkillRequest{Client: said.Client, Offers: said.Offers, Type: kind, Intent: m.Intent, Input: said.Text}
	r.Locale, _ = vap.ParseLanguage(said.Language)
	for _, f := range m.Slots {
		r.Slots = append(r.Slots, vap.SlotValue{Name: f.Name, Value: &f.Value})
	}
	if said.By.Speaker != "" {
		r.Capabilities = append(r.Capabilities, vap.Capability{
			Name: vap.CapSpeaker, Fields: map[string]any{"speaker": said.By.Speaker, "confidence": said.By.Confidence},
		})
	}
	return r
}

// perform has the skill answer.
func (s *Skills) perform(ctx context.Context, said Said, m nlu.Match) Reply {
	ctx, cancel := context.WithTimeout(ctx, answerWait)
	defer cancel()
	a, err := s.ask1(ctx, m.Skill, s.request(vap.RequestIntent, said, m))
	switch {
	case errors.Is(err, skillregistry.ErrNotConnected), errors.Is(err, skillregistry.ErrNotListening):
		return s.away(m.Skill)
	case err != nil:
		s.cfg.Logger.Warn("a skill does not answer", "skill", m.Skill, "intent", m.Intent, "error", err)
		return Reply{Say: fmt.Sprintf("Sorry, something is wrong with %s.", s.name(m.Skill)), Understood: true, Skill: m.Skill}
	}
	s.mu.Lock()
	s.used[m.Skill] = s.cfg.Now()
	s.mu.Unlock()
	return s.reply(m.Skill, a)
}

// reply is a skill's answer, as far as it may have it carried out.
func (s *Skills) reply(skill string, a skillregistry.Answer) Reply {
	r := Reply{Again: a.KeepOpen, Understood: true, Skill: skill}
	may, _ := s.may(skill, a.Capabilities)
	r.Say, r.Do = takeWords(may)
	for i := range r.Do {
		r.Do[i].From = skill
	}
	return r
}

// takeWords are the words among capabilities, and the rest.
func takeWords(all []vap.Capability) (text string, rest []vap.Capability) {
	var words []string
	for _, c := range all {
		if text, err := vap.ParseText(c); err == nil && (c.Name == vap.CapVoice || c.Name == vap.CapText) {
			words = append(words, text)
		} else {
			rest = append(rest, c)
		}
	}
	return strings.Join(words, " "), rest
}

func (s *Skills) away(skill string) Reply {
	return Reply{Say: fmt.Sprintf("Sorry, %s is away.", s.name(skill)), Understood: true, Skill: skill}
}

// name is what people call a skill.
func (s *Skills) name(skill string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name := s.names[skill]; name != "" {
		return name
	}
	return skill
}
