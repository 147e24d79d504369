package coap

import (
	"errors"
	"fmt"
	"strings"
)

// Link is one entry of CoRE Link Format (RFC 6690): a target and its attributes in
// their order.
type Link struct {
	Target string // "/vap"
	Attrs  []Attr
}

// Attr is an attribute of a Link: rt, if, ct, sz, title, ... An attribute without
// a value, like obs, has HasValue false.
type Attr struct {
	Name     string
	Value    string
	HasValue bool
}

// NewLink starts a Link to target.
func NewLink(target string) Link { return Link{Target: target} }

// With returns the link with one more attribute.
func (l Link) With(name, value string) Link {
	l.Attrs = append(l.Attrs[:len(l.Attrs):len(l.Attrs)], Attr{name, value, true})
	return l
}

// Get returns the value of the first attribute of that name.
func (l Link) Get(name string) (value string, ok bool) {
	for _, a := range l.Attrs {
		if a.Name == name {
			return a.Value, true
		}
	}
	return "", false
}

// Has reports whether the attribute name, a list separated by spaces such as rt
// and if, contains value.
func (l Link) Has(name, value string) bool {
	for _, a := range l.Attrs {
		if a.Name != name {
			continue
		}
		for item := range strings.FieldsSeq(a.Value) {
			if item == value {
				return true
			}
		}
	}
	return false
}

// matches applies one filter "name=pattern" of RFC 6690 section 4.1: href compares
// with the target, an attribute with any item of its value; a trailing * makes the
// pattern a prefix.
func (l Link) matches(filter string) bool {
	name, pattern, ok := strings.Cut(filter, "=")
	if !ok {
		return false
	}
	if name == "href" {
		return matchPattern(l.Target, pattern)
	}
	for _, a := range l.Attrs {
		if a.Name != name {
			continue
		}
		if matchPattern(a.Value, pattern) {
			return true
		}
		for item := range strings.FieldsSeq(a.Value) {
			if matchPattern(item, pattern) {
				return true
			}
		}
	}
	return false
}

func matchPattern(value, pattern string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(value, prefix)
	}
	return value == pattern
}

// FilterLinks returns the links that match every filter "name=pattern".
func FilterLinks(links []Link, filters []string) []Link {
	var found []Link
next:
	for _, l := range links {
		for _, f := range filters {
			if !l.matches(f) {
				continue next
			}
		}
		found = append(found, l)
	}
	return found
}

// AppendLinks appends the link format of links to b. Numbers stay bare, as RFC 6690
// writes ct and sz; everything else is quoted.
func AppendLinks(b []byte, links []Link) []byte {
	for i, l := range links {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '<')
		b = append(b, l.Target...)
		b = append(b, '>')
		for _, a := range l.Attrs {
			b = append(b, ';')
			b = append(b, a.Name...)
			switch {
			case !a.HasValue:
			case isNumber(a.Value):
				b = append(append(b, '='), a.Value...)
			default:
				b = appendQuoted(append(b, '='), a.Value)
			}
		}
	}
	return b
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			b = append(b, '\\')
		}
		b = append(b, s[i])
	}
	return append(b, '"')
}

var errLinkFormat = errors.New("not link format (RFC 6690)")

// ParseLinks reads link format. It accepts attributes with quoted, bare and no value.
func ParseLinks(body []byte) ([]Link, error) {
	p := linkParser{rest: string(body)}
	var links []Link
	for p.skipSpace(); p.rest != ""; p.skipSpace() {
		l, err := p.link()
		if err != nil {
			return nil, fmt.Errorf("coap: links, byte %d: %w", len(body)-len(p.rest), err)
		}
		links = append(links, l)
		if p.skipSpace(); p.rest != "" && !p.take(',') {
			return nil, fmt.Errorf("coap: links, byte %d: %w", len(body)-len(p.rest), errLinkFormat)
		}
	}
	return links, nil
}

type linkParser struct{ rest string }

func (p *linkParser) skipSpace() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *linkParser) take(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *linkParser) link() (Link, error) {
	if !p.take('<') {
		return Link{}, errLinkFormat
	}
	target, rest, ok := strings.Cut(p.rest, ">")
	if !ok {
		return Link{}, errLinkFormat
	}
	p.rest = rest
	l := Link{Target: target}
	for {
		p.skipSpace()
		if !p.take(';') {
			return l, nil
		}
		p.skipSpace()
		a, err := p.attr()
		if err != nil {
			return Link{}, err
		}
		l.Attrs = append(l.Attrs, a)
	}
}

func (p *linkParser) attr() (Attr, error) {
	end := strings.IndexAny(p.rest, "=;, \t\r\n")
	if end < 0 {
		end = len(p.rest)
	}
	a := Attr{Name: p.rest[:end]}
	if p.rest = p.rest[end:]; a.Name == "" {
		return a, errLinkFormat
	}
	if !p.take('=') {
		return a, nil
	}
	a.HasValue = true
	if p.take('"') {
		return a, p.quoted(&a.Value)
	}
	if end = strings.IndexAny(p.rest, ";,"); end < 0 {
		end = len(p.rest)
	}
	a.Value = strings.TrimRight(p.rest[:end], " \t\r\n")
	p.rest = p.rest[end:]
	return a, nil
}

func (p *linkParser) quoted(value *string) error {
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '"':
			*value, p.rest = b.String(), p.rest[i+1:]
			return nil
		case '\\':
			if i++; i < len(p.rest) {
				b.WriteByte(p.rest[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return errLinkFormat
}
