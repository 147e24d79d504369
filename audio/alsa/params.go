package alsa

import "math"

// Parameters of hwParams: the first three are masks, the rest intervals.
const (
	paramAccess    = 0
	paramFormat    = 1
	paramSubformat = 2

	paramFirstInterval = 8
	paramChannels      = 10
	paramRate          = 11
	paramPeriodSize    = 13
	paramBufferSize    = 17
)

// Values of the masks.
const (
	accessRWInterleaved = 3
	subformatStandard   = 0
)

// Flags of an interval.
const (
	openMin = 1 << iota // min itself is not in the set
	openMax
	integer
	empty
)

func (m *mask) has(bit int) bool { return m.bits[bit/32]>>(bit%32)&1 != 0 }

// bounds are the smallest and the largest whole number in i.
func (i interval) bounds() (low, high int) {
	low, high = int(i.min), int(min(i.max, math.MaxInt32))
	if i.flags&openMin != 0 {
		low++
	}
	if i.flags&openMax != 0 {
		high--
	}
	return low, high
}

// anything is the set of all parameters, which the kernel narrows to those that the
// hardware has.
func anything() hwParams {
	var p hwParams
	for i := range p.masks {
		for j := range p.masks[i].bits {
			p.masks[i].bits[j] = math.MaxUint32
		}
	}
	for i := range p.intervals {
		p.intervals[i].max = math.MaxUint32
	}
	p.setMask(paramAccess, accessRWInterleaved)
	p.setMask(paramSubformat, subformatStandard)
	p.ask()
	return p
}

// ask marks every parameter as one for the kernel to look at.
func (p *hwParams) ask() { p.rmask, p.cmask, p.info = math.MaxUint32, 0, 0 }

// setMask leaves one value of a mask.
func (p *hwParams) setMask(param, bit int) {
	p.masks[param] = mask{}
	p.masks[param].bits[bit/32] = 1 << (bit % 32)
}

// setRange leaves the whole numbers from low to high of an interval.
func (p *hwParams) setRange(param, low, high int) {
	p.intervals[param-paramFirstInterval] = interval{min: uint32(low), max: uint32(high), flags: integer}
}

func (p *hwParams) bounds(param int) (low, high int) {
	return p.intervals[param-paramFirstInterval].bounds()
}

// refiner narrows p to what the hardware has and reports whether anything is left.
type refiner func(p *hwParams) (bool, error)

// narrow sets one parameter to low..high if the hardware agrees, else leaves p alone.
func (refine refiner) narrow(p *hwParams, param, low, high int) (bool, error) {
	next := *p
	next.setRange(param, low, high)
	next.ask()
	ok, err := refine(&next)
	if ok {
		*p = next
	}
	return ok, err
}

// near sets a parameter to the value that the hardware has next to want. It reports
// false when it has none.
func (refine refiner) near(p *hwParams, param, want int) (bool, error) {
	above, below := *p, *p
	low, high := p.bounds(param)
	want = min(max(want, low), high)
	hasAbove, err := refine.narrow(&above, param, want, high)
	if err != nil {
		return false, err
	}
	if up, _ := above.bounds(param); hasAbove && up == want {
		return refine.narrow(p, param, want, want)
	}
	hasBelow, err := refine.narrow(&below, param, low, want)
	if err != nil {
		return false, err
	}
	up, _ := above.bounds(param)
	_, down := below.bounds(param)
	switch {
	case hasAbove && (!hasBelow || up-want <= want-down):
		return refine.narrow(p, param, up, up)
	case hasBelow:
		return refine.narrow(p, param, down, down)
	}
	return false, nil
}

// least sets a parameter to the smallest value that the hardware has.
func (refine refiner) least(p *hwParams, param int) (bool, error) {
	low, _ := p.bounds(param)
	return refine.near(p, param, low)
}

// choices are those of values that the hardware has for a parameter.
func (refine refiner) choices(p *hwParams, param int, values []int) ([]int, error) {
	var out []int
	for _, v := range values {
		trial := *p
		ok, err := refine.narrow(&trial, param, v, v)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, v)
		}
	}
	return out, nil
}
