package alsa

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// ControlType says what the values of a control are.
type ControlType int

// Types of controls, with the kernel's numbers.
const (
	Boolean    ControlType = 1
	Integer    ControlType = 2
	Enumerated ControlType = 3
	Bytes      ControlType = 4
	IEC958     ControlType = 5
	Integer64  ControlType = 6
)

// String is the type's name in lower case.
func (t ControlType) String() string {
	names := [...]string{"none", "boolean", "integer", "enumerated", "bytes", "iec958", "integer64"}
	if t < 0 || int(t) >= len(names) {
		return "type " + strconv.Itoa(int(t))
	}
	return names[t]
}

// Interface is what a control belongs to, with the kernel's numbers.
type Interface int

// Interfaces. Nearly every control is of the mixer's.
const (
	CardInterface  Interface = 0
	MixerInterface Interface = 2
	PCMInterface   Interface = 3
)

var interfaceNames = [...]string{"card", "hwdep", "mixer", "pcm", "rawmidi", "timer", "sequencer"}

// ControlID names a control of a card.
type ControlID struct {
	Interface         Interface
	Name              string // "Capture Volume", as `amixer controls` shows it
	Index             int    // of several with one name
	Device, Subdevice int    // 0 but for controls of a PCM
}

// maxName is the longest name of a control in bytes, without the ending zero.
const maxName = 43

// maxItems bounds the items of an enumerated control that are read.
const maxItems = 1024

// ParseControl reads a control's name: [INTERFACE:]NAME[,INDEX[,DEVICE[,SUBDEVICE]]],
// where INTERFACE is card, hwdep, mixer (when left out), pcm, rawmidi, timer or
// sequencer: "Capture Volume", "Headphone Playback Volume,1", "pcm:PCM Notify,0,1".
func ParseControl(s string) (ControlID, error) {
	id := ControlID{Interface: MixerInterface, Name: s}
	fail := func(why string) (ControlID, error) {
		return ControlID{}, fmt.Errorf("alsa: control %q: %s", s, why)
	}
	if prefix, rest, ok := strings.Cut(s, ":"); ok {
		if at := slices.Index(interfaceNames[:], prefix); at >= 0 {
			id.Interface, id.Name = Interface(at), rest
		}
	}
	// A name may have commas itself, so numbers are taken from the end.
	var numbers []int
	for len(numbers) < 3 {
		at := strings.LastIndexByte(id.Name, ',')
		if at < 0 {
			break
		}
		n, err := strconv.ParseUint(id.Name[at+1:], 10, 31)
		if err != nil {
			break
		}
		numbers = append([]int{int(n)}, numbers...)
		id.Name = id.Name[:at]
	}
	for i, field := range []*int{&id.Index, &id.Device, &id.Subdevice}[:len(numbers)] {
		*field = numbers[i]
	}
	switch {
	case strings.TrimSpace(id.Name) == "":
		return fail("its name is missing")
	case len(id.Name) > maxName:
		return fail(fmt.Sprintf("its name is longer than %d bytes", maxName))
	case strings.ContainsRune(id.Name, 0):
		return fail("its name has a zero byte")
	}
	return id, nil
}

// String is the id as ParseControl reads it, as short as it can be.
func (id ControlID) String() string {
	s := id.Name
	prefix, _, colon := strings.Cut(s, ":")
	misread := colon && slices.Contains(interfaceNames[:], prefix)
	if known := id.Interface >= 0 && int(id.Interface) < len(interfaceNames); known && (misread || id.Interface != MixerInterface) {
		s = interfaceNames[id.Interface] + ":" + s
	}
	numbers := []int{id.Index, id.Device, id.Subdevice}
	_, err := strconv.ParseUint(id.Name[strings.LastIndexByte(id.Name, ',')+1:], 10, 31)
	endsInNumber := err == nil && strings.Contains(id.Name, ",")
	for len(numbers) > 0 && numbers[len(numbers)-1] == 0 && !endsInNumber {
		numbers = numbers[:len(numbers)-1]
	}
	for _, n := range numbers {
		s += "," + strconv.Itoa(n)
	}
	return s
}

// Control is one control of a card and what it can take.
type Control struct {
	ID    ControlID
	Type  ControlType
	Count int // values, one for each channel
	// Min, Max and Step are of an Integer or Integer64; a Step of 0 is unknown.
	Min, Max, Step     int64
	Items              []string // of an Enumerated
	Readable, Writable bool

	number uint32
}

// Parse reads values in the form "VALUE" for all channels or "VALUE,VALUE" for each.
// A value is on or off for a Boolean; a number or a percentage of the range for an
// Integer; an item's name or number for an Enumerated.
func (c Control) Parse(s string) ([]int64, error) {
	fields := strings.Split(s, ",")
	if c.Type == Enumerated && slices.Contains(c.Items, s) {
		fields = []string{s} // the item has a comma in its name
	}
	if len(fields) != 1 && len(fields) != c.Count {
		return nil, fmt.Errorf("alsa: control %q: %d values in %q: give one or %d", c.ID, len(fields), s, c.Count)
	}
	values := make([]int64, c.Count)
	for i := range values {
		v, err := c.parse(strings.TrimSpace(fields[min(i, len(fields)-1)]))
		if err != nil {
			return nil, fmt.Errorf("alsa: control %q: %w", c.ID, err)
		}
		values[i] = v
	}
	return values, nil
}

