package alsa

import (
	"errors"
	"fmt"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"

	"vapd/audio"
)

// Mixer is the controls of one card: volumes, switches, routes. It is for one
// goroutine at a time.
type Mixer struct {
	ctl  *control
	card Card
}

// OpenMixer opens the controls of a card, given by id, number or short name. It fails
// with audio.ErrUnplugged when there is no such card. Close it when done.
func OpenMixer(card string) (*Mixer, error) {
	c, err := findCard(card)
	if err != nil {
		return nil, err
	}
	ctl, err := openControl(c.Number)
	if err != nil {
		return nil, fmt.Errorf("alsa: mixer of card %q: %w", card, err)
	}
	return &Mixer{ctl: ctl, card: c}, nil
}

// Close gives the card's controls back.
func (m *Mixer) Close() { m.ctl.close() }

// Card is the card that m was opened for.
func (m *Mixer) Card() Card { return m.card }

func (m *Mixer) failed(what string, err error) error {
	if gone(err) {
		return fmt.Errorf("alsa: card %s: %s: %w (%w)", m.card.ID, what, audio.ErrUnplugged, err)
	}
	return fmt.Errorf("alsa: card %s: %s: %w", m.card.ID, what, err)
}

// Controls lists the controls in the card's order, with what each can take.
func (m *Mixer) Controls() ([]Control, error) {
	ids, err := m.ids()
	if err != nil {
		return nil, m.failed("listing its controls", err)
	}
	controls := make([]Control, 0, len(ids))
	for _, id := range ids {
		c, err := m.describe(id)
		if errors.Is(err, unix.ENOENT) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, m.failed("describing control "+text(id.name[:]), err)
		}
		controls = append(controls, c)
	}
	return controls, nil
}

func (m *Mixer) ids() ([]elemID, error) {
	var list elemList
	if err := ioctl(m.ctl.fd, ctlElemListRequest, &list); err != nil || list.count == 0 {
		return nil, err
	}
	ids := make([]elemID, list.count)
	list = elemList{space: list.count, pids: unsafe.Pointer(unsafe.SliceData(ids))}
	err := ioctl(m.ctl.fd, ctlElemListRequest, &list)
	return ids[:min(int(list.used), len(ids))], err
}

func (m *Mixer) describe(id elemID) (Control, error) {
	info := elemInfo{id: id}
	if err := ioctl(m.ctl.fd, ctlElemInfoRequest, &info); err != nil {
		return Control{}, err
	}
	c := info.control()
	if c.Type != Enumerated {
		return c, nil
	}
	items := info.enumerated().items
	for i := range min(items, maxItems) {
		info = elemInfo{id: id}
		info.enumerated().item = i
		if err := ioctl(m.ctl.fd, ctlElemInfoRequest, &info); err != nil {
			return Control{}, err
		}
		c.Items = append(c.Items, text(info.enumerated().name[:]))
	}
	return c, nil
}

// Find is the control with that name, as ParseControl reads it.
func (m *Mixer) Find(name string) (Control, error) {
	id, err := ParseControl(name)
	if err != nil {
		return Control{}, err
	}
	elem := elemID{iface: int32(id.Interface), device: uint32(id.Device), subdevice: uint32(id.Subdevice), index: uint32(id.Index)}
	copy(elem.name[:], id.Name)
	c, err := m.describe(elem)
	if errors.Is(err, unix.ENOENT) {
		return Control{}, m.failed(fmt.Sprintf("it has no control %q", id), err)
	}
	if err != nil {
		return Control{}, m.failed(fmt.Sprintf("describing control %q", id), err)
	}
	return c, nil
}

// Get reads the values of c, one for each channel: 0 or 1 of a Boolean, the item's
// number of an Enumerated.
func (m *Mixer) Get(c Control) ([]int64, error) {
	if !c.Readable {
		return nil, m.failed(fmt.Sprintf("control %q", c.ID), errors.New("it can't be read"))
	}
	value := elemValue{id: elemID{numid: c.number}}
	if err := ioctl(m.ctl.fd, ctlElemReadRequest, &value); err != nil {
		return nil, m.failed(fmt.Sprintf("reading control %q", c.ID), err)
	}
	values, err := value.get(c)
	if err != nil {
		return nil, m.failed(fmt.Sprintf("reading control %q", c.ID), err)
	}
	return values, nil
}

// Set gives the control with that name a value, as Control.Parse reads it, and reads
// it back: hardware that took another value is an error that says which.
func (m *Mixer) Set(name, value string) error {
	c, err := m.Find(name)
	if err != nil {
		return err
	}
	values, err := c.Parse(value)
	if err != nil {
		return m.failed("setting a control", err)
	}
	if !c.Writable {
		return m.failed(fmt.Sprintf("control %q", c.ID), errors.New("it can't be set"))
	}
	elem := elemValue{id: elemID{numid: c.number}}
	elem.set(c, values)
	if err := ioctl(m.ctl.fd, ctlElemWriteRequest, &elem); err != nil {
		return m.failed(fmt.Sprintf("setting control %q to %s", c.ID, value), err)
	}
	if !c.Readable {
		return nil
	}
	got, err := m.Get(c)
	if err != nil {
		return err
	}
	if !slices.Equal(got, values) {
		return m.failed(fmt.Sprintf("setting control %q to %s", c.ID, value),
			fmt.Errorf("the hardware took %s instead", c.Text(got)))
	}
	return nil
}
