package homeassistant

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"vapd/skill/say"
)

// Limits of a name: nobody says longer ones.
const (
	maxNameWords = 8
	maxNameRunes = 60
	maxAliases   = 10
)

// spoken is a name as it is said: lower-case words without signs, numbers in words, and no
// article in front. It is "" where there is nothing to say.
func spoken(name string) string {
	var words []string
	for _, w := range split(name) {
		if n, err := strconv.Atoi(w); err == nil && len(w) <= 6 {
			words = append(words, strings.Fields(say.Number(n))...)
			continue
		}
		words = append(words, w)
	}
	return joined(words)
}

// written is a name as it is typed: letters and digits in one word stay together ("tv2").
func written(name string) string {
	return joined(strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return r != '\'' && r != '’' && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
	}))
}

func joined(words []string) string {
	if len(words) > 1 && words[0] == "the" {
		words = words[1:]
	}
	text := strings.Join(words, " ")
	if len(words) > maxNameWords || len([]rune(text)) > maxNameRunes {
		return ""
	}
	return text
}

// split are the words and numbers of a name.
func split(name string) (words []string) {
	var word []rune
	end := func() {
		if w := strings.Trim(string(word), "'"); w != "" {
			words = append(words, w)
		}
		word = word[:0]
	}
	for _, r := range strings.ToLower(name) {
		switch {
		case r == '’' || r == '\'':
			word = append(word, '\'')
		case r == '&':
			end()
			words = append(words, "and")
		case unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r):
			if n := len(word); n > 0 && unicode.IsDigit(r) != unicode.IsDigit(word[n-1]) {
				end()
			}
			word = append(word, r)
		default:
			end()
		}
	}
	end()
	return words
}

// generic are words that mean any thing of a kind, and can be no name of one.
func generic() []string {
	return []string{
		"light", "lights", "lamp", "lamps", "fan", "fans", "switch", "cover", "covers", "blind", "blinds", "curtain", "curtains", "shutter",
		"shutters", "shade", "shades", "awning", "awnings", "window", "windows", "door", "doors", "lock", "heating", "heater", "thermostat",
		"temperature", "humidity", "carbon dioxide", "all", "everything", "on", "off", "it", "sensor", "motion", "battery",
	}
}

// namesOf are the ways to say an entity: its own names, and those that its area makes of
// them, "ceiling lamp" and "kitchen ceiling lamp". own are the first of both.
func namesOf(given []string, in *area) (own, made []string) {
	for _, g := range given {
		if name := spoken(g); name != "" && !slices.Contains(own, name) && !slices.Contains(generic(), name) {
			own = append(own, name)
		}
	}
	if in == nil {
		return own, nil
	}
	for _, name := range slices.Concat(own, genericNames(given)) {
		for _, a := range in.names {
			rest, begins := strings.CutPrefix(name, a+" ")
			other := a + " " + name
			if begins {
				other = rest
			}
			if other != name && len(strings.Fields(other)) <= maxNameWords && !slices.Contains(generic(), other) &&
				!slices.Contains(own, other) && !slices.Contains(made, other) {
				made = append(made, other)
			}
		}
	}
	return own, made
}

// genericNames are the given names that only their area tells from others: "light".
func genericNames(given []string) (names []string) {
	for _, g := range given {
		if name := spoken(g); slices.Contains(generic(), name) {
			names = append(names, name)
		}
	}
	return names
}
