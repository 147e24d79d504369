package haltest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/board"
	"vapd/hal"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// complaints is a testing.TB that keeps what it is told.
type complaints struct {
	testing.TB
	said    []string
	cleanup []func()
}

func (c *complaints) Error(args ...any)            { c.said = append(c.said, fmt.Sprint(args...)) }
func (c *complaints) Errorf(f string, args ...any) { c.said = append(c.said, fmt.Sprintf(f, args...)) }
func (c *complaints) Cleanup(f func())             { c.cleanup = append(c.cleanup, f) }

func (c *complaints) end() string {
	for _, f := range c.cleanup {
		f()
	}
	return strings.Join(c.said, "\n")
}

func TestPixelsConform(t *testing.T) {
	var c complaints
	TestPixels(t, func(*testing.T) (hal.Pixels, func() []bool) {
		p := NewPixels(&c, 4)
		lit := func() []bool {
			on := make([]bool, 4)
			frames := p.Frames()
			for i := range on {
				on[i] = !p.closed && len(frames) > 0 && frames[len(frames)-1][i] != hal.Color{}
			}
			return on
		}
		return p, lit
	})
	if said := c.end(); !strings.Contains(said, "used after Close") {
		t.Errorf("it said %q of a use after Close", said)
	}
}

func TestPixelsComplain(t *testing.T) {
	var c complaints
	p := NewPixels(&c, 1)
	broken := errors.New("broken")
	p.Fail(broken)
	if err := p.Show(nil); !errors.Is(err, broken) || len(p.Frames()) != 0 {
		t.Errorf("got %v, %v", err, p.Frames())
	}
	if said := c.end(); !strings.Contains(said, "not closed") {
		t.Errorf("it said %q of LEDs that stay lit", said)
	}
}

func TestKeysPlayTheirScript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		k := NewKeys(t, Step{time.Second, board.MainKey, true}, Step{time.Minute, board.MainKey, false})
		for _, at := range []time.Duration{time.Second, 61 * time.Second} {
			e := <-k.Events()
			if e.At.Sub(began) != at || time.Since(began) != at || e.Down != (at == time.Second) {
				t.Errorf("got %+v after %v", e, time.Since(began))
			}
		}
		if err := k.Close(); err != nil {
			t.Error(err)
		}
		if _, ok := <-k.Events(); ok {
			t.Error("the script went on")
		}
	})
}

func TestScriptsComplain(t *testing.T) {
	var c complaints
	NewSwitch(&c, Position{Muted: true}) // nobody reads it, nobody closes it
	said := c.end()
	for _, want := range []string{"was not closed", "step 1 of 1"} {
		if !strings.Contains(said, want) {
			t.Errorf("it said %q, want a word of %q", said, want)
		}
	}
}
