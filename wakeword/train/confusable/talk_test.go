package confusable

import (
	"slices"
	"strings"
	"testing"
	"unicode"
)

// No sentence has the word, and all can be said by a voice.
func TestSentences(t *testing.T) {
	all := Sentences("jarvis")
	if len(all) < 100 {
		t.Errorf("%d sentences", len(all))
	}
	for i, text := range all {
		if len(text) > 100 || slices.Contains(all[:i], text) || strings.ContainsFunc(text, func(r rune) bool {
			return r > unicode.MaxASCII || !unicode.IsLetter(r) && !strings.ContainsRune(" ,.?!'", r)
		}) {
			t.Errorf("%q", text)
		}
	}
	for word, want := range map[string]int{"bread": 1, "Hey You": 1, "hey_you": 1, "rea": 0, "seven eight": 1} {
		if got := len(all) - len(Sentences(word)); got != want {
			t.Errorf("%q: %d sentences are left out, want %d", word, got, want)
		}
	}
}

// Random words are those that nobody takes for the word, nor together.
func TestChatter(t *testing.T) {
	d := read(t, small+"pay P EY\npaying P EY IH NG\nput P UH T\nputs P UH T S\nputting P UH T IH NG\n")
	texts := d.Chatter("computer", 50, 1)
	if len(texts) != 50 || !slices.Equal(texts, d.Chatter("computer", 50, 1)) || slices.Equal(texts, d.Chatter("computer", 50, 2)) {
		t.Errorf("%d texts: %q", len(texts), texts)
	}
	lengths := make(map[int]int)
	for _, text := range texts {
		some := strings.Fields(text)
		lengths[len(some)]++
		if strings.Contains(text, "come pewter") || !slices.Contains([]string{"come", "pewter", "peter", "compute", "pay", "put"}, some[0]) {
			t.Errorf("%q", text)
		}
	}
	if len(lengths) != chatter {
		t.Errorf("their lengths: %v", lengths)
	}
	if texts := read(t, "one W AH N\n").Chatter("computer", 5, 1); len(texts) > 0 {
		t.Errorf("of a dictionary of one name: %q", texts)
	}
}
