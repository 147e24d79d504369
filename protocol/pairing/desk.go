package pairing

import (
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/vap"
)

// desk has room for one request at a time, each worked on by a goroutine of its own. The
// zero desk is open.
type desk struct {
	mu     sync.Mutex
	closed bool
	taken  bool
	wg     sync.WaitGroup
}

// take takes the place; whoever got it calls leave, then done.
func (d *desk) take() *vap.Error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.closed:
		return closedError()
	case d.taken:
		return &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeBusy, RetryAfter: time.Second}
	}
	d.taken = true
	d.wg.Add(1)
	return nil
}

// leave gives the place to the next request.
func (d *desk) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken = false
}

func (d *desk) done() { d.wg.Done() }

// shut refuses all requests from now on; wait joins the goroutine of the last one.
func (d *desk) shut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
}

func (d *desk) wait() { d.wg.Wait() }
