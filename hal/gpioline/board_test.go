//go:build vapd_board

package gpioline

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"vapd/board"
	"vapd/hal"
	"vapd/hal/haltest"
)

// wire is a line of the simulated gpiochip of the emulated board, seen from outside.
type wire struct {
	t    *testing.T
	pull string // the file that moves it
}

func newWire(t *testing.T, offset int) wire {
	found, err := filepath.Glob(fmt.Sprintf("/sys/devices/platform/gpio-sim.*/gpiochip*/sim_gpio%d/pull", offset))
	if err != nil || len(found) != 1 {
		t.Fatalf("gpio-sim has %q, %v", found, err)
	}
	w := wire{t, found[0]}
	w.press(false)
	return w
}

// press pulls the line of a key that is active low.
func (w wire) press(down bool) {
	pull := "pull-up"
	if down {
		pull = "pull-down"
	}
	if err := os.WriteFile(w.pull, []byte(pull), 0); err != nil {
		w.t.Fatal(err)
	}
}

// mainKey is the key of a board that has one on a Raspberry Pi's header.
func mainKey(t *testing.T) board.Key {
	p, err := board.Find("respeaker-2mic-v1")
	if err != nil {
		t.Fatal(err)
	}
	k, ok := p.Key(board.MainKey)
	if !ok {
		t.Fatal("it has no key")
	}
	return k
}

func openKey(t *testing.T, k board.Key) Keys {
	keys, err := OpenKeys([]board.Key{k}, slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := keys.Close(); err != nil {
			t.Error(err)
		}
	})
	return keys
}

func TestBoardKeys(t *testing.T) {
	key := mainKey(t)
	w := newWire(t, key.Line.Offset)
	haltest.TestKeys(t, func(t *testing.T) (hal.Keys, board.KeyID, func(bool)) {
		w.press(true)
		return openKey(t, key), key.ID, w.press
	})
}

func TestBoardSwitch(t *testing.T) {
	line := mainKey(t).Line
	line.Offset = 22
	w := newWire(t, line.Offset)
	haltest.TestSwitch(t, func(t *testing.T) (hal.Switch, func(bool)) {
		w.press(true)
		s, err := OpenSwitch(board.Switch{Driver: board.GPIO, Line: line}, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		return s, func(muted bool) {
			w.press(muted)
			time.Sleep(3 * line.Debounce)
		}
	})
}

// TestBoardGestures: press, hold and double press on the line, with the times of the
// profile; the reader comes late, so that only the kernel's times tell them apart.
func TestBoardGestures(t *testing.T) {
	key := mainKey(t)
	w := newWire(t, key.Line.Offset)
	keys := openKey(t, key)
	p, err := board.Find("respeaker-2mic-v1")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		moves []time.Duration // down, up, down, ... one after the other
		want  board.Gesture
	}{
		{"press", []time.Duration{80 * time.Millisecond}, board.Press},
		{"double", []time.Duration{80 * time.Millisecond, 80 * time.Millisecond, 80 * time.Millisecond}, board.Double},
		{"hold", []time.Duration{3200 * time.Millisecond}, board.Hold},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := hal.NewRecognizer(p)
			began := time.Now()
			for i, d := range c.moves {
				w.press(i%2 == 0)
				time.Sleep(d)
			}
			w.press(false)
			time.Sleep(time.Second) // the process is busy
			var got []hal.Gesture
			for range len(c.moves) + 1 {
				got = append(got, r.Feed(<-keys.Events())...)
			}
			got = append(got, r.Expire(time.Now())...)
			if len(got) != 1 || got[0].Kind != c.want {
				t.Fatalf("got %+v, want one %s", got, c.want)
			}
			if late := got[0].At.Sub(began); late < 0 || late > 500*time.Millisecond {
				t.Errorf("the key went down %v after it was moved", late)
			}
		})
	}
}

// TestBoardDebounce: a contact that bounces is one press.
func TestBoardDebounce(t *testing.T) {
	key := mainKey(t)
	key.Line.Debounce = 100 * time.Millisecond
	w := newWire(t, key.Line.Offset)
	keys := openKey(t, key)
	for range 5 {
		w.press(true)
		w.press(false)
	}
	w.press(true)
	time.Sleep(5 * key.Line.Debounce)
	w.press(false)
	time.Sleep(5 * key.Line.Debounce)
	if n := len(keys.Events()); n != 2 {
		t.Errorf("%d events, want down and up", n)
	}
}

// TestBoardCountsLostEvents: nobody reads for so long that the kernel drops events.
func TestBoardCountsLostEvents(t *testing.T) {
	key := mainKey(t)
	key.Line.Debounce = 0
	w := newWire(t, key.Line.Offset)
	keys := openKey(t, key)
	const presses = 4 * queue
	for range presses {
		w.press(true)
		w.press(false)
	}
	down, events := false, int64(0)
	for quiet := false; !quiet; {
		select {
		case e := <-keys.Events():
			if e.Down == down {
				t.Fatalf("down %v twice in a row", down)
			}
			down = e.Down
			events++
		case <-time.After(500 * time.Millisecond):
			quiet = true
		}
	}
	if keys.Lost() == 0 || events < queue || events+keys.Lost() > 2*presses+1 {
		t.Errorf("%d events and %d lost of %d", events, keys.Lost(), 2*presses)
	}
	t.Logf("%d events and %d lost of %d", events, keys.Lost(), 2*presses)
	if down {
		t.Error("the key seems to be down")
	}
}

func TestBoardLineInUse(t *testing.T) {
	key := mainKey(t)
	newWire(t, key.Line.Offset)
	openKey(t, key)
	_, err := OpenKeys([]board.Key{key}, slog.New(slog.DiscardHandler))
	if !errors.Is(err, unix.EBUSY) || !strings.Contains(err.Error(), `"vapd key main" uses it`) {
		t.Errorf("got %v", err)
	}
}

func TestBoardNamesTheChipsThereAre(t *testing.T) {
	key := mainKey(t)
	newWire(t, key.Line.Offset)
	key.Line.Chips = []string{"pinctrl-rp1"}
	_, err := OpenKeys([]board.Key{key}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "pinctrl-bcm2835") {
		t.Errorf("got %v", err)
	}
}
