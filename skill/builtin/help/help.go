// Package help is a skill that says what can be said: "what can i say", "help with timers".
package help

import (
	"context"
	"embed"
	"strings"
	"sync"

	"vapd/protocol/vap"
	"vapd/skill"
)

//go:embed *.toml
var manifest embed.FS

// ID is the skill's.
const ID = "org.vapd.help"

// handful is how many sentences are said at once.
const handful = 4

// help is the skill.
type help struct {
	*skill.Skill

	mu   sync.Mutex
	next map[string]int // sentence of each satellite
}

// New makes the skill.
func New(options ...func(*skill.Config)) *skill.Skill {
	s := &help{Skill: skill.New(ID, manifest, options...), next: make(map[string]int)}
	return s.Handle("help", s.help).Handle("more", s.help).Handle("about", s.about)
}

// known is a skill that people can speak to.
type known struct {
	id, name string
	examples []string
}

// skills are those that are there.
func (s *help) skills(ctx context.Context) (all []known, err error) {
	c, err := s.QueryOne(ctx, vap.System, vap.AskSkills)
	if err != nil {
		return nil, err
	}
	list, _ := c.Fields["skills"].([]any)
	for _, v := range list {
		m, _ := v.(map[string]any)
		var k known
		k.id, _ = m["id"].(string)
		k.name, _ = m["name"].(string)
		examples, _ := m["examples"].([]any)
		for _, e := range examples {
			if text, ok := e.(string); ok {
				k.examples = append(k.examples, text)
			}
		}
		if k.id != ID {
			all = append(all, k)
		}
	}
	return all, nil
}

// help says some sentences, each time others.
func (s *help) help(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	skills, err := s.skills(ctx)
	if err != nil {
		return skill.Answer{}, err
	}
	all := mixed(skills)
	if len(all) == 0 {
		return skill.Say("There is nothing that I understand yet."), nil
	}
	if len(all) <= handful {
		return skill.Say("You can say: %s.", or(all)), nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	from := s.next[r.Client] % len(all)
	s.next[r.Client] = from + handful
	some := append(all, all...)[from : from+handful]
	return skill.Ask("You can say, for example: %s. Say, what else, to hear others.", or(some)), nil
}

// mixed are the sentences of all skills: the first of each, then the second of each.
func mixed(skills []known) (all []string) {
	for i, more := 0, true; more; i++ {
		more = false
		for _, k := range skills {
			if i < len(k.examples) {
				all, more = append(all, k.examples[i]), true
			}
		}
	}
	return all
}

// about says what can be said to one skill.
func (s *help) about(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	skills, err := s.skills(ctx)
	if err != nil {
		return skill.Answer{}, err
	}
	about := strings.TrimPrefix(strings.ToLower(r.Text("skill")), "the ")
	some := examples(skills, about)
	if len(some) == 0 {
		return skill.Ask("I know nothing of %s. Ask, what can I say, for what I know.", about), nil
	}
	return skill.Say("You can say: %s.", or(some[:min(len(some), handful)])), nil
}

// examples are the sentences of the skill whose name has a word, else those that have it
// themselves.
func examples(skills []known, word string) (some []string) {
	word = strings.TrimSuffix(word, "s") // "timers" is about a "timer"
	if word == "" {
		return nil
	}
	for _, k := range skills {
		if strings.Contains(strings.ToLower(k.name), word) {
			return k.examples
		}
	}
	for _, text := range mixed(skills) {
		if strings.Contains(strings.ToLower(text), word) {
			some = append(some, text)
		}
	}
	return some
}

// or joins sentences as a choice.
func or(sentences []string) string { return strings.Join(sentences, ", or ") }
