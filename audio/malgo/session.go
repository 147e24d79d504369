//go:build cgo && linux

package malgo

import (
	"runtime"
	"sync/atomic"
	"time"
	"unsafe"

	miniaudio "github.com/gen2brain/malgo"
	"golang.org/x/sys/unix"

	"vapd/audio"
)

// backendNull is miniaudio's null backend: malgo's own constant lacks the custom
// backend that comes before it.
const backendNull = miniaudio.Backend(miniaudio.BackendNull + 1)

// session is the PCMs opened for one run, or for a question.
type session struct {
	device   *miniaudio.Device
	formats  formats
	safe     bool // a spinning thread can be stopped
	remixed  bool
	process  func(in, out audio.Block)
	counters *counters

	closed atomic.Bool
	blocks atomic.Int64
	thread atomic.Int64  // its number; 0: it has not called yet
	ended  chan struct{} // one slot

	// The device's thread alone.
	base time.Time
	last time.Duration
	gaps gapCounter
}

// open opens the PCMs in the formats that d was first opened with, or finds out which
// ones they have. d.mu is held.
func (d *Device) open(process func(in, out audio.Block)) (*session, error) {
	if d.stuck {
		return nil, d.errorf("an earlier thread did not stop: %w", audio.ErrStuck)
	}
	want := d.first()
	for attempt := range 3 {
		s, err := d.open1(want, process)
		if err != nil {
			return nil, err
		}
		if s.formats == want && !s.remixed {
			d.formats = &want
			return s, nil
		}
		if err := d.stop(s); err != nil {
			return nil, err
		}
		if s.formats == want {
			return nil, d.errorf("its channels would be remixed: name another PCM")
		}
		// miniaudio converts in between: open it again as it is, unless it was asked to
		// be otherwise.
		want = s.formats
		if err := d.accept(want); err != nil {
			return nil, err
		}
		if in, out := &want.capture.Rate, want.playback.Rate; d.cfg.Capture != nil && d.cfg.Playback != nil && *in != out {
			if attempt > 0 || d.cfg.Capture.Rate != 0 {
				return nil, d.errorf("it runs at %d Hz, %s at %d Hz: they can't be one device", *in, d.cfg.Playback.PCM, out)
			}
			*in = out // which the microphone may have, too
		}
	}
	return nil, d.errorf("it runs in another format each time it is opened")
}

// first are the formats to try first.
func (d *Device) first() formats {
	if d.formats != nil {
		return *d.formats
	}
	var f formats
	rate := audio.SampleRate(0)
	for _, s := range []*Stream{d.cfg.Capture, d.cfg.Playback} {
		if s != nil && s.Rate != 0 {
			rate = s.Rate
		}
	}
	if rate == 0 {
		rate = audio.WakeRate
	}
	if s := d.cfg.Capture; s != nil {
		f.capture = audio.Format{Rate: rate, Channels: max(1, s.Channels)}
	}
	if s := d.cfg.Playback; s != nil {
		f.playback = audio.Format{Rate: rate, Channels: max(1, s.Channels)}
	}
	return f
}

// accept checks what the PCMs have against what was asked for.
func (d *Device) accept(has formats) error {
	for _, c := range []struct {
		asked *Stream
		has   audio.Format
	}{{d.cfg.Capture, has.capture}, {d.cfg.Playback, has.playback}} {
		switch {
		case c.asked == nil:
		case d.formats != nil:
			return d.errorf("%s has become %v", c.asked.PCM, c.has)
		case c.asked.Rate != 0 && c.asked.Rate != c.has.Rate:
			return d.errorf("%s runs at %d Hz, not %d: leave the rate open", c.asked.PCM, c.has.Rate, c.asked.Rate)
		case c.asked.Channels != 0 && c.asked.Channels != c.has.Channels:
			return d.errorf("%s has %d channels, not %d", c.asked.PCM, c.has.Channels, c.asked.Channels)
		}
	}
	return nil
}

// open1 opens the PCMs once. The session's formats say what they have, which need not
// be what is wanted.
func (d *Device) open1(want formats, process func(in, out audio.Block)) (*session, error) {
	if err := d.load(); err != nil {
		return nil, err
	}
	s := &session{
		process: process, counters: &d.counters, base: time.Now(), ended: make(chan struct{}, 1),
		gaps: gapCounter{rate: want.capture.Rate},
	}
	s.gaps.limit = int64(want.capture.Rate.Frames(max(2*d.cfg.Period, 20*time.Millisecond)))
	d.notes.begin()
	err, late := within(openLimit, func() (err error) {
		s.device, err = d.initDevice(want, s)
		return err
	})
	log := d.notes.end()
	if late {
		d.stuck = true
		return nil, d.errorf("it does not open within %v: %w", openLimit, audio.ErrStuck)
	}
	if err != nil {
		return nil, d.explain("opening it", err)
	}
	if err := s.learn(d, log); err != nil {
		if stopErr := d.stop(s); stopErr != nil {
			return nil, stopErr
		}
		return nil, err
	}
	return s, nil
}

