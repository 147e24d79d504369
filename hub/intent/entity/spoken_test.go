package entity

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vapd/hub/intent/normal"
)

// speak is a sentence that a rule allows.
func speak(t *rapid.T, rules map[string][]string, rule string) (words []string) {
	for _, token := range strings.Fields(rapid.SampledFrom(rules[rule]).Draw(t, rule)) {
		switch name, isRule := strings.CutPrefix(token, "<"); {
		case isRule:
			words = append(words, speak(t, rules, strings.TrimSuffix(name, ">"))...)
		case token[0] != '/':
			words = append(words, token)
		}
	}
	return words
}

// All that the grammar allows is what it is said to be, to its last word.
func TestWhatIsSpokenIsFound(t *testing.T) {
	english := For("en")
	rules := english.Spoken()
	now := time.Date(2026, 11, 26, 9, 30, 0, 0, time.UTC)
	for rule, kind := range map[string]Kind{
		"number": Number, "ordinal": Ordinal, "duration": Duration, "time": Time, "date": Date,
		"datetime": DateTime, "clock": DateTime, "percentage": Percentage, "temperature": Temperature,
	} {
		if len(rules[rule]) == 0 {
			t.Errorf("there is no rule <%s>", rule)
			continue
		}
		t.Run(rule, rapid.MakeCheck(func(t *rapid.T) {
			said := strings.Join(speak(t, rules, rule), " ")
			tokens := normal.For("en").Tokens(said)
			for _, m := range english.Find(tokens, now) {
				if m.Kind == kind && m.Start == 0 && m.End == len(tokens) {
					return
				}
			}
			t.Fatalf("%q is no %s: %+v", said, kind, english.Find(tokens, now))
		}))
	}
}

func TestSpokenIsClosed(t *testing.T) {
	rules := For("en").Spoken()
	for rule, alternatives := range rules {
		for _, a := range alternatives {
			for _, token := range strings.Fields(a) {
				if name, is := strings.CutPrefix(token, "<"); is && len(rules[strings.TrimSuffix(name, ">")]) == 0 {
					t.Errorf("<%s> refers to %s, which is not there", rule, token)
				}
			}
		}
	}
}
