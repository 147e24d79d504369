package hub

import (
	"slices"
	"strings"
	"sync"
	"time"

	"vapd/protocol/control"
	"vapd/protocol/pairing"
)

// desk is what the owner can look at of pairings that are under way: it follows what the
// pairing.Server tells, which is in order.
type desk struct {
	now func() time.Time

	mu    sync.Mutex
	state control.Pairings
	code  pairing.Code // of state.Compare
	asked []time.Time  // when those of state.Asked did, the earliest first
}

// told takes note of what happened, which owners are told as shown.
func (d *desk) told(e pairing.Event, shown control.HubEvent) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e.Kind {
	case pairing.Asked:
		d.state.Asked = append(d.state.Asked, shown)
		d.asked = append(d.asked, d.now())
	case pairing.Compare:
		d.state.Compare, d.code = &shown, e.Code
	case pairing.Opened, pairing.Paired, pairing.Closed:
		open := e.Kind == pairing.Opened
		switch e.Way {
		case pairing.ByPush:
			d.state.Push, d.state.Compare = open, nil
			d.state.Asked, d.asked = nil, nil
		case pairing.ByCode:
			d.state.Code = open
		}
	}
	d.forget()
}

// forget drops those who asked too long ago: their satellites have given up.
func (d *desk) forget() {
	n := 0
	for n < len(d.asked) && d.now().Sub(d.asked[n]) > pairing.PushWindow {
		n++
	}
	d.asked, d.state.Asked = d.asked[n:], d.state.Asked[n:]
}

// look is how it is now.
func (d *desk) look() control.Pairings {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget()
	state := d.state
	state.Asked = slices.Clone(state.Asked)
	return state
}

// compared is the code that waits for the owner, if it is the one of digits, with or without
// spaces.
func (d *desk) compared(digits string) (pairing.Code, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	bare := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	return d.code, d.state.Compare != nil && bare(d.code.Digits()) == bare(digits)
}
