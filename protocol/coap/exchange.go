package coap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
)

// exchange is a message of ours whose fate the other side tells: a confirmable one
// is sent again until it is acknowledged, rejected or MaxTransmitWait has passed; a
// non-confirmable one may be rejected.
//
// The n-th retransmission follows the one before after 2^n times the first timeout
// (rtoEstimator.timeout), MaxRTO at most.
type exchange struct {
	alarm   alarm
	owner   exchangeOwner
	peer    *peer
	packet  []byte
	path    Path
	mid     uint16
	active  bool // in peer.exchanges
	first   time.Time
	end     time.Time // when it is given up
	timeout time.Duration
	repeats int
	refused error // by the socket, the last time
}

// exchangeOwner is told, once, how its exchange ended. Endpoint.mu is held.
type exchangeOwner interface {
	acknowledged(w *work)
	failed(err error, w *work)
}

// begin sends packet, whose message id is peer's next, for the first time.
func (x *exchange) begin(owner exchangeOwner, p *peer, packet []byte, path Path, w *work) {
	mid := p.messageID()
	binary.BigEndian.PutUint16(packet[2:], mid)
	now := time.Now()
	*x = exchange{
		owner: owner, peer: p, packet: packet, path: path, mid: mid, active: true, first: now,
	}
	if p.exchanges == nil {
		p.exchanges = make(map[uint16]*exchange)
	}
	p.exchanges[mid] = x
	if x.confirmable() {
		x.timeout = p.rto.timeout(&p.e.cfg)
		x.end = now.Add(p.e.cfg.MaxTransmitWait)
		p.e.setAlarm(&x.alarm, x, now.Add(x.timeout))
	}
	p.send(packet, path, x, w)
}

func (x *exchange) confirmable() bool {
	return message.Type(x.packet[0]>>4&3) == message.Confirmable
}

// stop ends the exchange without a word to its owner.
func (x *exchange) stop() {
	if x.active {
		x.active = false
		x.peer.e.clearAlarm(&x.alarm)
		delete(x.peer.exchanges, x.mid)
	}
}

// measure takes the acknowledgement that came now as a measurement of the round trip.
func (x *exchange) measure(now time.Time) {
	if x.active {
		x.peer.rto.measure(now.Sub(x.first), x.repeats)
	}
}

// again sends the same once more.
func (x *exchange) again(w *work) {
	x.repeats++
	if answers(x.packet) && !x.peer.afford(len(x.packet)) {
		return
	}
	x.peer.stats.Retransmitted++
	x.peer.e.stats.Retransmitted++
	x.peer.send(x.packet, x.path, x, w)
}

// ring is the retransmission timeout.
func (x *exchange) ring(now time.Time, w *work) {
	if !now.Before(x.end) {
		x.stop()
		err := ErrNoReply
		if x.refused != nil {
			err = fmt.Errorf("%w; the last attempt to send: %w", ErrNoReply, x.refused)
		}
		x.owner.failed(err, w)
		return
	}
	if in, ok := x.owner.(*incoming); ok && in.notification && in.observer.supersede(in, now, w) {
		return
	}
	x.again(w)
	x.backOff(now, x.timeout, x.end)
}

// backOff waits twice as long as the timeout that has passed, until end at most.
func (x *exchange) backOff(now time.Time, timeout time.Duration, end time.Time) {
	e := x.peer.e
	x.timeout, x.end = min(2*timeout, e.cfg.MaxRTO), end
	next := now.Add(x.timeout)
	if next.After(end) {
		next = end
	}
	e.setAlarm(&x.alarm, x, next)
}

// unsent takes note that the socket refused the message. A confirmable one is tried
// again when its time comes.
func (x *exchange) unsent(err error, w *work) {
	switch {
	case !x.active:
	case errors.Is(err, ErrEnded): // and does not begin again
		x.stop()
		x.owner.failed(ErrEnded, w)
	case x.confirmable():
		x.refused = err
		x.path = Path{Peer: x.path.Peer, Association: x.path.Association} // never without
	default:
		x.stop()
		x.owner.failed(fmt.Errorf("coap: cannot send: %w", err), w)
	}
}
