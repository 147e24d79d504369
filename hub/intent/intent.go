// Package intent understands sentences: it knows which ones can be said, and turns
// each into what is meant. It is pure.
package intent

import "time"

// Kind is what is wanted.
type Kind string

// Kinds of Intent.
const (
	TellTime     Kind = "time"
	TellDate     Kind = "date"
	SetTimer     Kind = "timer.set"
	CancelTimer  Kind = "timer.cancel"
	TellTimer    Kind = "timer.left"
	SetVolume    Kind = "volume.set"
	ChangeVolume Kind = "volume.change"
	Stop         Kind = "stop"
	Help         Kind = "help"
	TellSpeaker  Kind = "speaker"
)

// Intent is what a sentence means. Fields that its Kind does not name are zero.
type Intent struct {
	Kind Kind
	// Duration is how long the timer of SetTimer runs, 1 s or more; of CancelTimer
	// and TellTimer it says which timer is meant, 0 where the person did not say.
	Duration time.Duration
	All      bool // CancelTimer: every timer
	Volume   int  // SetVolume: 0 to 100
	Steps    int  // ChangeVolume: +1 is louder, -1 softer
}

// Understanding is a set of sentences and their meaning.
type Understanding interface {
	// Sentences are the sentences that can be said, as a grammar: for each rule its
	// alternatives, sequences of lower-case words and of references <rule>, with a
	// weight before them ("/8/ forty") where one is likelier than others. The rule
	// "sentence" is the whole.
	Sentences() map[string][]string
	// Parse is what text means; ok is false when it is none of the sentences. Case,
	// punctuation, and whether numbers are digits or words, don't matter.
	Parse(text string) (i Intent, ok bool)
}
