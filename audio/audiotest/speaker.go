package audiotest

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

// speaker takes what is played from the FIFO, no faster than its rate: that is what
// makes the program at the other end wait.
type speaker struct {
	format audio.Format
	heard  func([]int16)
	fd     int
	quit   chan struct{}
	done   chan struct{}
}

func newSpeaker(fifo string, f audio.Format, heard func([]int16)) (*speaker, error) {
	if err := makeFIFO(fifo, f); err != nil {
		return nil, err
	}
	// Open before any program is, so that opening never waits; and small, as what is in
	// it is the speaker's latency.
	fd, err := unix.Open(fifo, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening the FIFO %s: %w", fifo, err)
	}
	_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, 2*f.Channels*f.Rate.Frames(2*Period))
	s := &speaker{format: f, heard: heard, fd: fd, quit: make(chan struct{}), done: make(chan struct{})}
	go s.run()
	return s, nil
}

func (s *speaker) close() {
	close(s.quit)
	<-s.done
}

// run is the speaker's clock.
func (s *speaker) run() {
	defer close(s.done)
	defer unix.Close(s.fd)
	clock := newClock(s.format.Rate, Period)
	defer clock.stop()
	frame := 2 * s.format.Channels
	raw := make([]byte, catchUp*clock.block*frame)
	samples := make([]int16, catchUp*clock.block*s.format.Channels)
	var begun int // bytes at the start of raw: of a frame that is not whole
	for {
		select {
		case <-s.quit:
			return
		case <-clock.ticks():
		}
		room := raw[begun:max(begun, clock.due()*clock.block*frame)]
		n, err := unix.Read(s.fd, room)
		if err != nil || n <= 0 { // nothing is there, or no program
			continue
		}
		n += begun
		whole := samples[:n/frame*s.format.Channels]
		for i := range whole {
			whole[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
		begun = copy(raw, raw[n/frame*frame:n])
		if s.heard != nil && len(whole) > 0 {
			s.heard(whole)
		}
	}
}