// learn takes from miniaudio's log how the PCMs run.
func (s *session) learn(d *Device, log string) error {
	s.safe = d.cfg.Capture == nil || d.cfg.Playback == nil
	for _, c := range []struct {
		asked     *Stream
		direction string
		format    *audio.Format
	}{{d.cfg.Capture, "Capture", &s.formats.capture}, {d.cfg.Playback, "Playback", &s.formats.playback}} {
		if c.asked == nil {
			continue
		}
		n, ok := parseNative(log, c.direction)
		if !ok {
			return d.errorf("miniaudio does not say how %s runs: %q", c.asked.PCM, log)
		}
		*c.format = n.format
		s.remixed = s.remixed || n.remixed
		if c.direction == "Capture" {
			s.safe = s.safe && n.direct
		}
	}
	return nil
}

// load loads the sound library, once.
func (d *Device) load() error {
	if d.context != nil {
		return nil
	}
	backend := miniaudio.Backend(miniaudio.BackendAlsa)
	if c := d.cfg.Capture; c != nil && c.PCM == nullPCM || c == nil && d.cfg.Playback.PCM == nullPCM {
		backend = backendNull
	}
	var err error
	if d.context, err = newContext(backend, d.notes.log); err != nil {
		return d.errorf("%w", err)
	}
	return nil
}

// initDevice fills in miniaudio's configuration. What it points to is pinned, and
// copied by miniaudio before it returns.
func (d *Device) initDevice(want formats, s *session) (*miniaudio.Device, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	kind, rate, buffer := miniaudio.Duplex, want.capture.Rate, d.cfg.Late
	switch {
	case d.cfg.Capture == nil:
		kind, rate, buffer = miniaudio.Playback, want.playback.Rate, d.cfg.Ahead
	case d.cfg.Playback == nil:
		kind = miniaudio.Capture
	}
	cfg := miniaudio.DefaultDeviceConfig(kind)
	cfg.SampleRate = uint32(rate)
	cfg.PeriodSizeInFrames = uint32(rate.Frames(d.cfg.Period))
	cfg.Periods = max(2, uint32(buffer/d.cfg.Period))
	// ALSA's plug plugin shall not hide what the device has, either.
	cfg.Alsa.NoAutoChannels = 1
	cfg.Alsa.NoAutoResample = 1
	if d.cfg.Capture != nil {
		cfg.Capture = subConfig(&pin, d.cfg.Capture, want.capture)
	}
	if d.cfg.Playback != nil {
		cfg.Playback = subConfig(&pin, d.cfg.Playback, want.playback)
	}
	return miniaudio.InitDevice(d.context.Context, cfg, miniaudio.DeviceCallbacks{Data: s.data, Stop: s.stopped})
}

func subConfig(pin *runtime.Pinner, s *Stream, f audio.Format) miniaudio.SubConfig {
	// MA_MAX_CHANNELS of MA_CHANNEL_NONE: miniaudio takes the PCM's own order.
	channels := new([254]uint8)
	pin.Pin(channels)
	c := miniaudio.SubConfig{
		Format:     miniaudio.FormatS16,
		Channels:   uint32(f.Channels),
		ChannelMap: unsafe.Pointer(channels),
	}
	if s.PCM != nullPCM {
		// Not DeviceID.Pointer: that is C memory, which nobody frees.
		id := new(miniaudio.DeviceID)
		copy(id[:], s.PCM)
		pin.Pin(id)
		c.DeviceID = unsafe.Pointer(id)
	}
	return c
}

// data is called on miniaudio's thread.
func (s *session) data(out, in []byte, frames uint32) {
	if s.closed.Load() {
		return
	}
	now := time.Since(s.base)
	if s.blocks.Add(1) == 1 {
		s.thread.Store(int64(unix.Gettid()))
	} else if gap := int64(now - s.last); gap > s.counters.longestGap.Load() {
		s.counters.longestGap.Store(gap)
	}
	s.last = now
	if len(in) > 0 {
		s.counters.captured.Add(int64(frames))
		if lost := s.gaps.add(now, int(frames)); lost > 0 {
			s.counters.overruns.Add(1)
			s.counters.lost.Add(lost)
		}
	}
	s.process(block(in, s.formats.capture), block(out, s.formats.playback))
	if len(out) > 0 {
		s.counters.played.Add(int64(frames))
	}
}

// block is a view of miniaudio's samples; none at all is the zero Block.
func block(raw []byte, f audio.Format) audio.Block {
	if len(raw) == 0 {
		return audio.Block{}
	}
	samples := unsafe.Slice((*int16)(unsafe.Pointer(unsafe.SliceData(raw))), len(raw)/2)
	return audio.Block{Samples: samples, Channels: f.Channels}
}

// stopped is called when miniaudio's thread leaves its loop, whoever wanted that.
func (s *session) stopped() {
	if s.closed.Load() {
		return
	}
	select {
	case s.ended <- struct{}{}:
	default:
	}
}

// threadTime is how long miniaudio's thread has run; 0 when that is not known.
func (s *session) threadTime() time.Duration {
	t, err := threadTime(int(s.thread.Load()))
	if err != nil {
		return 0
	}
	return t
}
