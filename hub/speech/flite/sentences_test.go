package flite

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestSentences(t *testing.T) {
	for text, want := range map[string][]string{
		"":                              nil,
		" \n\t ":                        nil,
		"Hello":                         {"Hello"},
		"It is four. Your timer rings!": {"It is four.", "Your timer rings!"},
		"What? No; yes":                 {"What?", "No;", "yes"},
		"It is 3.5 degrees.":            {"It is 3.5 degrees."},
		"a\x00b\nc":                     {"a b c"},
	} {
		if d := cmp.Diff(want, sentences(text)); d != "" {
			t.Errorf("%q: %s", text, d)
		}
	}
}

// Nothing is lost, nothing is too long, and nothing ends a C string.
func TestSentencesKeepAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text") + strings.Repeat("x", rapid.IntRange(0, 2000).Draw(t, "long"))
		letters := func(s string) string {
			return strings.Map(func(r rune) rune {
				if r <= ' ' || r == 0x7f {
					return -1
				}
				return r
			}, s)
		}
		var all strings.Builder
		for _, s := range sentences(text) {
			if len(s) > 2*longestSentence+4 || strings.ContainsRune(s, 0) || s == "" {
				t.Fatalf("sentence %q", s)
			}
			all.WriteString(s)
		}
		// Spaces other than ' ' may be trimmed.
		if got, want := strings.Join(strings.Fields(letters(all.String())), ""), strings.Join(strings.Fields(letters(text)), ""); got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}
