package embedding

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"vapd/wakeword/enroll"
	"vapd/wakeword/train/confusable"
)

// Phone is one of the 39 phones of the CMU pronouncing dictionary, or silence.
type Phone uint8

// Silence is between words; Unknown is what nobody knows, and nobody learns.
const (
	Silence Phone = 0
	Unknown Phone = 255
)

// Phones is how many there are.
const Phones = enroll.Phones

const phoneNames = "SIL AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH"

// phoneOf is the phone of a name in the dictionary or in Flite, whose silence is "pau" and
// whose unstressed vowels have names of their own.
func phoneOf(name string) (Phone, error) {
	name = strings.ToUpper(name)
	switch name {
	case "PAU":
		return Silence, nil
	case "AX", "AXH":
		name = "AH"
	case "AXR":
		name = "ER"
	case "IX":
		name = "IH"
	case "DX":
		name = "T"
	}
	i := slices.Index(strings.Fields(phoneNames), name)
	if i < 0 {
		return Unknown, fmt.Errorf("embedding: there is no phone %q", name)
	}
	return Phone(i), nil
}

// Dictionary has the phones of words in lower case; variants are "word(2)" and so on.
type Dictionary map[string][]Phone

// ReadDictionary reads a pronouncing dictionary in CMU's format.
func ReadDictionary(path string) (Dictionary, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("embedding: reading the dictionary: %w: install pocketsphinx-en-us", err)
	}
	defer f.Close()
	d := make(Dictionary)
	err = confusable.Entries(f, func(word string, sounds []string) error {
		phones := make([]Phone, len(sounds))
		for i, name := range sounds {
			if phones[i], err = phoneOf(strings.TrimRight(name, "012")); err != nil {
				return err
			}
		}
		d[word] = phones
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("embedding: %s: %w", path, err)
	}
	return d, nil
}

// Words are the phones of each word of a phrase, such as "hey_chatterbox"; ok is false
// where one is in neither the dictionary nor, as two words together, made of it.
func (d Dictionary) Words(phrase string) (words [][]Phone, ok bool) {
	for _, w := range strings.FieldsFunc(strings.ToLower(phrase), func(r rune) bool { return r == '_' || r == ' ' }) {
		if phones := d[w]; phones != nil {
			words = append(words, phones)
			continue
		}
		first, second := d.compound(w)
		if first == nil {
			return nil, false
		}
		words = append(words, slices.Concat(first, second))
	}
	return words, len(words) > 0
}

// compound finds a word as two of at least three letters.
func (d Dictionary) compound(w string) (first, second []Phone) {
	for i := len(w) - 3; i >= 3; i-- {
		if d[w[:i]] != nil && d[w[i:]] != nil {
			return d[w[:i]], d[w[i:]]
		}
	}
	return nil, nil
}
