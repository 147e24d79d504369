package normal

import "strings"

// Sound is how a normal word sounds, roughly: words that a speech engine may take for
// each other have the same ("lights", "lites"). Of languages whose spelling we don't know
// it is the word.
func (l Language) Sound(word string) string {
	if l.sounds == nil {
		return word
	}
	return l.sounds(word)
}

// englishSounds writes a word by its consonants, with a mark where it begins with a
// vowel: the idea of Metaphone (Philips 1990), with fewer rules.
func englishSounds(word string) string {
	w := strings.NewReplacer(
		"ough", "o", "augh", "a", "igh", "i", "eigh", "a", "tch", "ch", "sch", "sk", "ph", "f", "ck", "k", "qu", "kw", "wh", "w",
		"kn", "n", "wr", "r", "gn", "n", "mb", "m", "dg", "j", "ce", "se", "ci", "si", "cy", "sy", "ge", "je", "gi", "ji", "x", "ks",
		"c", "k", "z", "s", "v", "f", "d", "t", "b", "p", "g", "k", "q", "k",
	).Replace(strings.ReplaceAll(word, "ch", "\x01"))
	var out []byte
	for i := range len(w) {
		c := w[i]
		if strings.IndexByte("aeiouyhw", c) >= 0 {
			if i > 0 {
				continue
			}
			if c != 'h' && c != 'w' {
				c = 'a'
			}
		}
		if n := len(out); n == 0 || out[n-1] != c {
			out = append(out, c)
		}
	}
	return string(out)
}
