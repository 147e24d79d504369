//go:build !vapd_nodl

package pocketsphinx

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"vapd/hub/speech"
	"vapd/hub/speech/grammar"
)

// ModelDir is where Debian's package pocketsphinx-en-us puts the model.
const ModelDir = "/usr/share/pocketsphinx/model/en-us"

// Decoder is a speech.Decoder. It is for one goroutine.
//
// It has three decoders of the library. One that has followed speech as it comes takes the
// mean of the cepstrum from what it has heard before, for ever (feat_cmn in sphinxbase's
// feat.c): of other people, by other microphones. The others have only ever got whole
// utterances, and take it from each of them.
type Decoder struct {
	lib      *library
	live     uintptr // follows who speaks; its dictionary has the words of the grammar
	whole    uintptr // decides when all is said
	loop     uintptr // hears phones in any order then
	config   uintptr // of whole
	grammar  *grammar.Automaton
	follow   bool // live has the grammar
	speaking bool
	heard    []int16 // the utterance
	last     *search // the newest one, nil before the first
	ahead    bool    // it has all that counts of the utterance
}

// Names of the searches.
const (
	sentences = "grammar"
	phones    = "phones"
)

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
	const noWords = "/dev/null"
	live, loop := lib.configure(0, settings(hmm, noWords)), lib.configure(0, settings(hmm, noWords))
	whole := lib.configure(0, settings(hmm, dict))
	if live == 0 || whole == 0 || loop == 0 {
		return nil, errors.New("pocketsphinx: this version of the library has other settings: report it")
	}
	d := &Decoder{lib: lib, config: whole, live: lib.init(live), whole: lib.init(whole), loop: lib.init(loop)}
	if d.live == 0 || d.whole == 0 || d.loop == 0 || lib.addPhones(d.loop, phones, 0) < 0 || lib.use(d.loop, phones) < 0 {
		return nil, fmt.Errorf("pocketsphinx: can't load the model in %s: reinstall pocketsphinx-en-us", dir)
	}
	return d, nil
}

// settings are those of a decoder of the library.
func settings(hmm, dict string) []option {
	return append(
		wide(),
		option{"hmm", hmm}, option{"dict", dict},
		option{"bestpath", "no"},     // of version 5 a second search, which takes longer than the first
		option{"allphone_ci", "yes"}, // phones whatever their neighbours: three states each
	)
}

// wide are beams that are wider than the library's own: in noise the end of a sentence
// falls out of those, and nothing is heard at all. They take a fifth more time.
func wide() []option { return []option{{"beam", "1e-70"}, {"pbeam", "1e-70"}, {"wbeam", "1e-50"}} }

// narrow are the library's own beams.
func narrow() []option { return []option{{"beam", "1e-48"}, {"pbeam", "1e-48"}, {"wbeam", "7e-29"}} }

// Close frees the model.
func (d *Decoder) Close() {
	d.last.wait()
	for _, decoder := range []uintptr{d.live, d.whole, d.loop} {
		d.lib.freePS(decoder)
	}
}

// SetGrammar implements speech.Decoder.
func (d *Decoder) SetGrammar(g speech.Grammar) (leftOut []string, err error) {
	rules, err := grammar.Parse(g)
	if err != nil {
		return nil, err
	}
	d.last.wait()
	leftOut = d.learn(rules.Words())
	rules = rules.Without(leftOut)
	next, err := rules.Automaton()
	if err != nil {
		return leftOut, err
	}
	if len(next.States) > mostStates {
		if next, err = rules.Joined().Automaton(); err != nil {
			return leftOut, err
		}
		next = next.Contracted()
		d.learn(next.Words())
	}
	beams, follow := wide(), true
	if len(next.States) > mostStates {
		beams, follow = narrow(), false
	}
	d.stop()
	if d.lib.configure(d.config, beams) == 0 {
		return leftOut, errors.New("pocketsphinx: can't set the beams")
	}
	if err := d.load(d.whole, next); err != nil {
		return leftOut, err
	}
	if follow {
		d.teach(next.Words())
		if err := d.load(d.live, next); err != nil {
			return leftOut, err
		}
	}
	d.grammar, d.follow = next, follow
	return leftOut, nil
}

// mostStates is the most states of an automaton before words that follow each other become
// one, and, where there are more all the same, before beams narrow and who speaks is not
// followed: the library looks at every state and
// every phone twice for each frame, of which a thousand states take 3 % of the time of what
// is heard.
const mostStates = 1500

// languageWeight says how much more a word's probability counts than its sound, of
// which the acoustic model is too sure. It is the library's own.
const languageWeight = 6.5

