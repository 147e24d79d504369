package skills

import "testing"

// FuzzOpenGrants: whatever the store has, a skill gets what it says, or nothing.
func FuzzOpenGrants(f *testing.F) {
	f.Fuzz(func(t *testing.T, skill string, data []byte) {
		g, err := OpenGrants(&memory{all: map[string][]byte{skill: data}})
		if err != nil {
			return
		}
		for _, c := range g.Of(skill) {
			if !g.May(skill, c) {
				t.Errorf("%q may not %q", skill, c)
			}
		}
	})
}