func (c Control) parse(s string) (int64, error) {
	switch c.Type {
	case Boolean:
		switch strings.ToLower(s) {
		case "on", "1", "true":
			return 1, nil
		case "off", "0", "false":
			return 0, nil
		}
		return 0, fmt.Errorf("%q: must be on or off", s)
	case Enumerated:
		if at := slices.Index(c.Items, s); at >= 0 {
			return int64(at), nil
		}
		if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < len(c.Items) {
			return int64(n), nil
		}
		return 0, fmt.Errorf("%q: must be one of %q", s, c.Items)
	case Integer, Integer64:
		return c.parseNumber(s)
	}
	return 0, fmt.Errorf("values of type %v can't be set", c.Type)
}

func (c Control) parseNumber(s string) (int64, error) {
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		p, err := strconv.ParseFloat(percent, 64)
		if err != nil || !(p >= 0 && p <= 100) {
			return 0, fmt.Errorf("%q: must be 0%% to 100%%", s)
		}
		low, high := float64(c.Min), float64(c.Max)
		v := math.Round(low + p/100*(high-low))
		if v >= high { // which may be above Max, rounded
			return c.Max, nil
		}
		return max(int64(v), c.Min), nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < c.Min || n > c.Max {
		return 0, fmt.Errorf("%q: must be %d to %d, or a percentage", s, c.Min, c.Max)
	}
	return n, nil
}

// Text is values as people read them and Parse takes them.
func (c Control) Text(values []int64) string {
	words := make([]string, len(values))
	for i, v := range values {
		switch {
		case c.Type == Boolean && v == 0:
			words[i] = "off"
		case c.Type == Boolean:
			words[i] = "on"
		case c.Type == Enumerated && v >= 0 && v < int64(len(c.Items)):
			words[i] = c.Items[v]
		default:
			words[i] = strconv.FormatInt(v, 10)
		}
	}
	if len(slices.Compact(slices.Clone(words))) == 1 {
		return words[0]
	}
	return strings.Join(words, ",")
}

// The members of the unions in elemInfo.
type (
	integerInfo    struct{ min, max, step int }
	integer64Info  struct{ min, max, step int64 }
	enumeratedInfo struct {
		items, item uint32
		name        [64]byte
	}
)

// Bits of elemInfo.access.
const (
	elemAccessRead  = 1 << 0
	elemAccessWrite = 1 << 1
)

func (e *elemInfo) enumerated() *enumeratedInfo {
	return (*enumeratedInfo)(unsafe.Pointer(&e.value))
}

func (e *elemInfo) control() Control {
	c := Control{
		ID: ControlID{
			Interface: Interface(e.id.iface),
			Name:      text(e.id.name[:]),
			Index:     int(e.id.index),
			Device:    int(e.id.device),
			Subdevice: int(e.id.subdevice),
		},
		Type:     ControlType(e.typ),
		Count:    int(e.count),
		Readable: e.access&elemAccessRead != 0,
		Writable: e.access&elemAccessWrite != 0,
		number:   e.id.numid,
	}
	// A count of the kernel's never leads beyond the union.
	var value elemValue
	if c.Type == Integer64 {
		c.Count = min(c.Count, len(value.wide()))
	} else {
		c.Count = min(c.Count, len(value.value))
	}
	switch c.Type {
	case Integer:
		i := (*integerInfo)(unsafe.Pointer(&e.value))
		c.Min, c.Max, c.Step = int64(i.min), int64(i.max), int64(i.step)
	case Integer64:
		i := (*integer64Info)(unsafe.Pointer(&e.value))
		c.Min, c.Max, c.Step = i.min, i.max, i.step
	}
	return c
}

var errNotNumbers = errors.New("its values are not numbers")

// get reads the values of a control of c's type.
func (e *elemValue) get(c Control) ([]int64, error) {
	var values []int64
	switch c.Type {
	case Boolean, Integer:
		for _, v := range e.value[:c.Count] {
			values = append(values, int64(int(v)))
		}
	case Integer64:
		values = append(values, e.wide()[:c.Count]...)
	case Enumerated:
		for _, v := range e.items()[:c.Count] {
			values = append(values, int64(v))
		}
	default:
		return nil, errNotNumbers
	}
	return values, nil
}

// set writes values, which Control.Parse made.
func (e *elemValue) set(c Control, values []int64) {
	for i, v := range values {
		switch c.Type {
		case Boolean, Integer:
			e.value[i] = uint(v)
		case Integer64:
			e.wide()[i] = v
		case Enumerated:
			e.items()[i] = uint32(v)
		}
	}
}

func (e *elemValue) wide() *[64]int64 { return (*[64]int64)(unsafe.Pointer(&e.value)) }

func (e *elemValue) items() *[128]uint32 { return (*[128]uint32)(unsafe.Pointer(&e.value)) }
