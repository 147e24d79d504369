// Package gpioline reads keys and switches on lines of a gpiochip, through the
// kernel's character device (uAPI v2, Linux 5.10 or later).
//
// A line is found by its chip's label and its offset: the number of a chip changed
// between kernels, and the name of a line may be there twice. The kernel debounces,
// and stamps each edge with the time of its interrupt, so that a busy process takes
// no press for a hold. What the kernel had to drop is counted.
package gpioline

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/warthog618/go-gpiocdev"
	"golang.org/x/sys/unix"

	"vapd/board"
)

// queue is how many events wait for their reader; then the kernel keeps as many more.
const queue = 64

// line is one input that reports its changes.
type line struct {
	input *gpiocdev.Line
	name  string // for the log
	log   *slog.Logger
	lost  *atomic.Int64
	emit  func(active bool, at time.Time)

	ready  chan struct{} // closed when active is known
	active bool
	seq    uint32 // of the last event; the first has 1
}

// watch begins to report to emit, one call after the other: how l is now, and then
// each change.
func watch(l board.Line, name string, lost *atomic.Int64, log *slog.Logger, emit func(bool, time.Time)) (*line, error) {
	chip, err := find(l.Chips)
	if err != nil {
		return nil, err
	}
	defer chip.Close()
	w := &line{name: name, log: log, lost: lost, emit: emit, ready: make(chan struct{})}
	options := []gpiocdev.LineReqOption{
		gpiocdev.AsInput, gpiocdev.WithBothEdges, gpiocdev.WithConsumer("vapd " + name),
		gpiocdev.WithEventBufferSize(queue), gpiocdev.LevelOption(l.ActiveLow),
		gpiocdev.WithEventHandler(w.handle),
	}
	if l.PullUp {
		options = append(options, gpiocdev.WithPullUp)
	}
	if l.Debounce > 0 {
		options = append(options, gpiocdev.WithDebounce(l.Debounce))
	}
	w.input, err = chip.RequestLine(l.Offset, options...)
	if err != nil {
		return nil, explain(chip, l.Offset, err)
	}
	value, err := w.input.Value()
	if err != nil {
		close(w.ready)
		return nil, errors.Join(explain(chip, l.Offset, err), w.input.Close())
	}
	w.active = value != 0
	emit(w.active, time.Now())
	close(w.ready)
	return w, nil
}

// close waits for the report that is on its way.
func (w *line) close() error { return w.input.Close() }

// handle is called by one goroutine, for each event in turn.
func (w *line) handle(e gpiocdev.LineEvent) {
	<-w.ready
	gap := e.LineSeqno - w.seq - 1
	w.seq = e.LineSeqno
	if gap > 0 {
		w.lost.Add(int64(gap))
		w.log.Warn("events of a line were lost", "line", w.name, "lost", gap)
	}
	active := e.Type == gpiocdev.LineEventRisingEdge
	at := wallTime(e.Timestamp)
	if active == w.active {
		if gap == 0 {
			return // the change that the first value had in it
		}
		w.emit(!active, at) // its change was lost, but there was one
	}
	w.active = active
	w.emit(active, at)
}

// wallTime is the time at which the monotonic clock said stamp, with a monotonic
// reading; never later than now.
func wallTime(stamp time.Duration) time.Time {
	now := time.Now()
	var mono unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono); err != nil {
		return now
	}
	return now.Add(min(0, stamp-time.Duration(mono.Nano())))
}

// find opens the chip that has one of the labels.
func find(labels []string) (*gpiocdev.Chip, error) {
	var found *gpiocdev.Chip
	var others []string
	var denied error
	for _, name := range gpiocdev.Chips() {
		chip, err := gpiocdev.NewChip(name)
		if err != nil {
			denied = err
			continue
		}
		switch {
		case !slices.Contains(labels, chip.Label):
			others = append(others, chip.Label)
		case found == nil:
			found = chip
			continue
		case found.Name != chip.Name: // not just another name of its device file
			_ = errors.Join(chip.Close(), found.Close())
			return nil, fmt.Errorf("%s and %s both have the label %s", found.Name, chip.Name, chip.Label)
		}
		_ = chip.Close()
	}
	switch {
	case found != nil:
		return found, nil
	case errors.Is(denied, gpiocdev.ErrPermissionDenied), errors.Is(denied, fs.ErrPermission):
		return nil, fmt.Errorf("opening a gpiochip: add the user to the group gpio: %w", denied)
	case denied != nil:
		return nil, fmt.Errorf("opening a gpiochip: %w", denied)
	case len(others) == 0:
		return nil, errors.New("this machine has no gpiochip: is it the board that the profile is for?")
	}
	return nil, fmt.Errorf("no gpiochip has the label %s; there are %s",
		strings.Join(labels, " or "), strings.Join(others, ", "))
}

// explain says what can be done about a line that the kernel refuses.
func explain(chip *gpiocdev.Chip, offset int, err error) error {
	hint := ""
	if errors.Is(err, unix.EBUSY) {
		if info, e := chip.LineInfo(offset); e == nil {
			hint = fmt.Sprintf(": %q uses it", info.Consumer)
		}
	}
	return fmt.Errorf("line %d of %s%s: %w", offset, chip.Label, hint, err)
}
