package play

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"vapd/audio"
	"vapd/audio/resample"
)

// How a Stream buffers.
const (
	// buffered is how much waits in a Stream before Write waits.
	buffered = 5 * time.Second
	// headStart has to be there before a Stream starts, or goes on after an underrun,
	// so that pieces may come a little late.
	headStart = 40 * time.Millisecond
)

// ErrStopped: the stream was stopped, or has been finished.
var ErrStopped = errors.New("play: the stream was stopped")

// Stream is a Sound that arrives in pieces: Write them, then Finish. One goroutine
// writes and finishes; Stop may come from any. A Stream that is neither finished nor stopped stays
// in the mixer for ever.
type Stream struct {
	*Sound
	resampler *resample.Resampler
	queue     *queue
	finished  bool
}

// Stream makes a Stream of one channel at the given rate. It starts when 40 ms are
// there, or all of it.
func (m *Mixer) Stream(k Kind, rate audio.SampleRate) (*Stream, error) {
	r, err := resample.New(rate, m.rate, 1)
	if err != nil {
		return nil, fmt.Errorf("play: %w", err)
	}
	// Finish must not wait, so there is room for what the resampler holds.
	tail := int64(r.Latency())*int64(m.rate)/int64(rate) + 2
	q := &queue{
		samples:   make([]int16, m.rate.Frames(buffered)+int(tail)),
		reserve:   tail,
		start:     int64(m.rate.Frames(headStart)),
		waiting:   true,
		room:      make(chan struct{}, 1),
		underruns: &m.underruns,
	}
	s := &Stream{Sound: m.newSound(k, q, rate), resampler: r, queue: q}
	if err := m.add(s.Sound); err != nil {
		return nil, err
	}
	return s, nil
}

// Write appends samples. It waits only while five seconds are buffered; it returns
// ErrStopped when the stream was stopped, or the error of ctx.
func (s *Stream) Write(ctx context.Context, samples []int16) error {
	for {
		if s.finished || s.stopping.Load() {
			return ErrStopped
		}
		for {
			n, took := s.resampler.Process(s.queue.free(s.queue.reserve), samples)
			s.queue.wrote(n)
			samples = samples[took:]
			if n == 0 && took == 0 {
				break
			}
		}
		if len(samples) == 0 {
			return nil
		}
		select {
		case <-s.queue.room:
		case <-s.quit:
			return ErrStopped
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Finish says that nothing follows; Done is closed when all has been heard.
func (s *Stream) Finish() {
	if s.finished {
		return
	}
	s.finished = true
	for {
		n := s.resampler.Flush(s.queue.free(0))
		if n == 0 {
			break
		}
		s.queue.wrote(n)
	}
	s.queue.complete.Store(true)
}

// Underruns is how often the stream had nothing to play in its middle; it was silent
// until 40 ms were there again.
func (s *Stream) Underruns() int64 { return s.queue.missed.Load() }

// queue is a ring of samples with one writer and one reader, the device's thread.
type queue struct {
	samples  []int16
	reserve  int64        // of samples, that only Finish may use
	written  atomic.Int64 // samples below are there
	taken    atomic.Int64 // samples below are gone
	complete atomic.Bool  // nothing more will be written
	room     chan struct{}
	start    int64

	waiting   bool         // the reader's: for start samples
	missed    atomic.Int64 // underruns
	underruns *atomic.Int64
}

// free is a contiguous run of samples that may be written, reserve left out.
func (q *queue) free(reserve int64) []int16 {
	size, written := int64(len(q.samples)), q.written.Load()
	n := size - reserve - (written - q.taken.Load())
	at := written % size
	return q.samples[at : at+max(0, min(n, size-at))]
}

func (q *queue) wrote(n int) { q.written.Add(int64(n)) }

func (q *queue) read(dst []int16) (n int, last bool) {
	complete := q.complete.Load() // before written: then that is the end
	from := q.taken.Load()
	there := q.written.Load() - from
	if q.waiting && there < q.start && !complete {
		return 0, false
	}
	q.waiting = false
	n = int(min(there, int64(len(dst))))
	at := int(from % int64(len(q.samples)))
	copied := copy(dst[:n], q.samples[at:])
	copy(dst[copied:n], q.samples)
	q.taken.Store(from + int64(n))
	select {
	case q.room <- struct{}{}:
	default:
	}
	if n < len(dst) && !complete {
		q.waiting = true
		q.missed.Add(1)
		q.underruns.Add(1)
	}
	return n, complete && int64(n) == there
}
