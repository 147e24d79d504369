package gpioline

import (
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/warthog618/go-gpiocdev"
	"go.uber.org/goleak"

	"vapd/board"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestHandle is what becomes of the kernel's events: they alternate whatever was lost.
func TestHandle(t *testing.T) {
	const up, down = gpiocdev.LineEventFallingEdge, gpiocdev.LineEventRisingEdge
	for name, c := range map[string]struct {
		active bool
		events []gpiocdev.LineEvent
		want   []bool
		lost   int64
	}{
		"a press": {
			events: []gpiocdev.LineEvent{{Type: down, LineSeqno: 1}, {Type: up, LineSeqno: 2}},
			want:   []bool{true, false},
		},
		"an edge that the first value had in it": {active: true, events: []gpiocdev.LineEvent{
			{Type: down, LineSeqno: 1}, {Type: up, LineSeqno: 2},
		}, want: []bool{false}},
		"a lost release between two presses": {events: []gpiocdev.LineEvent{
			{Type: down, LineSeqno: 1}, {Type: down, LineSeqno: 3},
		}, want: []bool{true, false, true}, lost: 1},
		"a lost press and release": {events: []gpiocdev.LineEvent{
			{Type: down, LineSeqno: 1}, {Type: up, LineSeqno: 4},
		}, want: []bool{true, false}, lost: 2},
		"the number begins again": {events: []gpiocdev.LineEvent{
			{Type: down, LineSeqno: 1<<32 - 1}, {Type: up, LineSeqno: 0},
		}, want: []bool{true, false}, lost: 1<<32 - 2},
	} {
		t.Run(name, func(t *testing.T) {
			var got []bool
			w := &line{
				log: slog.New(slog.DiscardHandler), lost: &atomic.Int64{}, active: c.active,
				ready: make(chan struct{}), emit: func(active bool, _ time.Time) { got = append(got, active) },
			}
			close(w.ready)
			for _, e := range c.events {
				w.handle(e)
			}
			if !slices.Equal(got, c.want) || w.lost.Load() != c.lost {
				t.Errorf("got %v and %d lost, want %v and %d", got, w.lost.Load(), c.want, c.lost)
			}
		})
	}
}

func TestNoSuchChip(t *testing.T) {
	_, err := OpenKeys([]board.Key{{ID: "k", Line: board.Line{Chips: []string{"no-such-label"}}}}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "gpiochip") {
		t.Errorf("got %v", err)
	}
}
