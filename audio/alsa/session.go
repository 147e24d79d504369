package alsa

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

// port is one direction at work: a block of samples, and the same in the encoding of
// the hardware.
type port struct {
	*pcm
	samples []int16
	raw     []byte // the memory of samples when nothing needs converting
	silence []byte // playback only: what is ahead of the first block
}

// session is the hardware opened for one run, or for a question.
type session struct {
	capture, playback *port // nil where the device lacks the direction
	block             int   // frames
	stall             time.Duration
	counters          *counters

	waker    *waker
	poll     [2]unix.PollFd // a PCM, and the end of the context
	progress time.Time      // when the hardware last did something
	fed      time.Time      // when the speaker last took something
}

// open opens what d consists of and sets it up, with the formats of fixed if there
// are any.
func (d *Device) open(fixed *formats) (s *session, err error) {
	s = &session{stall: d.cfg.Stall, counters: &d.counters}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	var params [2]*hwParams
	ask := func(direction Direction, stream *Stream, name Name) (*port, error) {
		if stream == nil {
			return nil, nil
		}
		p, err := openPCM(name, direction)
		if err != nil {
			return nil, err
		}
		want := audio.Format{Rate: stream.Rate, Channels: stream.Channels}
		if fixed != nil {
			want = fixed.of(direction)
		}
		params[direction], err = p.constrain(want, d.encodings)
		return &port{pcm: p}, err
	}
	if s.capture, err = ask(Capture, d.cfg.Capture, d.capture); err != nil {
		return s, err
	}
	if s.playback, err = ask(Playback, d.cfg.Playback, d.playback); err != nil {
		return s, err
	}
	rate, err := s.commonRate(params)
	if err != nil {
		return s, err
	}
	if p := s.capture; p != nil {
		if err := p.configure(params[Capture], rate, d.cfg.Period, d.cfg.Late); err != nil {
			return s, err
		}
		s.block = p.period
		if err := p.wake(s.block); err != nil {
			return s, err
		}
		p.allocate(s.block)
	}
	if p := s.playback; p != nil {
		if err := s.configurePlayback(params[Playback], rate, d.cfg); err != nil {
			return s, err
		}
	}
	return s, nil
}

// configurePlayback makes room for twice what is kept ahead, so that a late block
// finds its place; how much waits there is up to s.
func (s *session) configurePlayback(params *hwParams, rate int, cfg Config) error {
	p := s.playback
	ahead := audio.SampleRate(rate).Frames(cfg.Ahead)
	if err := p.configure(params, rate, cfg.Period, max(2*cfg.Ahead, 4*cfg.Period)); err != nil {
		return err
	}
	if s.capture == nil {
		s.block = p.period
	}
	ahead = min(max(ahead, 2*s.block), p.buffer)
	if ahead < 2*s.block {
		return p.errorf("its buffer of %d frames is too short for blocks of %d: use a shorter period", p.buffer, s.block)
	}
	if err := p.wake(p.buffer - ahead + s.block); err != nil {
		return err
	}
	p.allocate(s.block)
	p.silence = make([]byte, ahead*p.format.Channels*p.encoding.size())
	return nil
}

// commonRate is the first of the microphone's rates that the speaker has too.
func (s *session) commonRate(params [2]*hwParams) (int, error) {
	var rates [2][]int
	for direction, p := range [2]*port{Playback: s.playback, Capture: s.capture} {
		if p == nil {
			continue
		}
		var err error
		if rates[direction], err = p.rates(params[direction]); err != nil {
			return 0, err
		}
	}
	if s.capture == nil {
		return rates[Playback][0], nil
	}
	if s.playback == nil {
		return rates[Capture][0], nil
	}
	for _, c := range rates[Capture] {
		for _, p := range rates[Playback] {
			if c == p {
				return c, nil
			}
		}
	}
	return 0, s.playback.errorf("it has %v Hz, %s %s has %v Hz: they can't be one device",
		rates[Playback], s.capture.name, Capture, rates[Capture])
}

func (p *port) allocate(block int) {
	p.samples = make([]int16, block*p.format.Channels)
	p.raw = bytesOf(p.samples)
	if p.encoding != S16 {
		p.raw = make([]byte, len(p.samples)*p.encoding.size())
	}
}

func (s *session) formats() *formats {
	f := &formats{}
	if s.capture != nil {
		f.capture = s.capture.format
	}
	if s.playback != nil {
		f.playback = s.playback.format
	}
	return f
}

func (f *formats) of(d Direction) audio.Format {
	if d == Capture {
		return f.capture
	}
	return f.playback
}

func (s *session) close() {
	for _, p := range []*port{s.capture, s.playback} {
		if p != nil {
			p.drop()
			p.pcm.close()
		}
	}
}

// errStopped: the context has ended.
var errStopped = errors.New("alsa: stopped")

// wait returns when p can move a block, or has something to say, or says nothing for
// too long.
func (s *session) wait(p *port, events int16) error {
	deadline := s.progress.Add(s.stall)
	for {
		s.poll[0] = unix.PollFd{Fd: int32(p.fd), Events: events}
		s.poll[1] = unix.PollFd{Fd: int32(s.waker.fd), Events: unix.POLLIN}
		left := max(0, time.Until(deadline))
		n, err := unix.Poll(s.poll[:], int((left+time.Millisecond-1)/time.Millisecond))
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return p.failed("waiting for it", err)
		case s.poll[1].Revents != 0:
			return errStopped
		case n > 0:
			return nil
		default:
			s.counters.stalls.Add(1)
			return p.errorf("nothing for %v: %w", s.stall, audio.ErrStalled)
		}
	}
}

// progressed notes that the hardware did something.
func (s *session) progressed() {
	now := time.Now()
	s.counters.gap(now.Sub(s.progress))
	s.progress = now
}
