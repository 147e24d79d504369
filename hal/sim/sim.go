// Package sim is a board without hardware: it keeps what its LEDs show and does with
// its keys and its switch what the terminal's keyboard or a test tells it.
package sim

import (
	"slices"
	"sync"
	"time"

	"vapd/board"
	"vapd/hal"
)

// Board is a simulated board. All of it may be used by several goroutines at once.
type Board struct {
	keys     *events[hal.KeyEvent]
	switches *events[hal.SwitchEvent]

	mu     sync.Mutex // guards the rest
	colors []hal.Color
	frames int
	dark   bool // closed
	down   map[board.KeyID]bool
	muted  bool
}

// New makes the board that p describes, whatever drivers it names: its LEDs are dark,
// its keys up, its switch not set to mute.
func New(p board.Profile) *Board {
	b := &Board{
		keys:     newEvents[hal.KeyEvent](),
		switches: newEvents[hal.SwitchEvent](),
		down:     make(map[board.KeyID]bool, len(p.Keys)),
	}
	if p.LEDs != nil {
		b.colors = make([]hal.Color, p.LEDs.Count)
	}
	b.switches.send(hal.SwitchEvent{At: time.Now()})
	return b
}

// Hardware is the board as the satellite sees it.
func (b *Board) Hardware() *hal.Hardware {
	return &hal.Hardware{Pixels: pixels{b}, Keys: b.keys, Switch: b.switches}
}

// Colors are what the LEDs show.
func (b *Board) Colors() []hal.Color {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.colors)
}

// Frames is how often the LEDs were told what to show.
func (b *Board) Frames() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.frames
}

// Set moves a key down or up. A key that is there already stays.
func (b *Board) Set(key board.KeyID, down bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.down[key] == down {
		return
	}
	b.down[key] = down
	b.keys.send(hal.KeyEvent{Key: key, Down: down, At: time.Now()})
}

// Tap presses a key and lets go at once.
func (b *Board) Tap(key board.KeyID) {
	b.Set(key, true)
	b.Set(key, false)
}

// SetSwitch puts the mute switch to a position.
func (b *Board) SetSwitch(muted bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.muted == muted {
		return
	}
	b.muted = muted
	b.switches.send(hal.SwitchEvent{Muted: muted, At: time.Now()})
}

type pixels struct{ *Board }

func (p pixels) Len() int { return len(p.colors) }

func (p pixels) Show(colors []hal.Color) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dark {
		return hal.ErrClosed
	}
	clear(p.colors[copy(p.colors, colors):])
	p.frames++
	return nil
}

func (p pixels) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.colors)
	p.dark = true
	return nil
}
