package vap

import (
	"fmt"
	"strings"
)

// Piece is a part of an utterance's template: words as they are, or a slot.
type Piece struct {
	Text string // the words; of a slot an example of what is said for it, or ""
	Slot string // the slot's name; "" for words
	// Entity is the slot's where the utterance names it; "" leaves it to the intent.
	Entity string
}

// ParseTemplate reads an utterance. A slot is written {slot}, ($slot), [slot](example) or
// [slot:entity](example). Brackets stand for nothing else; parentheses without $ are
// words.
func ParseTemplate(text string) ([]Piece, error) {
	var pieces []Piece
	words := func(s string) {
		if s != "" {
			pieces = append(pieces, Piece{Text: s})
		}
	}
	for rest := text; ; {
		at := nextSlot(rest)
		if at < 0 {
			if i := strings.IndexAny(rest, "{}[]"); i >= 0 {
				return nil, fmt.Errorf("vap: template %q: %q belongs to no slot: write {slot} or [slot:entity](example)", text, rest[i])
			}
			words(rest)
			return pieces, nil
		}
		if i := strings.IndexAny(rest[:at], "}]"); i >= 0 {
			return nil, fmt.Errorf("vap: template %q: %q closes nothing", text, rest[i])
		}
		words(rest[:at])
		p, n, ok := readSlot(rest[at:])
		if !ok {
			return nil, fmt.Errorf("vap: template %q: the slot at %q has no end or no name", text, rest[at:])
		}
		pieces = append(pieces, p)
		rest = rest[at+n:]
	}
}

// nextSlot is where the next slot begins, or -1.
func nextSlot(s string) int {
	at := strings.IndexAny(s, "{[")
	if i := strings.Index(s, "($"); i >= 0 && (at < 0 || i < at) {
		return i
	}
	return at
}

// readSlot reads the slot that s begins with, of n bytes.
func readSlot(s string) (p Piece, n int, ok bool) {
	switch s[0] {
	case '{':
		p.Slot, n, ok = between(s, "{", "}")
	case '(':
		p.Slot, n, ok = between(s, "($", ")")
	case '[':
		var name string
		if name, n, ok = between(s, "[", "]"); !ok {
			return p, 0, false
		}
		var m int
		p.Text, m, ok = between(s[n:], "(", ")")
		n += m
		var entity bool
		p.Slot, p.Entity, entity = strings.Cut(name, ":")
		p.Slot, p.Entity = strings.TrimSpace(p.Slot), strings.TrimSpace(p.Entity)
		ok = ok && (!entity || p.Entity != "")
	}
	return p, n, ok && p.Slot != ""
}

// between is what s has between an opening that it begins with and the next closing,
// without another bracket in it, and how long all of it is.
func between(s, opening, closing string) (inner string, n int, ok bool) {
	s, ok = strings.CutPrefix(s, opening)
	inner, _, closed := strings.Cut(s, closing)
	if !ok || !closed || strings.ContainsAny(inner, "{}[]()$") {
		return "", 0, false
	}
	return strings.TrimSpace(inner), len(opening) + len(inner) + len(closing), true
}
