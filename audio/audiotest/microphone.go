package audiotest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

// Microphone gives what is played into it, in real time, and silence between.
type Microphone struct {
	format audio.Format
	block  time.Duration
	fifo   string
	quit   chan struct{}
	done   chan struct{}

	mu       sync.Mutex
	queue    []*sound
	readers  bool
	attached chan struct{} // closed while a program has the microphone open
}

// sound is one Play: what is left of it.
type sound struct {
	samples []int16
	over    chan struct{}
}

// waiting is how much the FIFO may hold for a program that is late.
const waiting = time.Second

// behind is how many blocks of the FIFO may wait before silence that nobody has played
// is left out. A program whose reads are paced by its speaker would never catch up
// with a FIFO, as it does with a sound card, which forgets.
const behind = 6

func newMicrophone(fifo string, f audio.Format, block time.Duration) (*Microphone, error) {
	if err := makeFIFO(fifo, f); err != nil {
		return nil, err
	}
	m := &Microphone{
		format: f, block: block, fifo: fifo,
		quit: make(chan struct{}), done: make(chan struct{}), attached: make(chan struct{}),
	}
	go m.run()
	return m, nil
}

// Format is the microphone's format.
func (m *Microphone) Format() audio.Format { return m.format }

// Play plays interleaved samples of the microphone's format into the room and
// returns when the last one was given to the program that listens. Sounds follow each
// other. What is played while no program listens is lost, and takes as long.
func (m *Microphone) Play(ctx context.Context, samples []int16) error {
	if len(samples)%m.format.Channels != 0 {
		return fmt.Errorf("audiotest: %d samples are not whole frames of %d channels", len(samples), m.format.Channels)
	}
	s := &sound{samples: samples, over: make(chan struct{})}
	m.mu.Lock()
	m.queue = append(m.queue, s)
	m.mu.Unlock()
	select {
	case <-s.over:
		return nil
	case <-m.quit:
		return errors.New("audiotest: the card was closed")
	case <-ctx.Done():
		m.mu.Lock()
		defer m.mu.Unlock()
		s.samples = nil
		return ctx.Err()
	}
}

// Listening reports whether a program has the microphone open.
func (m *Microphone) Listening() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.readers
}

// Await returns when a program has the microphone open.
func (m *Microphone) Await(ctx context.Context) error {
	m.mu.Lock()
	attached := m.attached
	m.mu.Unlock()
	select {
	case <-attached:
		return nil
	case <-m.quit:
		return errors.New("audiotest: the card was closed")
	case <-ctx.Done():
		return fmt.Errorf("audiotest: no program has opened the microphone: %w", ctx.Err())
	}
}

func (m *Microphone) close() {
	close(m.quit)
	<-m.done
}

// run is the microphone's clock.
func (m *Microphone) run() {
	defer close(m.done)
	clock := newClock(m.format.Rate, m.block)
	defer clock.stop()
	out := writer{fifo: m.fifo, size: 2 * m.format.Channels * m.format.Rate.Frames(waiting), fd: -1}
	defer out.close()
	block := make([]int16, m.format.Channels*clock.block)
	for {
		select {
		case <-m.quit:
			return
		case <-clock.ticks():
		}
		out.open()
		m.setListening(out.fd >= 0)
		for range clock.due() {
			over, idle := m.take(block)
			if !idle || out.waiting() <= 2*len(block)*behind {
				out.write(block)
			}
			for _, s := range over {
				close(s.over)
			}
		}
	}
}

func (m *Microphone) setListening(now bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now == m.readers {
		return
	}
	if m.readers = now; now {
		close(m.attached)
	} else {
		m.attached = make(chan struct{})
	}
}

// take fills block with what is played, then silence, and says what ends in it. It is
// idle when nothing is played.
func (m *Microphone) take(block []int16) (over []*sound, idle bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	idle = len(m.queue) == 0
	for len(m.queue) > 0 {
		s := m.queue[0]
		n := copy(block, s.samples)
		block, s.samples = block[n:], s.samples[n:]
		if len(s.samples) > 0 {
			return over, idle
		}
		over, m.queue = append(over, s), m.queue[1:]
	}
	clear(block)
	return over, idle
}

// writer is the FIFO's end that ALSA's plugin reads from. It is open exactly while
// the plugin's is, so nothing old waits for the next program.
type writer struct {
	fifo string
	size int // bytes that the FIFO should hold
	fd   int // -1: closed

	buffer, rest []byte
}

func (w *writer) open() {
	if w.fd >= 0 {
		return
	}
	// Without a reader this fails with ENXIO.
	fd, err := unix.Open(w.fifo, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	// A FIFO that stays small only makes a late program lose sound earlier.
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, w.size)
	w.fd, w.rest = fd, nil
}

// write gives the reader as much as there is room for. What has no room is lost, but
// never a part of a write: the rest waits for the next one.
func (w *writer) write(samples []int16) {
	if w.flush(); w.fd < 0 || len(w.rest) > 0 {
		return
	}
	w.rest = w.buffer[:0]
	for _, s := range samples {
		w.rest = binary.LittleEndian.AppendUint16(w.rest, uint16(s))
	}
	w.buffer = w.rest[:0]
	w.flush()
}

// waiting is how many bytes the reader has not read yet; 0 when there is no reader.
func (w *writer) waiting() int {
	if w.fd < 0 {
		return 0
	}
	fds := []unix.PollFd{{Fd: int32(w.fd)}}
	if _, err := unix.Poll(fds, 0); err != nil || fds[0].Revents&unix.POLLERR != 0 {
		return 0 // the next write will tell
	}
	n, err := unix.IoctlGetInt(w.fd, unix.TIOCINQ)
	if err != nil {
		return 0
	}
	return n + len(w.rest)
}

func (w *writer) flush() {
	for w.fd >= 0 && len(w.rest) > 0 {
		n, err := unix.Write(w.fd, w.rest)
		switch {
		case err == nil:
			w.rest = w.rest[n:]
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EAGAIN):
			return
		default: // EPIPE: the program has closed the microphone
			w.close()
		}
	}
}

func (w *writer) close() {
	if w.fd >= 0 {
		unix.Close(w.fd)
		w.fd, w.rest = -1, nil
	}
}
