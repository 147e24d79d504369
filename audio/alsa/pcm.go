package alsa

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

// Direction of a PCM, with the kernel's numbers.
type Direction int

// Directions.
const (
	Playback Direction = 0
	Capture  Direction = 1
)

// String is "playback" or "capture".
func (d Direction) String() string {
	if d == Capture {
		return "capture"
	}
	return "playback"
}

// letter is how the kernel's file names end.
func (d Direction) letter() string { return d.String()[:1] }

// preferredRates is the order in which a rate is chosen when none is asked for:
// speech needs 16000 and no resampler; then what is resampled most easily.
var preferredRates = []int{16000, 48000, 32000, 96000, 44100, 24000, 22050, 8000, 88200, 192000}

// pcm is an open PCM device file.
type pcm struct {
	fd        int
	name      Name
	direction Direction
	encoding  Encoding
	format    audio.Format
	period    int // frames
	buffer    int // frames
}

// openPCM opens name. It does not wait for a device that is in use.
func openPCM(name Name, direction Direction) (*pcm, error) {
	card, err := findCard(name.Card)
	if err != nil {
		return nil, err
	}
	// The kernel keeps the wish for a subdevice by thread.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if name.Subdevice != Any {
		ctl, err := openControl(card.Number)
		if err != nil {
			return nil, explain(name, direction, card.Number, err)
		}
		defer ctl.close()
		subdevice := int32(name.Subdevice)
		if err := ioctl(ctl.fd, ctlPCMPreferRequest, &subdevice); err != nil {
			return nil, explain(name, direction, card.Number, err)
		}
	}
	path := filepath.Join(deviceFolder, "pcmC"+strconv.Itoa(card.Number)+"D"+strconv.Itoa(name.Device)+direction.letter())
	fd, err := openFile(path, unix.O_RDWR|unix.O_NONBLOCK)
	if err != nil {
		return nil, explain(name, direction, card.Number, err)
	}
	return &pcm{fd: fd, name: name, direction: direction}, nil
}

func (p *pcm) close() { _ = unix.Close(p.fd) }

// errorf says on which device what went wrong.
func (p *pcm) errorf(format string, args ...any) error {
	return fmt.Errorf("alsa: %s %s: %w", p.name, p.direction, fmt.Errorf(format, args...))
}

// failed turns the kernel's answer to doing what into an error of this package.
func (p *pcm) failed(what string, err error) error {
	if gone(err) {
		return p.errorf("%s: %w (%w)", what, audio.ErrUnplugged, err)
	}
	return p.errorf("%s: %w", what, err)
}

// gone reports whether err is what the kernel says of a card that was taken away.
func gone(err error) bool {
	return errors.Is(err, unix.ENODEV) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.EBADFD)
}

func (p *pcm) refine(params *hwParams) (bool, error) {
	err := ioctl(p.fd, pcmHWRefineRequest, params)
	if errors.Is(err, unix.EINVAL) {
		return false, nil
	}
	return err == nil, err
}

// constrain narrows what the hardware can do to the channels and rate that are asked
// for (0: any) and the first encoding that it has of those given.
func (p *pcm) constrain(want audio.Format, encodings []Encoding) (*hwParams, error) {
	params := anything()
	if ok, err := p.refine(&params); err != nil {
		return nil, p.failed("asking what it can do", err)
	} else if !ok {
		return nil, p.errorf("it can't be read or written interleaved")
	}
	refine := refiner(p.refine)
	for _, c := range []struct {
		param int
		what  string
		want  int
	}{{paramChannels, "channels", want.Channels}, {paramRate, "Hz", int(want.Rate)}} {
		if c.want == 0 {
			continue
		}
		low, high := params.bounds(c.param)
		ok, err := refine.narrow(&params, c.param, c.want, c.want)
		if err != nil {
			return nil, p.failed("asking what it can do", err)
		}
		if !ok {
			return nil, p.errorf("it can't do %d %s, but has %s: change the profile or leave the choice to the device",
				c.want, c.what, span(low, high))
		}
	}
	for _, e := range encodings {
		if !params.masks[paramFormat].has(int(e)) {
			continue
		}
		next := params
		next.setMask(paramFormat, int(e))
		next.ask()
		if ok, err := p.refine(&next); err != nil {
			return nil, p.failed("asking what it can do", err)
		} else if ok {
			p.encoding = e
			return &next, nil
		}
	}
	return nil, p.errorf("none of its sample formats is served; served are %v", encodings)
}

