package meter

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"vapd/audio"
)

// Source is where the sound comes from; audio.Reader is one.
type Source interface {
	Ready() <-chan struct{}
	Read(dst []int16) (at audio.Pos, n int, lost int64)
}

// Meter shows the levels of a source.
type Meter struct {
	Source Source
	Format audio.Format
	Out    io.Writer
	// Terminal: levels are drawn in place, ten times a second. Otherwise they are
	// written as lines, once a second.
	Terminal bool

	levels *Levels
	shown  []Level
	recent []recent
	lost   int64
	frames int
	lines  int // drawn, and to be drawn over
	err    error
}

// recent is what a channel did lately: what a verdict rests on.
type recent struct {
	level Level
	age   time.Duration // of its loudest moment
}

const (
	drawEvery = 100 * time.Millisecond
	lineEvery = time.Second
	// memory is how long a loud moment counts: longer than a pause in speech.
	memory = 3 * time.Second
)

// Run shows levels until ctx ends, or until Out fails.
func (m *Meter) Run(ctx context.Context) error {
	m.levels = New(m.Format.Channels)
	m.recent = make([]recent, m.Format.Channels)
	for i := range m.recent {
		m.recent[i].level.Peak = Floor
	}
	block := make([]int16, m.Format.Channels*m.Format.Rate.Frames(10*time.Millisecond))
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-m.Source.Ready():
			if m.measure(block); m.err != nil {
				return m.err
			}
		}
	}
}

func (m *Meter) measure(block []int16) {
	every := lineEvery
	if m.Terminal {
		every = drawEvery
	}
	for {
		_, n, lost := m.Source.Read(block)
		m.lost += lost
		if n == 0 {
			return
		}
		m.levels.Add(block[:n*m.Format.Channels])
		if m.frames += n; m.frames >= m.Format.Rate.Frames(every) {
			m.frames = 0
			m.show(every)
		}
	}
}

// show draws a line a channel.
func (m *Meter) show(passed time.Duration) {
	if m.Terminal && m.lines > 0 {
		m.printf("\x1b[%dA\x1b[J", m.lines)
	}
	m.shown = m.levels.Take(m.shown[:0])
	for i, l := range m.shown {
		r := &m.recent[i]
		if r.age += passed; l.Peak >= r.level.Peak || r.age > memory {
			r.level.Peak, r.age = l.Peak, 0
		}
		// Clipping is shown as long as a loud moment.
		if l.Clipped > 0 || r.age == 0 {
			r.level.Clipped = l.Clipped
		}
		m.printf("channel %-2d %s %4d dB  peak %4d dB  %s\n", i, Bar(l.RMS, r.level.Peak), whole(l.RMS), whole(r.level.Peak), r.level.Judge())
	}
	m.lines = len(m.shown)
	if m.lost > 0 {
		m.printf("%d frames lost so far: the machine is too busy\n", m.lost)
		m.lines++
	}
}

func whole(dB float64) int { return int(math.Round(dB)) }

// printf keeps the first error for Run.
func (m *Meter) printf(format string, args ...any) {
	if m.err == nil {
		if _, err := fmt.Fprintf(m.Out, format, args...); err != nil {
			m.err = fmt.Errorf("meter: %w", err)
		}
	}
}

// The bar's width in cells, and the level at its left end in dBFS.
const (
	width = 40
	left  = -80
)

// Bar draws a level from -80 dBFS on, with a mark at the peak.
func Bar(level, peak float64) string {
	at := func(dB float64) int { return min(max(int((dB-left)/-left*width), 0), width) }
	cells := []rune(strings.Repeat("█", at(level)) + strings.Repeat("·", width-at(level)))
	if p := at(peak); p > 0 {
		cells[p-1] = '│'
	}
	return string(cells)
}
