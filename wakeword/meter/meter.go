// Package meter draws how close wake words are to their cutoffs while one speaks.
package meter

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"

	"vapd/audio"
	"vapd/wakeword"
)

// Source is where mono sound at 16 kHz comes from; audio.Reader is one.
type Source interface {
	Ready() <-chan struct{}
	Read(dst []int16) (at audio.Pos, n int, lost int64)
}

// Meter listens to a source and shows what its detector makes of it.
type Meter struct {
	Detector *wakeword.Detector
	Source   Source
	Out      io.Writer
	// Terminal: scores are drawn in place, ten times a second. Otherwise they are
	// written as lines, once a second.
	Terminal bool

	words  []word
	energy float64 // of the samples since the last drawing
	count  int     // of them
	lost   int64
	lines  int // drawn, and to be drawn over
	err    error
}

// word is what is shown of one word.
type word struct {
	wakeword.Level
	peak float64 // highest score of the last seconds
	age  int     // drawings since then
}

const (
	width     = 32                  // characters of a bar, so that a line has less than 80
	peakStays = 30                  // drawings
	drawEvery = audio.WakeRate / 10 // samples
	lineEvery = audio.WakeRate
)

// Run listens until ctx ends, and then to what is there still.
func (m *Meter) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			m.listen()
			m.show()
			return m.err
		case <-m.Source.Ready():
			if m.listen(); m.err != nil {
				return m.err
			}
		}
	}
}

func (m *Meter) listen() {
	every := lineEvery
	if m.Terminal {
		every = drawEvery
	}
	block := make([]int16, 160)
	var events []wakeword.Event
	var levels []wakeword.Level
	for {
		at, n, lost := m.Source.Read(block)
		m.lost += lost
		if n == 0 {
			return
		}
		events = m.Detector.Process(at, block[:n], events[:0])
		levels = m.Detector.Levels(levels[:0])
		m.note(block[:n], levels)
		for _, e := range events {
			m.event(e)
		}
		if m.count >= int(every) {
			m.show()
		}
	}
}

// note keeps what is shown next.
func (m *Meter) note(samples []int16, levels []wakeword.Level) {
	for _, s := range samples {
		m.energy += float64(s) * float64(s)
	}
	m.count += len(samples)
	if m.words == nil {
		m.words = make([]word, len(levels))
	}
	for i, l := range levels {
		w := &m.words[i]
		if w.Level = l; l.Score >= w.peak {
			w.peak, w.age = l.Score, 0
		}
	}
}

func (m *Meter) event(e wakeword.Event) {
	what := "detected"
	if e.Kind == wakeword.NearMiss {
		what = "nearly"
	}
	m.erase()
	m.printf("%8.2f s  %s %s, score %.3f of %.2f\n", audio.WakeRate.Duration(e.At.Frame).Seconds(), e.Word, what, e.Score, e.Cutoff)
}

// show draws everything anew.
func (m *Meter) show() {
	if m.count == 0 {
		return
	}
	m.erase()
	loudness := 10 * math.Log10(max(1, m.energy/float64(m.count))/(1<<30))
	m.printf("%-14.14s %4.0f dB of full scale", "microphone", loudness)
	if m.lost > 0 {
		m.printf(", %d samples lost", m.lost)
	}
	m.printf("\n")
	for i := range m.words {
		w := &m.words[i]
		m.printf("%-14.14s %.2f %s peak %.2f, cutoff %.2f\n", w.Word, w.Score, bar(w.Score, w.peak, w.Cutoff), w.peak, w.Cutoff)
		if w.age++; w.age > peakStays || !m.Terminal {
			w.peak, w.age = w.Score, 0
		}
	}
	m.energy, m.count, m.lines = 0, 0, len(m.words)+1
}

// erase moves back over what was drawn last.
func (m *Meter) erase() {
	if m.Terminal && m.lines > 0 {
		m.printf("\x1b[%dA\x1b[J", m.lines)
	}
	m.lines = 0
}

// printf keeps the first error for Run.
func (m *Meter) printf(format string, args ...any) {
	if m.err == nil {
		_, m.err = fmt.Fprintf(m.Out, format, args...)
	}
}

// bar draws a score from 0 to 1, with marks at its peak and at the cutoff.
func bar(score, peak, cutoff float64) string {
	at := func(v float64) int { return min(width-1, int(v*width)) }
	cells := []rune(strings.Repeat("█", int(score*width)) + strings.Repeat("·", width-int(score*width)))
	if peak > score {
		cells[at(peak)] = '▏'
	}
	cells[at(cutoff)] = '│'
	return string(cells)
}