func span(low, high int) string {
	if low == high {
		return strconv.Itoa(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

// rates are those of the preferred rates (or the one asked for) that params leave.
func (p *pcm) rates(params *hwParams) ([]int, error) {
	low, high := params.bounds(paramRate)
	if low == high {
		return []int{low}, nil
	}
	rates, err := refiner(p.refine).choices(params, paramRate, preferredRates)
	if err != nil {
		return nil, p.failed("asking for its rates", err)
	}
	if len(rates) == 0 {
		rates = []int{low}
	}
	return rates, nil
}

// configure sets the hardware up: rate, the fewest channels that are left, a period
// of about period and a buffer of about buffer.
func (p *pcm) configure(params *hwParams, rate int, period, buffer time.Duration) error {
	refine := refiner(p.refine)
	frames := audio.SampleRate(rate).Frames
	steps := []func() (bool, error){
		func() (bool, error) { return refine.narrow(params, paramRate, rate, rate) },
		func() (bool, error) { return refine.least(params, paramChannels) },
		func() (bool, error) { return refine.near(params, paramPeriodSize, frames(period)) },
		func() (bool, error) {
			// At least two periods, or the hardware runs dry while one is handled.
			size, _ := params.bounds(paramPeriodSize)
			return refine.near(params, paramBufferSize, max(2*size, frames(buffer)))
		},
	}
	for _, step := range steps {
		if ok, err := step(); err != nil {
			return p.failed("setting it up", err)
		} else if !ok {
			return p.errorf("setting it up: %d Hz and periods of %v don't go together there", rate, period)
		}
	}
	params.ask()
	if err := ioctl(p.fd, pcmHWParamsRequest, params); err != nil {
		return p.failed("setting it up", err)
	}
	channels, _ := params.bounds(paramChannels)
	p.format = audio.Format{Rate: audio.SampleRate(rate), Channels: channels}
	p.period, _ = params.bounds(paramPeriodSize)
	p.buffer, _ = params.bounds(paramBufferSize)
	return nil
}

// never is a number of frames that no buffer reaches.
const never = ^uint(0) >> 1

// wake has poll report the PCM when at least avail frames can be read or written. The
// hardware starts on command only, and stops when the buffer has run over or dry.
func (p *pcm) wake(avail int) error {
	params := swParams{
		periodStep:     1,
		availMin:       uint(avail),
		startThreshold: never,
		stopThreshold:  uint(p.buffer),
	}
	if err := ioctl(p.fd, pcmSWParamsRequest, &params); err != nil {
		return p.failed("setting it up", err)
	}
	return nil
}

func (p *pcm) prepare() error {
	if err := command(p.fd, pcmPrepareRequest, 0); err != nil {
		return p.failed("preparing it", err)
	}
	return nil
}

func (p *pcm) start() error {
	if err := command(p.fd, pcmStartRequest, 0); err != nil {
		return p.failed("starting it", err)
	}
	return nil
}

// startWith starts p and other in one instant if the kernel can, so that their
// distance is the same each time. They don't stay linked, since an underrun of one
// would stop both.
func (p *pcm) startWith(other *pcm) error {
	if command(p.fd, pcmLinkRequest, other.fd) != nil {
		if err := other.start(); err != nil {
			return err
		}
		return p.start()
	}
	err := p.start()
	if unlinked := command(p.fd, pcmUnlinkRequest, 0); err == nil && unlinked != nil {
		err = p.failed("unlinking it", unlinked)
	}
	return err
}

// drop stops the hardware at once; what waits to be played is not.
func (p *pcm) drop() { _ = command(p.fd, pcmDropRequest, 0) }

// read and write move whole frames and don't wait; EAGAIN says that there are none.
func (p *pcm) read(raw []byte) (int, error)  { return unix.Read(p.fd, raw) }
func (p *pcm) write(raw []byte) (int, error) { return unix.Write(p.fd, raw) }
