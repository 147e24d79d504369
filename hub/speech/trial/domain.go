package trial

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"vapd/hub/speech"
)

// Domain is a set of sentences with slots.
type Domain struct {
	Grammar   speech.Grammar
	templates [][]string
}

// ReadDomain reads the grammar that Picovoice's benchmark of speech to intent comes with:
// expressions of words, choices [a, b] and slots $kind:name, and the values of each kind
// (YAML, of which it uses lists of strings within names).
func ReadDomain(r io.Reader) (*Domain, error) {
	d := &Domain{Grammar: speech.Grammar{}}
	choices := map[string]string{}
	within := ""
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		text := strings.TrimSpace(lines.Text())
		name, isName := strings.CutSuffix(text, ":")
		value, isValue := strings.CutPrefix(text, "- ")
		switch {
		case isName:
			within = name
		case isValue && !strings.Contains(value, "$"): // an expression has slots
			d.Grammar[within] = append(d.Grammar[within], strings.ToLower(strings.Trim(value, `"`)))
		case isValue:
			d.template(strings.Trim(value, `"`), choices)
		case text != "":
			return nil, fmt.Errorf("trial: line %q of the domain: want a name or a value", text)
		}
	}
	if len(d.templates) == 0 {
		return nil, fmt.Errorf("trial: the domain has no expressions: %w", io.ErrUnexpectedEOF)
	}
	return d, lines.Err()
}

// part is a choice, a slot or a word of an expression.
var part = regexp.MustCompile(`\[[^\]]*\]|\$\w+:\w+|[^\s\[$]+`)

// template adds an expression. Its choices become rules.
func (d *Domain) template(expression string, choices map[string]string) {
	var out []string
	for _, p := range part.FindAllString(expression, -1) {
		switch p[0] {
		case '[':
			if choices[p] == "" {
				choices[p] = fmt.Sprintf("choice%d", len(choices))
				for c := range strings.SplitSeq(strings.Trim(p, "[]"), ",") {
					d.Grammar[choices[p]] = append(d.Grammar[choices[p]], strings.ToLower(strings.TrimSpace(c)))
				}
			}
			out = append(out, "<"+choices[p]+">")
		case '$':
			kind, _, _ := strings.Cut(p[1:], ":")
			out = append(out, "<"+kind+">")
		default:
			out = append(out, strings.ToLower(p))
		}
	}
	d.templates = append(d.templates, out)
	d.Grammar[speech.Start] = append(d.Grammar[speech.Start], strings.Join(out, " "))
}

// Slots are the slots of text; ok is false when it is no sentence of the domain.
func (d *Domain) Slots(text string) (slots map[string]string, ok bool) {
	words := strings.Fields(text)
	for _, t := range d.templates {
		slots = map[string]string{}
		if d.match(t, words, slots) {
			maps.DeleteFunc(slots, func(kind, _ string) bool { return strings.HasPrefix(kind, "choice") })
			return slots, true
		}
	}
	return nil, false
}

func (d *Domain) match(template, words []string, slots map[string]string) bool {
	if len(template) == 0 {
		return len(words) == 0
	}
	name, isRule := strings.CutPrefix(template[0], "<")
	if !isRule {
		return len(words) > 0 && words[0] == template[0] && d.match(template[1:], words[1:], slots)
	}
	name = strings.TrimSuffix(name, ">")
	for _, value := range d.Grammar[name] {
		v := strings.Fields(value)
		if len(v) <= len(words) && slices.Equal(v, words[:len(v)]) && d.match(template[1:], words[len(v):], slots) {
			slots[name] = value
			return true
		}
	}
	return false
}
