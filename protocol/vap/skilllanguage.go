package vap

import (
	"fmt"
	"strings"

	"github.com/tinylib/msgp/msgp"
)

// Language is a language as the skill registry writes it: {country, language, extra}.
// Its text form is a tag of BCP 47 (RFC 5646).
type Language struct {
	Country  string // region: two letters or three digits; empty for any
	Language string // two to eight letters: "en"
	// Extra is what else the tag has: a script, variants, extensions, joined by "-".
	Extra string
}

// maxTag is the longest tag that is taken, in bytes (RFC 5646 section 4.4.1 asks for 35).
const maxTag = 64

// ParseLanguage reads a tag: "en", "en-US", "sr-Latn-RS", "ca-ES-valencia". Letters are
// put into the case that RFC 5646 section 2.1.1 recommends. Whether there is such a
// language is not checked.
func ParseLanguage(tag string) (Language, error) {
	parts := strings.Split(tag, "-")
	wrong := len(tag) > maxTag || !letters(parts[0], 2, 8)
	for _, p := range parts {
		wrong = wrong || len(p) == 0 || len(p) > 8 || !ascii(p)
	}
	if wrong {
		return Language{}, fmt.Errorf("vap: language %.*q: want a tag of BCP 47, for instance en or en-US", maxTag, tag)
	}
	l := Language{Language: strings.ToLower(parts[0])}
	var extra []string
	rest := parts[1:]
	if len(rest) > 0 && letters(rest[0], 4, 4) {
		extra = append(extra, script(rest[0]))
		rest = rest[1:]
	}
	if len(rest) > 0 && isRegion(rest[0]) {
		l.Country = strings.ToUpper(rest[0])
		rest = rest[1:]
	}
	for _, p := range rest {
		extra = append(extra, strings.ToLower(p))
	}
	l.Extra = strings.Join(extra, "-")
	return l, nil
}

// String is the tag.
func (l Language) String() string {
	first, rest, _ := strings.Cut(l.Extra, "-")
	tag := l.Language
	if letters(first, 4, 4) {
		tag += "-" + first
	} else {
		rest = l.Extra
	}
	if l.Country != "" {
		tag += "-" + l.Country
	}
	if rest != "" {
		tag += "-" + rest
	}
	return tag
}

// Canonical is l in the case of ParseLanguage, or an error when it is no language.
func (l Language) Canonical() (Language, error) {
	if strings.Contains(l.Language, "-") {
		return Language{}, fmt.Errorf("vap: language %.*q: want two to eight letters", maxTag, l.Language)
	}
	if l.Country != "" && !isRegion(l.Country) {
		return Language{}, fmt.Errorf("vap: country %.*q: want two letters or three digits", maxTag, l.Country)
	}
	return ParseLanguage(l.String())
}

func isRegion(s string) bool {
	return letters(s, 2, 2) || len(s) == 3 && strings.Trim(s, "0123456789") == ""
}

func script(s string) string { return strings.ToUpper(s[:1]) + strings.ToLower(s[1:]) }

// letters reports whether s has from low to high letters of ASCII and nothing else.
func letters(s string, low, high int) bool {
	return len(s) >= low && len(s) <= high && ascii(s) && !strings.ContainsAny(s, "0123456789")
}

// ascii reports whether s has nothing but letters and digits of ASCII.
func ascii(s string) bool {
	for _, r := range []byte(s) {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

func appendLanguage(e *encoder, l Language) {
	e.textOrNull("country", l.Country)
	e.text("language", l.Language)
	e.textOrNull("extra", l.Extra)
}

// language reads a language, or its tag.
func (d *decoder) language() (l Language) {
	if msgp.NextType(d.b) == msgp.StrType {
		l, err := ParseLanguage(d.text())
		if err != nil {
			d.fail(malformed(""))
		}
		return l
	}
	d.object([]string{"country", "language", "extra"}, func(key []byte) bool {
		switch string(key) {
		case "country":
			l.Country = d.text()
		case "language":
			l.Language = d.text()
		case "extra":
			l.Extra = d.text()
		default:
			return false
		}
		return true
	})
	if d.err != nil {
		return Language{}
	}
	l, err := l.Canonical()
	if err != nil {
		d.fail(malformed("language"))
	}
	return l
}
