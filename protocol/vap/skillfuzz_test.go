package vap

import (
	"testing"
)

// Whatever bytes come, nothing panics, and what was understood is understood again
// after it was encoded, in either form.
func FuzzSkillMessages(f *testing.F) {
	for _, g := range skillGoldens() {
		f.Add(fromHex(f, g.named))
		f.Add(fromHex(f, g.array))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		againForms(t, b, AppendSkillConnected, ParseSkillConnected)
		againForms(t, b, AppendRegisterIntents, ParseRegisterIntents)
		againForms(t, b, AppendIntentsRegistered, ParseIntentsRegistered)
		againForms(t, b, AppendSkillRequest, ParseSkillRequest)
		againForms(t, b, AppendSkillNotification, ParseSkillNotification)
		againForms(t, b, AppendSkillNotified, ParseSkillNotified)
		againForms(t, b, AppendQuery, ParseQuery)
		againForms(t, b, AppendQueryAnswer, ParseQueryAnswer)
		againForms(t, b, AppendSkillClose, ParseSkillClose)
	})
}

func againForms[M any](t *testing.T, b []byte, appendTo func([]byte, Form, M) []byte, parse func([]byte) (M, error)) {
	if len(b) > 64<<10 {
		return // as a map, an array of a mebibyte is larger than what is taken
	}
	for _, form := range []Form{Named, ReferencePython} {
		again(t, b, func(b []byte, m M) []byte { return appendTo(b, form, m) }, parse)
	}
}

// A language's text is read as the same language.
func FuzzLanguage(f *testing.F) {
	for _, s := range []string{"en-US", "sr-Latn-RS", "ca-ES-valencia", "es-419", "de-1996", "en_US"} {
		f.Add(s, "US", "Latn")
	}
	f.Fuzz(func(t *testing.T, tag, country, extra string) {
		if l, err := ParseLanguage(tag); err == nil {
			if again, err := ParseLanguage(l.String()); err != nil || again != l {
				t.Fatalf("%q became %+v, then %+v, %v", tag, l, again, err)
			}
		}
		if l, err := (Language{country, tag, extra}).Canonical(); err == nil {
			if again, err := l.Canonical(); err != nil || again != l {
				t.Fatalf("%+v, then %+v, %v", l, again, err)
			}
		}
	})
}
