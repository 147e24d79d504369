//go:build !vapd_nodl

package pocketsphinx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"vapd/hub/speech"
)

// ModelDir is where Debian's package pocketsphinx-en-us puts the model.
const ModelDir = "/usr/share/pocketsphinx/model/en-us"

// Decoder is a speech.Decoder. It is for one goroutine.
type Decoder struct {
	lib      *library
	decoder  uintptr
	grammar  grammar
	speaking bool
	heard    []int16 // the utterance
}

// New opens the library and loads the acoustic model (dir/en-us) and the dictionary
// (dir/cmudict-en-us.dict). Errors name the Debian package to install.
func New(dir string) (*Decoder, error) {
	lib, err := open()
	if err != nil {
		return nil, err
	}
	hmm, dict := filepath.Join(dir, "en-us"), filepath.Join(dir, "cmudict-en-us.dict")
	for _, path := range []string{filepath.Join(hmm, "mdef"), dict} {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("pocketsphinx: no model: %w: install pocketsphinx-en-us", err)
		}
	}
	lib.setLog(0)
	config := lib.newConfig()
	lib.setString(config, "hmm", hmm)
	lib.setString(config, "dict", dict)
	d := &Decoder{lib: lib, decoder: lib.init(config)}
	if d.decoder == 0 {
		return nil, fmt.Errorf("pocketsphinx: can't load the model in %s: reinstall pocketsphinx-en-us", dir)
	}
	return d, nil
}

// Close frees the model.
func (d *Decoder) Close() { d.lib.freePS(d.decoder) }

// SetGrammar implements speech.Decoder.
func (d *Decoder) SetGrammar(g speech.Grammar) (leftOut []string, err error) {
	next, err := newGrammar(g)
	if err != nil {
		return nil, err
	}
	for _, word := range next.words() {
		if !d.knows(word) {
			leftOut = append(leftOut, word)
		}
	}
	next.without(leftOut)
	if len(next[speech.Start]) == 0 {
		return leftOut, errors.New("pocketsphinx: no sentence of the grammar can be recognized")
	}
	d.stop()
	const name = "grammar"
	if d.lib.setGrammar(d.decoder, name, next.jsgf()) < 0 || d.lib.useGrammar(d.decoder, name) < 0 {
		return leftOut, errors.New("pocketsphinx: the library refused the grammar")
	}
	d.grammar = next
	return leftOut, nil
}

// knows reports whether the dictionary has word.
func (d *Decoder) knows(word string) bool {
	phones := d.lib.lookupWord(d.decoder, word)
	if phones == 0 {
		return false
	}
	d.lib.free(phones)
	return true
}

// Begin implements speech.Decoder.
func (d *Decoder) Begin() error {
	if d.grammar == nil {
		return errors.New("pocketsphinx: no grammar: call SetGrammar first")
	}
	d.stop()
	if d.lib.start(d.decoder) < 0 {
		return errors.New("pocketsphinx: can't start an utterance")
	}
	d.speaking, d.heard = true, d.heard[:0]
	return nil
}

func (d *Decoder) stop() {
	if d.speaking {
		d.lib.end(d.decoder)
		d.speaking = false
	}
}

// Write implements speech.Decoder.
func (d *Decoder) Write(samples []int16) (speech.Partial, error) {
	if !d.speaking {
		return speech.Partial{}, errors.New("pocketsphinx: no utterance: call Begin first")
	}
	if len(samples) == 0 {
		return d.partial(), nil
	}
	if len(d.heard) < longest {
		d.heard = append(d.heard, samples...)
	}
	if d.lib.processRaw(d.decoder, &samples[0], uintptr(len(samples)), 0, 0) < 0 {
		return speech.Partial{}, errors.New("pocketsphinx: can't process audio")
	}
	return d.partial(), nil
}

func (d *Decoder) partial() speech.Partial {
	text := d.lib.hypothesis(d.decoder, nil)
	return speech.Partial{Text: text, Complete: d.grammar.complete(strings.Fields(text))}
}

// End implements speech.Decoder.
func (d *Decoder) End() (speech.Transcript, error) {
	if !d.speaking {
		return speech.Transcript{}, errors.New("pocketsphinx: no utterance: call Begin first")
	}
	d.stop()
	if err := d.again(); err != nil {
		return speech.Transcript{}, err
	}
	var score int32
	text := d.lib.hypothesis(d.decoder, &score)
	return speech.Transcript{
		Text: text, Score: float64(score),
		Accepted: d.grammar.complete(strings.Fields(text)),
	}, nil
}

// longest is how much of an utterance is kept, in samples: 20 s.
const longest = 20 * 16000

// again decodes the whole utterance once more. The first time, the mean of the
// cepstrum had to be taken from utterances before, of other people in other rooms;
// now it is known. Without this, hardly anybody is understood who speaks after
// somebody else. It takes a few percent of the utterance's time.
func (d *Decoder) again() error {
	if len(d.heard) == 0 {
		return nil
	}
	if d.lib.start(d.decoder) < 0 ||
		d.lib.processRaw(d.decoder, &d.heard[0], uintptr(len(d.heard)), 0, 1) < 0 ||
		d.lib.end(d.decoder) < 0 {
		return errors.New("pocketsphinx: can't process the utterance")
	}
	return nil
}

var _ speech.Decoder = (*Decoder)(nil)
