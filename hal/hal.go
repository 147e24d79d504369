package hal

import (
	"errors"
	"time"

	"vapd/board"
)

// Color is what one LED shows: red, green and blue as a screen would show them (sRGB),
// 0 to 255. The zero Color is dark.
type Color struct{ R, G, B uint8 }

// Pixels are the LEDs of a board, for one goroutine at a time.
type Pixels interface {
	// Len is the number of LEDs.
	Len() int
	// Show lights all LEDs at once; LEDs beyond len(colors) go dark, colors beyond Len
	// are ignored. It keeps nothing of colors, and takes about a millisecond.
	Show(colors []Color) error
	// Close darkens the LEDs and gives them back. Show fails from then on.
	Close() error
}

// ErrClosed is what Show says after Close.
var ErrClosed = errors.New("hal: closed")

// KeyEvent is a key that went down or up.
type KeyEvent struct {
	Key  board.KeyID
	Down bool
	// At is when it happened, as near to the hand as the driver can say: the kernel's
	// time of the interrupt where there is one. It has a monotonic reading.
	At time.Time
}

// Keys are the buttons of a board.
type Keys interface {
	// Events delivers what the keys do, in order for each key. A key that is down when
	// the driver starts is delivered first. The channel is closed by Close.
	Events() <-chan KeyEvent
	// Close gives the keys back.
	Close() error
}

// SwitchEvent is a position of a mute switch.
type SwitchEvent struct {
	Muted bool
	At    time.Time // as in KeyEvent
}

// Switch is the mute switch of a board.
type Switch interface {
	// Events delivers the position at the start, and then each change. The channel is
	// closed by Close.
	Events() <-chan SwitchEvent
	// Close gives the switch back.
	Close() error
}

// Hardware is what a board has; what it lacks is a stand-in, never nil.
type Hardware struct {
	Pixels Pixels
	Keys   Keys
	Switch Switch
}

// Close darkens the LEDs and gives everything back.
func (h *Hardware) Close() error {
	return errors.Join(h.Pixels.Close(), h.Keys.Close(), h.Switch.Close())
}

// NoPixels stands for the LEDs of a board that has none.
func NoPixels() Pixels { return noPixels{} }

type noPixels struct{}

func (noPixels) Len() int           { return 0 }
func (noPixels) Show([]Color) error { return nil }
func (noPixels) Close() error       { return nil }

// NoKeys stands for the keys of a board that has none: nothing ever happens.
func NoKeys() Keys { return noEvents[KeyEvent]{make(chan KeyEvent)} }

// NoSwitch stands for the switch of a board that has none.
func NoSwitch() Switch { return noEvents[SwitchEvent]{make(chan SwitchEvent)} }

type noEvents[E any] struct{ events chan E }

func (n noEvents[E]) Events() <-chan E { return n.events }
func (n noEvents[E]) Close() error     { return nil }
