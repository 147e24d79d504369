// Package announce is a skill that says something on other satellites: "announce dinner is
// ready", "tell the kitchen that i am coming".
package announce

import (
	"cmp"
	"context"
	"embed"
	"slices"
	"strings"
	"sync"
	"unicode"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/say"
)

//go:embed *.toml
var manifest embed.FS

// ID is the skill's.
const ID = "org.vapd.announce"

const (
	// places is the entity of where something is announced. The manifest has everyone; the
	// names of the satellites are learnt.
	places   = "place"
	everyone = "everyone"
	// sure is how likely it has to be who speaks, to be named.
	sure = 0.8
)

// announce is the skill.
type announce struct {
	*skill.Skill

	mu     sync.Mutex // held while it learns
	learnt []string   // the names of satellites
}

// New makes the skill.
func New(options ...func(*skill.Config)) *skill.Skill {
	s := &announce{Skill: skill.New(ID, manifest, options...)}
	for _, event := range []string{vap.EventStarted, vap.EventClientJoined, vap.EventClientLeft} {
		s.On(event, s.learn)
	}
	return s.Handle("announce", s.announce)
}

// satellite is one of the house.
type satellite struct{ id, name string }

func (s *announce) satellites(ctx context.Context) (all []satellite, err error) {
	known, err := s.Satellites(ctx)
	for _, k := range known {
		all = append(all, satellite{k.ID, spoken(k.Name)})
	}
	return all, err
}

// longestName is of a satellite, in bytes: nobody says more.
const longestName = 60

// spoken is a name as it is said: its letters and digits, in lower case; "" for one that
// nobody can say.
func spoken(name string) string {
	words := strings.Join(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	}), " ")
	if len(words) > longestName || strings.Trim(words, "' ") == "" {
		return ""
	}
	return strings.TrimPrefix(words, "the ")
}

// learn has the names of the satellites understood.
func (s *announce) learn(ctx context.Context, _ *skill.Request) (skill.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.satellites(ctx)
	if err != nil {
		return skill.Answer{}, err
	}
	var names []string
	for _, c := range all {
		if c.name != "" && c.name != everyone && !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
	}
	slices.Sort(names)
	if slices.Equal(names, s.learnt) {
		return skill.Answer{}, nil
	}
	if err := s.Learn(ctx, with(s.Manifest(), names)); err != nil {
		return skill.Answer{}, err
	}
	s.learnt = names
	return skill.Answer{}, nil
}

// with is a manifest with more places.
func with(m skill.Manifest, names []string) skill.Manifest {
	m.NLU = slices.Clone(m.NLU)
	for i := range m.NLU {
		entities := slices.Clone(m.NLU[i].Entities)
		for j, e := range entities {
			if e.Name == places {
				entities[j].Values = slices.Clone(e.Values)
				for _, n := range names {
					entities[j].Values = append(entities[j].Values, vap.EntityValue{Value: n})
				}
			}
		}
		m.NLU[i].Entities = entities
	}
	return m
}

// announce says a message on the satellites that are meant, and here only where that is
// meant, or there are no others.
func (s *announce) announce(ctx context.Context, r *skill.Request) (skill.Answer, error) {
	message := s.words(r)
	if message == "" {
		return skill.Ask("What shall I announce?"), nil
	}
	all, err := s.satellites(ctx)
	if err != nil {
		return skill.Answer{}, err
	}
	place := r.Text("place")
	named := place != "" && place != everyone
	here := false
	var others []satellite
	for _, c := range all {
		switch {
		case named && c.name != place:
		case c.id == r.Client:
			here = true
		default:
			others = append(others, c)
		}
	}
	away := s.tell(ctx, others, message)
	switch {
	case len(away) > 0:
		return skill.Say("%s could not be reached.", say.Capital(say.List(away))), nil
	case named && here:
		return skill.Say("%s", message), nil
	case len(others) > 0:
		return skill.Say("Announced."), nil
	case named:
		return skill.Say("There is no satellite called %s.", place), nil
	}
	return skill.Say("%s Nobody else is here.", message), nil
}

// tell says a message on satellites, and returns what those are called that are away.
func (s *announce) tell(ctx context.Context, all []satellite, message string) (away []string) {
	failed := make([]error, len(all))
	var telling sync.WaitGroup
	for i, c := range all {
		telling.Go(func() {
			failed[i] = s.Notify(ctx, c.id, skill.Notice{Answer: skill.Say("%s", message), Fleeting: true})
		})
	}
	telling.Wait()
	for i, c := range all {
		if failed[i] != nil {
			away = append(away, "the "+cmp.Or(c.name, c.id))
		}
	}
	return away
}
