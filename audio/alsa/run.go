package alsa

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

// Run opens the hardware and calls process for each block, on a thread of its own,
// until ctx ends. Then it stops the hardware at once: to hear the end of something,
// play silence for Config.Ahead after it.
//
// Run returns audio.ErrUnplugged when the card is not there or goes away, and
// audio.ErrStalled when it does nothing for Config.Stall; it also fails when the
// device is in use or can't do what is asked. A second Run at the same time fails.
func (d *Device) Run(ctx context.Context, process func(in, out audio.Block)) error {
	if !d.running.CompareAndSwap(false, true) {
		return fmt.Errorf("alsa: %s: it runs already", d.label())
	}
	defer d.running.Store(false)
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	s, err := d.start()
	if err != nil {
		return err
	}
	defer s.close()
	if s.waker, err = newWaker(ctx); err != nil {
		return err
	}
	defer s.waker.close()
	if s.capture != nil {
		err = s.runCapture(process)
	} else {
		err = s.runPlayback(process)
	}
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

func (d *Device) label() string {
	if d.cfg.Capture != nil {
		return d.capture.String()
	}
	return d.playback.String()
}

// start opens the hardware in the formats that d was first opened with, as its user
// relies on them.
func (d *Device) start() (*session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, err := d.open(d.formats)
	if err != nil {
		return nil, err
	}
	if d.formats == nil {
		d.formats = s.formats()
	}
	d.counters.opens.Add(1)
	return s, nil
}

// runCapture has the microphone set the pace; each of its blocks is followed by one
// for the speaker, if there is one.
func (s *session) runCapture(process func(in, out audio.Block)) error {
	in := audio.Block{Samples: s.capture.samples, Channels: s.capture.format.Channels}
	var out audio.Block
	if s.playback != nil {
		out = audio.Block{Samples: s.playback.samples, Channels: s.playback.format.Channels}
	}
	if err := s.startCapture(); err != nil {
		return err
	}
	for {
		if err := s.record(); err != nil {
			return err
		}
		clear(out.Samples)
		process(in, out)
		if s.playback != nil {
			if err := s.play(); err != nil {
				return err
			}
		}
	}
}

func (s *session) startCapture() error {
	if err := s.capture.prepare(); err != nil {
		return err
	}
	if s.playback == nil {
		s.progress = time.Now()
		return s.capture.start()
	}
	if err := s.prime(s.playback.silence); err != nil {
		return err
	}
	s.progress = time.Now()
	s.fed = s.progress
	return s.capture.startWith(s.playback.pcm)
}

// runPlayback has the speaker set the pace.
func (s *session) runPlayback(process func(in, out audio.Block)) error {
	out := audio.Block{Samples: s.playback.samples, Channels: s.playback.format.Channels}
	if err := s.prime(s.headStart()); err != nil {
		return err
	}
	if err := s.playback.start(); err != nil {
		return err
	}
	s.progress = time.Now()
	s.fed = s.progress
	for {
		if err := s.wait(s.playback, unix.POLLOUT); err != nil {
			return err
		}
		s.progressed()
		clear(out.Samples)
		process(audio.Block{}, out)
		if err := s.play(); err != nil {
			return err
		}
	}
}

// record waits for a whole block of the microphone.
func (s *session) record() error {
	p := s.capture
	for got := 0; got < len(p.raw); {
		if err := s.wait(p, unix.POLLIN); err != nil {
			return err
		}
		n, err := p.read(p.raw[got:])
		switch {
		case err == nil && n > 0:
			got += n
			s.progressed()
		case err == nil, errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EPIPE), errors.Is(err, unix.ESTRPIPE):
			if err := s.restartCapture(err); err != nil {
				return err
			}
			got = 0 // a block has no gap inside
		default:
			return p.failed("reading", err)
		}
	}
	if p.encoding != S16 {
		p.encoding.decode(p.samples, p.raw)
	}
	s.counters.captured.Add(int64(s.block))
	return nil
}

// restartCapture counts what an overrun or a suspended machine cost and goes on.
func (s *session) restartCapture(why error) error {
	if errors.Is(why, unix.ESTRPIPE) {
		s.counters.suspends.Add(1)
	} else {
		s.counters.overruns.Add(1)
	}
	if err := s.capture.prepare(); err != nil {
		return err
	}
	s.counters.lost.Add(int64(s.capture.format.Rate.Frames(time.Since(s.progress))))
	s.progressed()
	return s.capture.start()
}

// play hands the block to the speaker. It never waits: what finds no room is dropped
// and counted, since waiting would cost captured sound.
func (s *session) play() error {
	p := s.playback
	if p.encoding != S16 {
		p.encoding.encode(p.raw, p.samples)
	}
	n, err := p.write(p.raw)
	switch {
	case errors.Is(err, unix.EPIPE), errors.Is(err, unix.ESTRPIPE):
		return s.restartPlayback(err)
	case err != nil && !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR):
		return p.failed("writing", err)
	}
	frames := max(0, n) / (len(p.raw) / s.block)
	s.counters.played.Add(int64(frames))
	if frames == s.block {
		s.fed = s.progress
		return nil
	}
	s.counters.dropped.Add(int64(s.block - frames))
	if s.progress.Sub(s.fed) > s.stall {
		s.counters.stalls.Add(1)
		return p.errorf("nothing played for %v: %w", s.stall, audio.ErrStalled)
	}
	return nil
}

// restartPlayback plays silence, as much as is kept ahead of a block, and the block.
func (s *session) restartPlayback(why error) error {
	if errors.Is(why, unix.ESTRPIPE) {
		s.counters.suspends.Add(1)
	} else {
		s.counters.underruns.Add(1)
	}
	if err := s.prime(s.headStart()); err != nil {
		return err
	}
	if _, err := s.playback.write(s.playback.raw); err != nil {
		return s.playback.failed("writing", err)
	}
	s.counters.played.Add(int64(s.block))
	s.fed = s.progress
	return s.playback.start()
}

// headStart is the silence that one block fills up to what is kept ahead.
func (s *session) headStart() []byte {
	return s.playback.silence[len(s.playback.raw):]
}

// prime makes the speaker ready to start with silence waiting in its buffer.
func (s *session) prime(silence []byte) error {
	if err := s.playback.prepare(); err != nil {
		return err
	}
	if _, err := s.playback.write(silence); err != nil {
		return s.playback.failed("writing", err)
	}
	return nil
}
