package daemon

import (
	"context"
	"fmt"
	"strings"

	"vapd/hub/speech"
)

// engine is what hears or speaks; its Engine is nil when the owner wants none.
type engine struct {
	*speech.Engine
	setting string // "stt" or "tts"
}

// newEngine makes the engine that a setting names: "none", a Wyoming server
// "tcp://HOST:PORT", or one that this program runs in a child process.
func newEngine(o Options, setting, value string) engine {
	e := engine{setting: setting}
	if value == "none" {
		return e
	}
	language, _, _ := strings.Cut(strings.ToLower(o.Config.Speech.Language), "-")
	cfg := speech.EngineConfig{Name: value, Most: o.Config.Speech.Most, Language: language, Logger: o.Logger}
	if address, ok := strings.CutPrefix(value, "tcp://"); ok {
		cfg.Dial, cfg.Remote = speech.TCP(address), true
	} else {
		cfg.Dial = speech.Process(o.Logger, o.Executable, "engine", value)
	}
	e.Engine = speech.NewEngine(cfg)
	return e
}

func (e engine) recognizer(sentences map[string][]string) speech.Recognizer {
	if e.Engine == nil {
		return none{e.setting}
	}
	return speech.NewRecognizer(e.Engine, sentences)
}

// setGrammar is what has a recognizer listen for other sentences; nil for one that can't.
func setGrammar(r speech.Recognizer) func(context.Context, speech.Grammar) error {
	if e, ok := r.(*speech.EngineRecognizer); ok {
		return e.SetGrammar
	}
	return nil
}

func (e engine) synthesizer() speech.Synthesizer {
	if e.Engine == nil {
		return none{e.setting}
	}
	return speech.NewCache(speech.NewSynthesizer(e.Engine), cacheBytes)
}

func (e engine) health() speech.Health {
	if e.Engine == nil {
		return speech.Health{Engine: e.setting, State: speech.Missing, Detail: none{e.setting}.err().Error()}
	}
	return e.Engine.Health()
}

// none neither hears nor speaks.
type none struct{ setting string }

func (n none) err() error {
	return fmt.Errorf("%w: the setting speech.%s is \"none\"", speech.ErrUnavailable, n.setting)
}

func (n none) Listen() speech.Utterance { return deaf{n.err()} }

func (n none) Speak(context.Context, string, string, func(speech.Piece) error) error { return n.err() }

// deaf is an utterance that nobody hears.
type deaf struct{ err error }

func (deaf) Write([]int16)           {}
func (deaf) Partial() speech.Partial { return speech.Partial{} }
func (deaf) Pausing(bool)            {}
func (deaf) Close()                  {}
func (d deaf) Finish(context.Context) (speech.Transcript, error) {
	return speech.Transcript{}, d.err
}

func (deaf) Failed() <-chan struct{} {
	failed := make(chan struct{})
	close(failed)
	return failed
}
