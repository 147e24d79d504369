// Package template reads the utterances that skills register: sentences with places for
// slots. A place is written in one of three ways.
//
//	set a timer for {length}                       ours, and that of hassil
//	set a timer for ($length)                      lily's
//	set a timer for [length:duration](ten minutes) Snips', with a sample and its entity
//
// A backslash takes the meaning from the sign behind it.
package template

import (
	"fmt"
	"strings"
	"unicode"
)

// Piece is text that is said as it is, or a place for a slot.
type Piece struct {
	Text   string // what is said; of a slot its sample, which may be empty
	Slot   string // empty for text
	Entity string // of the slot, where the template names it
}

// Parse reads a template. Brackets that are no place are text like any other; a place
// that does not end, or has no name, is an error.
func Parse(template string) ([]Piece, error) {
	p := parser{rest: template}
	for p.rest != "" {
		if err := p.step(); err != nil {
			return nil, fmt.Errorf("template: %q: %w", template, err)
		}
	}
	p.flush()
	return p.pieces, nil
}

type parser struct {
	rest   string
	text   strings.Builder
	pieces []Piece
}

func (p *parser) flush() {
	if p.text.Len() > 0 {
		p.pieces = append(p.pieces, Piece{Text: p.text.String()})
		p.text.Reset()
	}
}

func (p *parser) slot(s Piece) {
	p.flush()
	p.pieces = append(p.pieces, s)
}

// step reads one sign, or one place.
func (p *parser) step() error {
	switch {
	case p.rest[0] == '\\' && len(p.rest) > 1:
		p.text.WriteByte(p.rest[1])
		p.rest = p.rest[2:]
	case p.rest[0] == '{':
		return p.named("{", "}")
	case p.rest[0] == '(' && strings.HasPrefix(strings.TrimLeft(p.rest[1:], " "), "$"):
		return p.named(p.rest[:strings.IndexByte(p.rest, '$')+1], ")")
	case p.rest[0] == '[' && p.sampled():
	default:
		p.text.WriteByte(p.rest[0])
		p.rest = p.rest[1:]
	}
	return nil
}

// named reads a place that has only a name between two signs.
func (p *parser) named(open, end string) error {
	name, rest, ok := strings.Cut(p.rest[len(open):], end)
	if !ok {
		return fmt.Errorf("%q has no %q: add it, or write \\%s for the sign itself", p.rest, end, open)
	}
	name = strings.TrimSpace(name)
	if !Name(name) {
		return fmt.Errorf("%q is no name of a slot: use letters, digits, '_', '-', '.' and '/'", name)
	}
	p.slot(Piece{Slot: name})
	p.rest = rest
	return nil
}

// sampled reads [slot:entity](sample) or [slot](sample); it reports false, and reads
// nothing, where that is not what there is.
func (p *parser) sampled() bool {
	head, rest, ok := strings.Cut(p.rest[1:], "](")
	name, entity, typed := strings.Cut(head, ":")
	if !ok || !Name(name) || typed && !Name(entity) {
		return false
	}
	var sample strings.Builder
	for i := 0; i < len(rest); i++ {
		switch {
		case rest[i] == '\\' && i+1 < len(rest):
			i++
			sample.WriteByte(rest[i])
		case rest[i] == ')':
			p.slot(Piece{Text: sample.String(), Slot: name, Entity: entity})
			p.rest = rest[i+1:]
			return true
		default:
			sample.WriteByte(rest[i])
		}
	}
	return false
}

// Name reports whether s can be the name of a slot or an entity.
func Name(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_-./", r)
	}) < 0
}

// Escape is text in which nothing is taken for a place.
func Escape(text string) string {
	return strings.NewReplacer(`\`, `\\`, `{`, `\{`, `(`, `\(`, `)`, `\)`, `[`, `\[`).Replace(text)
}