// load gives a decoder of the library an automaton, in a file that has no name.
func (d *Decoder) load(decoder uintptr, a *grammar.Automaton) error {
	fd, err := unix.MemfdCreate("grammar", unix.MFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("pocketsphinx: make a file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "grammar")
	defer f.Close()
	if err := a.WriteFSG(f); err != nil {
		return fmt.Errorf("pocketsphinx: write the grammar: %w", err)
	}
	fsg := d.lib.readGrammar(fmt.Sprintf("/proc/self/fd/%d", fd), d.lib.logarithms(decoder), languageWeight)
	if fsg == 0 {
		return errors.New("pocketsphinx: the library can't read the grammar")
	}
	defer d.lib.freeGrammar(fsg)
	if d.lib.addGrammar(decoder, sentences, fsg) < 0 || d.lib.use(decoder, sentences) < 0 {
		return errors.New("pocketsphinx: the library refused the grammar")
	}
	return nil
}

// Begin implements speech.Decoder.
func (d *Decoder) Begin() error {
	if d.grammar == nil {
		return errors.New("pocketsphinx: no grammar: call SetGrammar first")
	}
	d.stop()
	if d.follow {
		d.lib.forget(d.live)
		if d.lib.start(d.live) < 0 {
			return errors.New("pocketsphinx: can't start an utterance")
		}
	}
	d.last.wait()
	d.speaking, d.ahead, d.heard = true, false, d.heard[:0]
	return nil
}

func (d *Decoder) stop() {
	if d.speaking && d.follow {
		d.lib.end(d.live)
	}
	d.speaking = false
}

// Write implements speech.Decoder. What was understood so far is not known when the
// grammar is large.
func (d *Decoder) Write(samples []int16) (speech.Partial, error) {
	if !d.speaking {
		return speech.Partial{}, errors.New("pocketsphinx: no utterance: call Begin first")
	}
	if len(d.heard) < longest {
		d.heard = append(d.heard, samples...)
	}
	if !d.follow {
		return speech.Partial{}, nil
	}
	if len(samples) > 0 && d.lib.processRaw(d.live, &samples[0], uintptr(len(samples)), 0, 0) < 0 {
		return speech.Partial{}, errors.New("pocketsphinx: can't process audio")
	}
	text := d.lib.hypothesis(d.live, nil)
	complete, open := d.grammar.Follow(strings.Fields(text))
	return speech.Partial{Text: said(text), Complete: complete, Open: open}, nil
}

// said is a hypothesis as people write it.
func said(hypothesis string) string { return strings.Join(grammar.Split(hypothesis), " ") }

// Pausing implements speech.Decoder: both searches begin in a pause. Where it was the last
// one the transcript is there when the utterance ends.
func (d *Decoder) Pausing(yes bool) {
	if d.ahead {
		d.last.drop()
	}
	if d.ahead = yes && d.speaking && len(d.heard) > 0; d.ahead {
		d.last = d.search(d.heard, d.last)
	}
}

// End implements speech.Decoder. The transcript's score is the confidence of confidence.
func (d *Decoder) End() (speech.Transcript, error) {
	if !d.speaking {
		return speech.Transcript{}, errors.New("pocketsphinx: no utterance: call Begin first")
	}
	d.stop()
	if len(d.heard) == 0 {
		return speech.Transcript{Score: noConfidence}, nil
	}
	if d.ahead {
		// A soft ending may lie behind the pause.
		if t, err := d.judge(d.last.wait()); err != nil || t.Accepted {
			return t, err
		}
	}
	d.last = d.search(d.heard, d.last)
	return d.judge(d.last.wait())
}

// judge makes a transcript of what was found, and decides whether it is a sentence.
func (d *Decoder) judge(f found, err error) (speech.Transcript, error) {
	if err != nil {
		return speech.Transcript{}, err
	}
	if !d.grammar.Accepts(strings.Fields(f.text)) {
		return speech.Transcript{Text: said(f.text), Score: noConfidence}, nil
	}
	score, least := confidence(f.words, f.phones), float64(leastConfidence)
	if d.follow && spoken(f.phones) <= briefly && d.lib.hypothesis(d.live, nil) == f.text {
		least = leastOfTwo
	}
	return speech.Transcript{Text: said(f.text), Score: score, Accepted: score >= least && covers(f.words, loud(d.heard))}, nil
}

// longest is how much of an utterance is kept, in samples: 20 s.
const longest = 20 * 16000

var _ speech.Decoder = (*Decoder)(nil)
