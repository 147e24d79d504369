package lexicon

import (
	"slices"
	"strings"
)

// Lexicon pronounces words.
type Lexicon struct {
	// Known is how the dictionary pronounces a word, nil when it lacks it.
	Known func(word string) []string
	// Letters are for what can't be put together from known words.
	Letters *Letters
}

// Pronounce is how a word is said that the dictionary lacks: lower-case, of letters,
// digits, hyphens, dots and apostrophes. It is tried as known words with an ending ("lamps",
// "anna's"), as parts with something between them ("wi-fi", "mp3"), as two known words
// ("smartplug"), as initials ("a.b.c", "hdmi"), and by the rules of letters. It is nil when
// the word has nothing that can be said in English, such as letters of another script.
func (l *Lexicon) Pronounce(word string) []string {
	word = plain(word)
	var out []string
	for _, part := range parts(word) {
		phones := l.part(part)
		if phones == nil {
			return nil
		}
		out = append(out, phones...)
	}
	return out
}

// plain is word without the accents of western European languages.
func plain(word string) string {
	return strings.NewReplacer(
		"à", "a", "á", "a", "â", "a", "ã", "a", "ä", "a", "å", "a", "æ", "ae", "ç", "c", "è", "e", "é", "e", "ê", "e", "ë", "e",
		"ì", "i", "í", "i", "î", "i", "ï", "i", "ñ", "n", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ö", "o", "ø", "o", "œ", "oe",
		"ß", "ss", "ù", "u", "ú", "u", "û", "u", "ü", "u", "ý", "y", "ÿ", "y", "’", "'",
	).Replace(word)
}

// parts splits word where letters end and digits begin, and at other signs. It is nil for
// a word with signs that are not said.
func parts(word string) (out []string) {
	kind := 0
	for _, r := range word {
		switch {
		case r >= 'a' && r <= 'z' || r == '\'':
			if kind != 1 {
				out = append(out, "")
			}
			kind = 1
		case r >= '0' && r <= '9':
			if kind != 2 {
				out = append(out, "")
			}
			kind = 2
		case strings.ContainsRune("-._&", r):
			kind = 0
			continue
		default:
			return nil
		}
		out[len(out)-1] += string(r)
	}
	return out
}

// longestWord is the longest part that is pronounced. No word is as long.
const longestWord = 40

// part pronounces letters, or digits.
func (l *Lexicon) part(part string) []string {
	if len(part) > longestWord {
		return nil
	}
	if part[0] >= '0' && part[0] <= '9' {
		return l.words(number(part))
	}
	for _, try := range []func(string) []string{l.known, l.ending, l.compound, l.initials} {
		if phones := try(part); phones != nil {
			return phones
		}
	}
	if phones := l.Letters.Phones(part); len(phones) > 0 {
		return phones
	}
	return nil
}

func (l *Lexicon) known(word string) []string {
	if len(word) == 1 { // said by its name
		return nil
	}
	return l.words([]string{word})
}

// ending pronounces the plural, the third person and the possessive of what is known, and
// -ed and -ing.
func (l *Lexicon) ending(word string) []string {
	for _, e := range []struct{ end, base, phones string }{
		{"'s", "", "Z"},
		{"'", "", ""},
		{"ies", "y", "Z"},
		{"es", "e", "Z"},
		{"es", "", "Z"},
		{"s", "", "Z"},
		{"ed", "e", "D"},
		{"ed", "", "D"},
		{"ing", "", "IH NG"},
		{"ing", "e", "IH NG"},
		{"er", "", "ER"},
		{"er", "e", "ER"},
		{"ly", "", "L IY"},
	} {
		head, ok := strings.CutSuffix(word, e.end)
		if !ok || len(head) < 2 {
			continue
		}
		base := l.known(head + e.base)
		if base == nil && e.end == "'s" { // of a name that nobody knows
			base = l.part(head)
		}
		if base == nil {
			continue
		}
		return slices.Concat(base, ending(base[len(base)-1], e.phones))
	}
	return nil
}

// ending is how an ending sounds behind the phone last.
func ending(last, phones string) []string {
	hisses := slices.Contains([]string{"S", "Z", "SH", "ZH", "CH", "JH"}, last)
	mute := slices.Contains([]string{"P", "T", "K", "F", "TH"}, last)
	switch {
	case phones == "Z" && hisses:
		return []string{"IH", "Z"}
	case phones == "Z" && mute:
		return []string{"S"}
	case phones == "D" && (last == "T" || last == "D"):
		return []string{"IH", "D"}
	case phones == "D" && (mute || hisses && last != "Z" && last != "JH"):
		return []string{"T"}
	}
	return strings.Fields(phones)
}

// compound pronounces two known words of three letters or more, as alike in length as can
// be.
func (l *Lexicon) compound(word string) []string {
	for off := range len(word) {
		for _, at := range []int{(len(word) + off) / 2, (len(word) - off) / 2} {
			if at < 3 || at > len(word)-3 {
				continue
			}
			if a, b := l.known(word[:at]), l.known(word[at:]); a != nil && b != nil {
				return slices.Concat(a, b)
			}
		}
	}
	return nil
}

// initials pronounces letters that are no word: a single one, those without a vowel, and
// up to five of which the first three are no beginning of an English word.
func (l *Lexicon) initials(word string) []string {
	const vowels, onsets = "aeiouy", "chl chr phl phr psy rhy sch scl scr shl shr skl skr sph spl spr sth str thr"
	vowel := strings.IndexAny(word, vowels)
	odd := len(word) <= 5 && vowel >= 3 && !strings.Contains(onsets, word[:3])
	if strings.Contains(word, "'") || len(word) > 1 && vowel >= 0 && !odd {
		return nil
	}
	var out []string
	for _, c := range word {
		out = append(out, strings.Fields(letterNames[c-'a'])...)
	}
	return out
}

// letterNames are the names of the letters.
var letterNames = [26]string{
	"EY", "B IY", "S IY", "D IY", "IY", "EH F", "JH IY", "EY CH", "AY", "JH EY", "K EY", "EH L", "EH M",
	"EH N", "OW", "P IY", "K Y UW", "AA R", "EH S", "T IY", "Y UW", "V IY", "D AH B AH L Y UW", "EH K S", "W AY", "Z IY",
}

// words pronounces known words.
func (l *Lexicon) words(words []string) (out []string) {
	for _, w := range words {
		phones := l.Known(w)
		if len(phones) == 0 {
			return nil
		}
		out = append(out, phones...)
	}
	return out
}

// number is a number of up to two digits in words, and a longer one digit by digit.
func number(digits string) (out []string) {
	units := strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens := strings.Fields("twenty thirty forty fifty sixty seventy eighty ninety")
	if len(digits) == 2 && digits[0] != '0' {
		n := int(digits[0]-'0')*10 + int(digits[1]-'0')
		switch {
		case n < 20:
			return units[n : n+1]
		case n%10 == 0:
			return tens[n/10-2 : n/10-1]
		default:
			return []string{tens[n/10-2], units[n%10]}
		}
	}
	for _, d := range digits {
		out = append(out, units[d-'0'])
	}
	return out
}
