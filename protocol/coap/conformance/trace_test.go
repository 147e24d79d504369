package conformance

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/udp/coder"

	"vapd/internal/netsim"
)

// datagram is what the tap saw, and as often as it was sent.
type datagram struct {
	message.Message // empty when it is no CoAP
	raw             []byte
	dir             netsim.Direction
	client          netip.AddrPort
	first, last     time.Time
	sent            int // copies, those that were lost as well
	arrived         int // copies
	order           int // in the list
}

func (d *datagram) String() string {
	if d.isDTLS() {
		return fmt.Sprintf("%v DTLS % .13x", d.dir, d.raw)
	}
	return fmt.Sprintf("%v %v %v mid %d token %x %v, %d bytes, sent %d, arrived %d",
		d.dir, d.Type, d.Code, d.MessageID, d.Token, d.Options, len(d.Payload), d.sent, d.arrived)
}

func (d *datagram) isDTLS() bool { return len(d.raw) > 0 && d.raw[0]>>6 != 1 }

func (d *datagram) isRequest() bool {
	return !d.isDTLS() && d.dir == netsim.Up && d.Code >= 1 && d.Code < 32
}

func (d *datagram) isResponse() bool { return !d.isDTLS() && d.dir == netsim.Down && d.Code >= 64 }

func (d *datagram) has(id message.OptionID) bool { return d.Options.HasOption(id) }

func (d *datagram) uint(id message.OptionID) (uint32, bool) {
	v, err := d.Options.GetUint32(id)
	return v, err == nil
}

// values of a repeated option.
func (d *datagram) values(id message.OptionID) []string {
	var all []string
	for _, o := range d.Options {
		if o.ID == id {
			all = append(all, string(o.Value))
		}
	}
	return all
}

// block of a Block1 or Block2 option.
type block struct {
	num  int
	more bool
	size int // bytes
}

func (d *datagram) block(id message.OptionID) (b block, ok bool) {
	v, ok := d.uint(id)
	return block{int(v >> 4), v&8 != 0, 16 << (v & 7)}, ok
}

// trace is what a tap saw, repetitions counted and not listed.
type trace struct {
	mu  sync.Mutex
	all []*datagram
}

// observe is netsim.Config.Observe.
func (t *trace) observe(p netsim.Packet) {
	t.mu.Lock()
	defer t.mu.Unlock()
	arrived := 1
	if p.Fate == netsim.Lost || p.Fate == netsim.Dropped {
		arrived = 0
	}
	for _, d := range t.all {
		if d.dir == p.Direction && d.client == p.Satellite && bytes.Equal(d.raw, p.Data) {
			d.sent++
			d.last = p.Time
			d.arrived += arrived
			return
		}
	}
	d := &datagram{
		raw: bytes.Clone(p.Data), dir: p.Direction, client: p.Satellite, first: p.Time, last: p.Time,
		sent: 1, arrived: arrived,
	}
	if !d.isDTLS() {
		d.Options = make(message.Options, 0, 64)
		if _, err := coder.DefaultCoder.Decode(d.raw, &d.Message); err != nil {
			d.Message = message.Message{}
		}
	}
	t.all = append(t.all, d)
}

// list is what was seen so far, in the order it came to the tap: that tells of a request
// after it passed it on, and so maybe after the response.
func (t *trace) list() []*datagram {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]*datagram, len(t.all))
	for i, d := range t.all {
		c := *d
		all[i] = &c
	}
	slices.SortStableFunc(all, func(a, b *datagram) int { return a.first.Compare(b.first) })
	for i, d := range all {
		d.order = i
	}
	return all
}

// sent is how many datagrams were, copies included.
func (t *trace) sent() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range t.all {
		n += d.sent
	}
	return n
}

func (t *trace) String() string {
	var b strings.Builder
	for _, d := range t.list() {
		fmt.Fprintf(&b, "  %v\n", d)
	}
	return b.String()
}

// exchange is a request and what it brought about.
type exchange struct {
	req   *datagram
	empty *datagram   // acknowledgement without a response, or nil
	resps []*datagram // responses with the request's token, notifications among them
	trace []*datagram
}

// resp is the first response that reached the client, or nil.
func (x *exchange) resp() *datagram {
	for _, d := range x.resps {
		if d.arrived > 0 {
			return d
		}
	}
	return nil
}

// acked is the client's empty message about a response: ACK, RST or nil.
func (x *exchange) acked(resp *datagram) *datagram {
	for _, d := range x.trace {
		if d.dir == netsim.Up && d.client == resp.client && d.MessageID == resp.MessageID && d.Code == codes.Empty &&
			(d.Type == message.Acknowledgement || d.Type == message.Reset) && !d.isDTLS() {
			return d
		}
	}
	return nil
}

// exchangesOf are the requests in their order. A token belongs to its latest request.
func exchangesOf(all []*datagram) []*exchange {
	var xs []*exchange
	for _, d := range all {
		if d.isRequest() {
			xs = append(xs, &exchange{req: d, trace: all})
			continue
		}
		for _, x := range slices.Backward(xs) {
			if d.dir != netsim.Down || d.isDTLS() || x.req.client != d.client {
				continue
			}
			if d.Code == codes.Empty && d.Type == message.Acknowledgement && d.MessageID == x.req.MessageID {
				x.empty = d
				break
			}
			if d.isResponse() && bytes.Equal(d.Token, x.req.Token) {
				x.resps = append(x.resps, d)
				break
			}
		}
	}
	return xs
}
