package speech_test

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vapd/hub/speech"
	"vapd/hub/speech/flite"
	"vapd/hub/speech/pocketsphinx"
)

// engineVariable makes the test's own program an engine: the tests start it as the
// hub starts its engines.
const engineVariable = "VAPD_TEST_ENGINE"

func TestMain(m *testing.M) {
	if name := os.Getenv(engineVariable); name != "" {
		if err := runEngine(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func runEngine(name string) error {
	switch name {
	case "pocketsphinx":
		d, err := pocketsphinx.New(pocketsphinx.ModelDir)
		if err != nil {
			return speech.ServeMissing(os.Stdout, err)
		}
		return speech.ServeRecognizer(os.Stdin, os.Stdout, name, d)
	case "flite":
		s, err := flite.New()
		if err != nil {
			return speech.ServeMissing(os.Stdout, err)
		}
		return speech.ServeSynthesizer(os.Stdin, os.Stdout, name, s)
	case "no model":
		_, err := pocketsphinx.New("/nonexistent")
		return speech.ServeMissing(os.Stdout, err)
	case "crash":
		return speech.ServeRecognizer(os.Stdin, os.Stdout, name, &crashing{})
	case "hang":
		time.Sleep(time.Hour)
	}
	return fmt.Errorf("no engine %q", name)
}

// crashing is a recognizer that dies of a signal when it hears a loud sample.
type crashing struct{ heard int }

func (c *crashing) SetGrammar(speech.Grammar) ([]string, error) { return nil, nil }
func (c *crashing) Begin() error                                { c.heard = 0; return nil }
func (c *crashing) Pausing(bool)                                {}
func (c *crashing) Write(samples []int16) (speech.Partial, error) {
	for _, s := range samples {
		if s == 32767 {
			syscall.Kill(os.Getpid(), syscall.SIGSEGV)
			time.Sleep(time.Hour)
		}
		if s < 0 {
			return speech.Partial{}, errors.New("samples are never negative")
		}
	}
	c.heard += len(samples)
	return speech.Partial{Text: "partial", Complete: true}, nil
}

func (c *crashing) End() (speech.Transcript, error) {
	return speech.Transcript{Text: fmt.Sprint(c.heard), Score: -1, Accepted: true}, nil
}
