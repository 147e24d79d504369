package skills

import (
	"testing"
	"time"

	"vapd/protocol/vap"
)

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

// FuzzDecodeLetter: what is taken for a letter can be delivered.
func FuzzDecodeLetter(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := openOutbox(&memory{all: map[string][]byte{"a": data}}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range o.letters {
			if _, err := vap.ParseNotification(l.Body); err != nil {
				t.Errorf("%+v: %v", l, err)
			}
		}
	})
}
