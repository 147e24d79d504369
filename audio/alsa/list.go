package alsa

import (
	"errors"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

// PCM is one direction of a PCM device, and what it can do.
type PCM struct {
	Card      Card
	Name      Name // by the card's id
	Direction Direction
	// Title is the driver's name of the device.
	Title string
	// Subdevices is how many there are, Free how many are not in use.
	Subdevices, Free int
	// Rates are those of the usual rates that it has, in hertz and in the order in which
	// one is chosen. Together with MinChannels, MaxChannels and Encodings it is empty
	// when the device could not be asked: Problem says why.
	Rates                    []audio.SampleRate
	MinChannels, MaxChannels int
	Encodings                []Encoding
	Problem                  error
}

// Devices lists every PCM of every card, by card, device and direction (capture
// first). It opens each for a moment to ask what it can do. No card at all is not an
// error.
func Devices() ([]PCM, error) {
	cards, err := Cards()
	if err != nil {
		return nil, err
	}
	var all []PCM
	for _, card := range cards {
		pcms, err := card.pcms()
		if err != nil {
			if gone(err) {
				continue
			}
			return nil, err
		}
		all = append(all, pcms...)
	}
	for i := range all {
		all[i].Problem = all[i].ask()
	}
	return all, nil
}

func (c Card) pcms() ([]PCM, error) {
	ctl, err := openControl(c.Number)
	if err != nil {
		return nil, err
	}
	defer ctl.close()
	var pcms []PCM
	device := int32(-1)
	for {
		if err := ioctl(ctl.fd, ctlPCMNextDeviceRequest, &device); err != nil || device < 0 {
			return pcms, err
		}
		for _, direction := range []Direction{Capture, Playback} {
			info := pcmInfo{device: uint32(device), stream: int32(direction)}
			err := ioctl(ctl.fd, ctlPCMInfoRequest, &info)
			if errors.Is(err, unix.ENOENT) {
				continue // it lacks this direction
			}
			if err != nil {
				return pcms, err
			}
			pcms = append(pcms, PCM{
				Card:       c,
				Name:       Name{Card: c.ID, Device: int(device), Subdevice: Any},
				Direction:  direction,
				Title:      text(info.name[:]),
				Subdevices: int(info.subdevicesCount),
				Free:       int(info.subdevicesAvail),
			})
		}
	}
}

// ask fills in what the hardware can do.
func (d *PCM) ask() error {
	p, err := openPCM(d.Name, d.Direction)
	if err != nil {
		return err
	}
	defer p.close()
	params, err := p.constrain(audio.Format{}, encodings[:])
	if err != nil {
		return err
	}
	rates, err := p.rates(params)
	if err != nil {
		return err
	}
	for _, r := range rates {
		d.Rates = append(d.Rates, audio.SampleRate(r))
	}
	all := anything()
	if ok, err := p.refine(&all); err != nil || !ok {
		return p.failed("asking what it can do", err)
	}
	d.MinChannels, d.MaxChannels = all.bounds(paramChannels)
	for _, e := range encodings {
		if all.masks[paramFormat].has(int(e)) {
			d.Encodings = append(d.Encodings, e)
		}
	}
	return nil
}
