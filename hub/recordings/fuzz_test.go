package recordings

import (
	"os"
	"testing"
)

// FuzzConsent: a file that makes no sense allows nothing; what allows something is kept,
// and read again the same.
func FuzzConsent(f *testing.F) {
	f.Add([]byte(`{"on":true,"by":"owner","since":"2026-01-02T03:04:05Z","until":"2026-01-09T03:04:05Z","clients":["kitchen"]}`))
	f.Add([]byte(`{"on":true,"since":"yesterday"}`))
	f.Add([]byte("null"))
	f.Add([]byte("{"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(Utterances.consentFile(dir).Path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := load(dir, Utterances)
		if err != nil && c.On {
			t.Errorf("%+v is allowed after %v", c, err)
		}
		if err != nil || save(dir, Utterances, c) != nil { // a year that JSON does not know
			return
		}
		again, err := load(dir, Utterances)
		if err != nil || again.On != c.On || !again.Until.Equal(c.Until) || len(again.Clients) != len(c.Clients) {
			t.Errorf("%+v became %+v, %v", c, again, err)
		}
		r := Recording{Client: "kitchen", Name: "n", Bytes: 1}
		if r.describe(Utterances.consentFile(dir).Path); r.Name != "n" || r.Bytes != 1 {
			t.Errorf("%+v", r)
		}
	})
}
