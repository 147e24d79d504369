package corpus

import (
	"testing"

	"vapd/internal/sharedtest"
)

// TestRealCorpus divides the recordings that the default word is trained on.
func TestRealCorpus(t *testing.T) {
	all, err := Load(sharedtest.Path(t, "audio", "wake"))
	if err != nil {
		t.Fatal(err)
	}
	counts := func(s Set) [4]int {
		return [4]int{len(s.Positives), len(s.Others), len(s.Negatives), len(s.Noise)}
	}
	if got := counts(all); got != [4]int{1529, 0, 3136, 12} {
		t.Errorf("there are %v clips", got)
	}
	for word, want := range map[string][5]int{
		"computer": {226, 1529 - 226 - 6, 3136 - 29, 12, 29 + 6},
		"jarvis":   {181, 1529 - 181 - 3, 3136, 12, 3},
	} {
		s, out := all.For(word)
		if got := counts(s); [5]int{got[0], got[1], got[2], got[3], len(out)} != want {
			t.Errorf("%s: %v clips and %d left out, want %v", word, got, len(out), want)
		}
		for k, f := range s.Folds(5, 1) {
			n := counts(f)
			if n[0] < len(s.Positives)/5 || n[0] > len(s.Positives)/5+1 || n[3] < 2 || n[3] > 3 {
				t.Errorf("%s: part %d has %v clips", word, k, n)
			}
			speakers := make(map[string]bool)
			for _, c := range f.Negatives {
				speakers[c.Speaker] = speakers[c.Speaker] || c.Set == "negative/digits"
			}
			if speakers["fsdd_jackson"] && speakers["fsdd_theo"] {
				t.Errorf("%s: part %d has both speakers of digits", word, k)
			}
		}
	}
}
