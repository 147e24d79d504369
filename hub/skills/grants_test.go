package skills

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"testing"

	"vapd/protocol/vap"
)

// memory is a Store that can be full.
type memory struct {
	all  map[string][]byte
	full error
}

func (m *memory) All() iter.Seq2[string, []byte] { return maps.All(m.all) }
func (m *memory) Apply(changes map[string][]byte) error {
	if m.full != nil {
		return m.full
	}
	for k, v := range changes {
		if m.all[k] = v; v == nil {
			delete(m.all, k)
		}
	}
	return nil
}

func TestGrants(t *testing.T) {
	m := &memory{all: make(map[string][]byte)}
	open := func() *Grants {
		g, err := OpenGrants(m)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	g := open()
	if !g.May("a", vap.CapVoice) || g.May("a", vap.CapVolume) {
		t.Error("a new skill may speak, and no more")
	}
	if err := errors.Join(g.Set("a", true, vap.CapVolume, vap.CapLED), g.Set("a", false, vap.CapLED), g.Set("b", true, vap.CapTimer)); err != nil {
		t.Fatal(err)
	}
	g = open()
	if !g.May("a", vap.CapVolume) || g.May("a", vap.CapLED) || g.May("b", vap.CapVolume) || !slices.Equal(g.Of("b"), []string{vap.CapTimer}) {
		t.Errorf("%v, %v", g.Of("a"), g.Of("b"))
	}
	m.full = errors.New("no space left")
	if err := g.Set("a", true, vap.CapTimer); !errors.Is(err, m.full) || g.May("a", vap.CapTimer) {
		t.Errorf("%v, and it may", err)
	}
	m.full = nil
	if err := g.Set("a", false); err != nil || g.May("a", vap.CapVolume) || len(m.all) != 1 {
		t.Errorf("%v, %v", err, m.all)
	}
	m.all["c"] = []byte("{")
	if _, err := OpenGrants(m); err == nil {
		t.Error("what makes no sense is taken")
	}
}
