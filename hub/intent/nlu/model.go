package nlu

import (
	"cmp"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Config is how a Model is made.
type Config struct {
	// Now is what time it is, for "tomorrow"; time.Now where nil.
	Now func() time.Time
	// Seed is of all that is drawn in learning: the same skills and seed make the same
	// model.
	Seed uint64
}

// Model understands the sentences of all skills. It is safe for any number of goroutines:
// Parse reads what was last made, Replace and Remove make another one meanwhile.
type Model struct {
	config Config
	now    atomic.Pointer[map[string]*language] // by the first part of the tag

	mu     sync.Mutex        // held while intents learn to be told apart
	skills map[string][]*set // what each registered

	waiting sync.Mutex        // of come, held for a moment
	come    map[string][]*set // what is to be put into skills
}

// New makes a Model that knows no skill.
func New(c Config) *Model {
	if c.Now == nil {
		c.Now = time.Now
	}
	m := &Model{config: c, skills: make(map[string][]*set), come: make(map[string][]*set)}
	m.now.Store(&map[string]*language{})
	return m
}

// Replace puts the sets of a skill, one a language, in the place of those that it had.
// The error is an *Invalid, and nothing has changed then. It returns when the new model
// is in use. Of calls for one skill at once the one counts that has learnt last.
func (m *Model) Replace(skill string, sets []Set) error {
	compiled := make([]*set, 0, len(sets))
	for _, s := range sets {
		c, err := compile(skill, s)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(compiled, func(o *set) bool { return strings.EqualFold(o.language, c.language) }) {
			return invalid(Duplicate, s.Language, "two sets are of this language: put them together")
		}
		compiled = append(compiled, c)
	}
	for _, c := range compiled {
		c.train(time.Unix(0, 0).UTC(), m.config.Seed) // the same whenever it is learnt
	}
	m.change(skill, compiled)
	return nil
}

// Remove forgets a skill; one that is not known is forgotten already.
func (m *Model) Remove(skill string) { m.change(skill, nil) }

// change learns again to tell intents apart, in the languages of the sets that come
// and go. All else stays as it is. What comes while it learns is learnt all at once.
func (m *Model) change(skill string, sets []*set) {
	m.waiting.Lock()
	m.come[skill] = sets
	m.waiting.Unlock()

	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting.Lock()
	come := m.come
	m.come = make(map[string][]*set)
	m.waiting.Unlock()
	if len(come) == 0 {
		return // another call has learnt it with its own
	}
	touched := make(map[string]bool)
	for skill, sets := range come {
		for _, s := range slices.Concat(m.skills[skill], sets) {
			touched[base(s.language)] = true
		}
		if len(sets) == 0 {
			delete(m.skills, skill)
		} else {
			m.skills[skill] = sets
		}
	}
	languages := maps.Clone(*m.now.Load())
	for b := range touched {
		delete(languages, b)
		if all := m.sets(b); len(all) > 0 {
			languages[b] = newLanguage(all, m.config.Seed)
		}
	}
	m.now.Store(&languages)
}

// sets are those of a language, in an order that does not depend on who came first.
func (m *Model) sets(base_ string) []*set {
	var out []*set
	for _, sets := range m.skills {
		for _, s := range sets {
			if base(s.language) == base_ {
				out = append(out, s)
			}
		}
	}
	slices.SortFunc(out, func(a, b *set) int {
		return cmp.Or(cmp.Compare(a.skill, b.skill), cmp.Compare(a.language, b.language))
	})
	return out
}

// base is the language of a tag, without script and region.
func base(tag string) string {
	b, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return b
}

// parallel calls f with 0 to n-1, and returns when all calls have.
func parallel(n int, f func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				f(i)
			}
		})
	}
	all.Wait()
}
