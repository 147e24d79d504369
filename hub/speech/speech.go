package speech

import (
	"context"
	"errors"

	"vapd/audio"
)

// format is what is recognized: 16 kHz, one channel.
var format = audio.Format{Rate: audio.WakeRate, Channels: 1}

// Errors that callers tell apart.
var (
	// ErrUnavailable: the engine can't work now: it, or its model, is not installed,
	// or it is being started again. Health says what to do about it.
	ErrUnavailable = errors.New("speech engine unavailable")
	// ErrBusy: every process of the engine works on something else.
	ErrBusy = errors.New("speech engine busy")
	// ErrCrashed: the engine died in the middle of its work. It is being restarted.
	ErrCrashed = errors.New("speech engine crashed")
)

// Grammar is the set of sentences that a recognizer listens for: for each rule its
// alternatives, each a sequence of words and of references <rule>, separated by
// spaces. Words are lower-case. The rule Start is the whole sentence. Rules don't
// refer to themselves.
//
// An alternative may have a weight before it, from /0.1/ to /100/, and has 1 without: "/8/ forty" is said eight times as often as "fifty" of the
// same rule. Where a recognizer can't tell two words, that decides.
type Grammar map[string][]string

// Start is the name of the rule that is a whole sentence.
const Start = "sentence"

// Recognizer turns speech into text.
type Recognizer interface {
	// Listen begins an utterance. It returns at once, whatever the engine does; when
	// the engine fails, now or later, the utterance says so.
	Listen() Utterance
}

// Utterance is one utterance being recognized. Write, Partial, Pausing and Failed don't
// block. Close has to be called in the end.
type Utterance interface {
	// Write gives the next samples (16 kHz, one channel), which are copied.
	Write(samples []int16)
	// Partial is what was understood so far.
	Partial() Partial
	// Pausing says whether the person is silent, and so may have finished: the engine
	// may begin with the transcript of what it has got. Said again, it is another pause.
	Pausing(yes bool)
	// Failed is closed when the utterance can't be recognized any more; Finish then
	// returns the reason at once.
	Failed() <-chan struct{}
	// Finish says that there are no more samples, and waits for the transcript. The
	// error is, or wraps, ErrUnavailable, ErrBusy, ErrCrashed or ctx's.
	Finish(ctx context.Context) (Transcript, error)
	// Close gives the engine back, and ends the recognition where it still runs.
	Close()
}

// Partial is what was understood of an utterance that goes on.
type Partial struct {
	Text string // may change with every sample
	// Complete says that Text is a whole sentence of the grammar: the person may
	// have finished.
	Complete bool
	// Open says that a longer sentence of the grammar begins with Text.
	Open bool
}

// Transcript is what was understood of a whole utterance.
type Transcript struct {
	Text string
	// Score is the engine's confidence, higher is better. Its scale is the engine's
	// own; 0 where the engine has none.
	Score float64
	// Accepted is false for speech that the engine takes for something outside of
	// the grammar, and for silence.
	Accepted bool
}

// Synthesizer turns text into speech.
type Synthesizer interface {
	// Speak says text with the named voice, "" for the default one, and calls emit
	// for each piece of sound as soon as it is there. It returns when all is said,
	// when emit returns an error (that very one), or when ctx ends. Errors are, or
	// wrap, ErrUnavailable, ErrBusy or ErrCrashed.
	Speak(ctx context.Context, text, voice string, emit func(Piece) error) error
}

// Piece is a piece of sound, of any length. All pieces of one sentence have the same
// format. Samples must not be changed; they may be kept.
type Piece struct {
	Format  audio.Format
	Samples []int16
}

// State is what an engine does now.
type State string

// States of an engine.
const (
	Starting State = "starting"
	Ready    State = "ready"
	// Missing: the engine or its model is not installed.
	Missing State = "missing"
	// Failed: it could not be started, or crashed, and is started again.
	Failed State = "failed"
)

// Health is the state of an engine, for people.
type Health struct {
	Engine string // its name, such as "pocketsphinx"
	State  State
	// Detail says what is wrong and what to do, such as the Debian package to
	// install; or, of an engine that is Ready, what it can't do.
	Detail  string
	Crashes int // since the hub started
}

// Decoder is a recognizer in this process, for one utterance at a time and for one
// goroutine. ServeRecognizer puts it behind the Wyoming protocol.
type Decoder interface {
	// SetGrammar says what is listened for from the next utterance on. It names the
	// words that the engine can't hear; alternatives with such words are left out.
	SetGrammar(Grammar) (leftOut []string, err error)
	// Begin starts an utterance, and drops one that was not ended.
	Begin() error
	// Write gives the next samples (16 kHz, one channel).
	Write(samples []int16) (Partial, error)
	// Pausing is that of Utterance. It returns at once.
	Pausing(yes bool)
	// End ends the utterance.
	End() (Transcript, error)
}

// Speaker is a synthesizer in this process, for one sentence at a time and for one
// goroutine. ServeSynthesizer puts it behind the Wyoming protocol.
type Speaker interface {
	// Say says text with the named voice, "" for the default one. It returns the
	// error of emit when that fails.
	Say(text, voice string, emit func(Piece) error) error
}
