package skills

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"

	"vapd/protocol/vap"
)

// Store keeps records over a restart.
type Store interface {
	All() iter.Seq2[string, []byte]
	// Apply returns when the records are on the disk; nil deletes one.
	Apply(map[string][]byte) error
}

// Grants is what skills may have carried out, beside speaking to who asked, which all may.
type Grants struct {
	store Store

	disk sync.Mutex // held while the disk writes
	mu   sync.Mutex
	of   map[string][]string // capabilities by skill
}

// everybody are the capabilities that every skill may use: it may speak, and no more.
func everybody(capability string) bool {
	return capability == vap.CapVoice || capability == vap.CapText
}

// OpenGrants reads what was granted.
func OpenGrants(s Store) (*Grants, error) {
	g := &Grants{store: s, of: make(map[string][]string)}
	for skill, data := range s.All() {
		var capabilities []string
		if err := json.Unmarshal(data, &capabilities); err != nil {
			return nil, fmt.Errorf("skills: what %q was granted makes no sense: %w", skill, err)
		}
		g.of[skill] = capabilities
	}
	return g, nil
}

// May reports whether a skill may use a capability.
func (g *Grants) May(skill, capability string) bool {
	if everybody(capability) {
		return true
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Contains(g.of[skill], capability)
}

// Of is what a skill was granted.
func (g *Grants) Of(skill string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.of[skill])
}

// Set grants capabilities to a skill, or takes them away; no capabilities takes all away. It
// is kept when it returns nil.
func (g *Grants) Set(skill string, granted bool, capabilities ...string) error {
	g.disk.Lock()
	defer g.disk.Unlock()
	now := make(map[string]bool)
	for _, c := range g.Of(skill) {
		now[c] = true
	}
	for _, c := range capabilities {
		now[c] = granted
	}
	maps.DeleteFunc(now, func(_ string, may bool) bool { return !may })
	if !granted && len(capabilities) == 0 {
		clear(now)
	}
	all := slices.Sorted(maps.Keys(now))
	var data []byte
	if len(all) > 0 {
		var err error
		if data, err = json.Marshal(all); err != nil {
			return fmt.Errorf("skills: %w", err)
		}
	}
	if err := g.store.Apply(map[string][]byte{skill: data}); err != nil {
		return fmt.Errorf("skills: what %q may is not kept: %w", skill, err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.of[skill] = all; len(all) == 0 {
		delete(g.of, skill)
	}
	return nil
}
