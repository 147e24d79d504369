package lexicon

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Letters are rules from letters to sounds: for each letter a tree, of which every branch
// looks at one more letter around it and every node says what the letter then sounds like
// (IGTree: Daelemans and van den Bosch, 1997).
type Letters struct {
	// Sounds are the phones of a letter: none, one ("K") or two ("K S").
	Sounds []string
	Roots  map[byte]*Node
}

// Node is a node of a tree.
type Node struct {
	Sound int // of Sounds
	Next  map[byte]*Node
}

// Depth is how many letters around a letter are looked at.
const Depth = 8

// Around is the letter of word that the nodes at depth look at, for the letter at i; '#'
// beyond the ends of the word.
func Around(word string, i, depth int) byte {
	if depth%2 == 0 {
		i += depth/2 + 1
	} else {
		i -= depth/2 + 1
	}
	if i < 0 || i >= len(word) {
		return '#'
	}
	return word[i]
}

// Phones are the phones of word, which is of letters a to z and apostrophes.
func (l *Letters) Phones(word string) []string {
	var out []string
	for i := range len(word) {
		n := l.Roots[word[i]]
		if n == nil {
			continue
		}
		for depth := range Depth {
			next := n.Next[Around(word, i, depth)]
			if next == nil {
				break
			}
			n = next
		}
		out = append(out, strings.Fields(l.Sounds[n.Sound])...)
	}
	return out
}

//go:embed letters.bin
var learned []byte

// English are the rules that come with the program. Of the words with Held they have
// seen none.
func English() *Letters {
	l, err := ReadLetters(bytes.NewReader(learned))
	if err != nil {
		panic(err) // a file of the program: a test reads it
	}
	return l
}

// Held reports whether word is one of the tenth of all words that rules are measured
// with, and not learned from.
func Held(word string) bool {
	h := uint32(2166136261) // FNV-1a
	for i := range len(word) {
		h = (h ^ uint32(word[i])) * 16777619
	}
	return h%10 == 0
}

// Write writes l: the sounds, and the trees from the root down.
func (l *Letters) Write(w io.Writer) error {
	b := binary.AppendUvarint(nil, uint64(len(l.Sounds)))
	for _, s := range l.Sounds {
		b = append(append(b, byte(len(s))), s...)
	}
	b = binary.AppendUvarint(b, uint64(len(l.Roots)))
	for _, letter := range sorted(l.Roots) {
		b = l.Roots[letter].append(append(b, letter))
	}
	_, err := w.Write(b)
	return err
}

func (n *Node) append(b []byte) []byte {
	b = append(b, byte(n.Sound), byte(len(n.Next)))
	for _, letter := range sorted(n.Next) {
		b = n.Next[letter].append(append(b, letter))
	}
	return b
}

func sorted(nodes map[byte]*Node) (out []byte) {
	for c := range 256 {
		if nodes[byte(c)] != nil {
			out = append(out, byte(c))
		}
	}
	return out
}

var errLetters = errors.New("lexicon: these are no rules of letters")

// ReadLetters reads what Write wrote.
func ReadLetters(r io.ByteReader) (*Letters, error) {
	l := &Letters{Roots: map[byte]*Node{}}
	sounds, err := binary.ReadUvarint(r)
	if err != nil || sounds == 0 || sounds > 256 {
		return nil, errLetters
	}
	for range sounds {
		n, err := r.ReadByte()
		text := make([]byte, 0, 8)
		for ; n > 0 && err == nil; n-- {
			var c byte
			c, err = r.ReadByte()
			text = append(text, c)
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errLetters, err)
		}
		l.Sounds = append(l.Sounds, string(text))
	}
	roots, err := binary.ReadUvarint(r)
	if err != nil || roots > 256 {
		return nil, errLetters
	}
	l.Roots, err = readNodes(r, int(roots), len(l.Sounds), 0)
	return l, err
}

func readNodes(r io.ByteReader, n, sounds, depth int) (map[byte]*Node, error) {
	if n > 0 && depth > Depth {
		return nil, errLetters
	}
	var out map[byte]*Node
	for range n {
		letter, err1 := r.ReadByte()
		sound, err2 := r.ReadByte()
		next, err3 := r.ReadByte()
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("%w: %w", errLetters, err)
		}
		if int(sound) >= sounds {
			return nil, errLetters
		}
		below, err := readNodes(r, int(next), sounds, depth+1)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = make(map[byte]*Node, n)
		}
		out[letter] = &Node{int(sound), below}
	}
	return out, nil
}
