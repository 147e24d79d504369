package alsa

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// waker makes the end of a context visible to poll.
type waker struct {
	fd   int
	stop func() bool

	mu     sync.Mutex // guards closed, so that no other file's number is written to
	closed bool
}

func newWaker(ctx context.Context) (*waker, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("alsa: making an event descriptor: %w", err)
	}
	w := &waker{fd: fd}
	w.stop = context.AfterFunc(ctx, w.wake)
	return w, nil
}

func (w *waker) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		_, _ = unix.Write(w.fd, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

func (w *waker) close() {
	w.stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	_ = unix.Close(w.fd)
}
