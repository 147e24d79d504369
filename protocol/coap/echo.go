package coap

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash/maphash"
	"math"
	"net/netip"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

const (
	// amplification is how many times its own bytes a peer gets whose address is not
	// proved (RFC 9175 section 2.4).
	amplification = 3
	// provedFor is how long an address counts as proved, and echoFor how long an Echo
	// value proves one.
	provedFor = 10 * time.Minute
	echoTick  = 16 * time.Second
	echoTicks = 4
	maxCredit = math.MaxInt32
)

// proof is what is known of whether a peer is where its datagrams say. It is proved
// by what only who receives our datagrams can send, and who did not ask us would not:
// a right Echo value, or a success in response to a request of ours, whose token has
// 64 random bits. An acknowledgement or a reset is no proof: its 16 bits can be guessed,
// and a victim that speaks CoAP sends a reset, or an error, to whatever it gets.
type proof struct {
	trusted bool // by Config.Trusted, or cryptography
	until   time.Time
	credit  int // bytes of answers that an unproved peer has paid for
}

func (p *peer) proved(now time.Time) bool {
	return p.proof.trusted || now.Before(p.proof.until)
}

func (p *peer) prove(now time.Time) {
	if !p.proof.trusted {
		p.proof.until = now.Add(provedFor)
	}
}

// responded takes a response to a request of ours for a proof, if it is a success.
func (p *peer) responded(r *receiver) {
	if r.f.code>>5 == 2 {
		p.prove(r.now)
	}
}

// Trust says that the application knows the peer to be at its address, since it was
// told a secret there, or is known by one: the peer may observe and gets answers of
// any size, for ten minutes, without a proof by Echo that not every client can give.
func (e *Endpoint) Trust(to Peer) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.handle(to).present().prove(time.Now())
}

// paid counts n bytes that came from the peer; one datagram to a group asks many
// peers, and pays for less.
func (p *peer) paid(n int, multicast bool) {
	if !multicast {
		n *= amplification
	}
	p.proof.credit = min(p.proof.credit+n, maxCredit)
}

func (p *peer) spend(n int) { p.proof.credit = max(p.proof.credit-n, 0) }

// afford reports whether an answer of n bytes may go to the peer once more, and
// counts it.
func (p *peer) afford(n int) bool {
	if !p.proved(time.Now()) {
		if p.proof.credit < n {
			return false
		}
	}
	p.spend(n)
	return true
}

// room is how many bytes the answer may have.
func (in *incoming) room(now time.Time) int {
	switch p := in.peer; {
	case p.proved(now):
		return maxDatagram
	case in.req.Multicast:
		return min(p.proof.credit, in.size)
	default:
		return p.proof.credit
	}
}

// echoFor is the Echo value that proves addr: the time in ticks, and a code that binds
// it to the address. It needs no memory, so that a flood of strangers costs none.
func (e *Endpoint) echoFor(addr netip.AddrPort, now time.Time) []byte {
	return e.echoAt(addr, uint16(now.Sub(e.began)/echoTick))
}

func (e *Endpoint) echoAt(addr netip.AddrPort, tick uint16) []byte {
	value := binary.BigEndian.AppendUint16(nil, tick)
	mac := hmac.New(sha256.New, e.echoKey[:])
	mac.Write(value)
	text, _ := addr.MarshalBinary() // never fails
	mac.Write(text)
	return append(value, mac.Sum(nil)[:6]...)
}

// echoes reports whether value is what echoFor gave for addr a short time ago.
func (e *Endpoint) echoes(value []byte, addr netip.AddrPort, now time.Time) bool {
	if len(value) != 8 {
		return false
	}
	tick := binary.BigEndian.Uint16(value)
	return uint16(now.Sub(e.began)/echoTick)-tick < echoTicks && hmac.Equal(value, e.echoAt(addr, tick))
}

// hold keeps the response to a request that may not be done twice, until the peer
// repeats it with its address proved.
func (in *incoming) hold(resp *Response) {
	if in.req.Code == codes.GET || in.req.Code == FETCH {
		return
	}
	now := time.Now()
	t := in.peer.newTransfer(&in.peer.answers, in.heldKey(), now)
	t.resp = resp
	t.progress(len(resp.Body), now) // or the handler is asked again
}

// held is the response that hold kept.
func (in *incoming) held(now time.Time) *Response {
	t := in.peer.findTransfer(in.peer.answers, in.heldKey(), now)
	if t == nil {
		return nil
	}
	t.drop()
	return t.resp
}

// proves takes the Echo value of a request. It reports whether that was answered,
// with what was held back.
func (in *incoming) proves(echo []byte, now time.Time, w *work) bool {
	p := in.peer
	if !p.e.echoes(echo, in.path.Peer, now) {
		return false
	}
	p.prove(now)
	resp := in.held(now)
	if resp != nil {
		in.answer(resp, w)
	}
	return resp != nil
}

// heldKey tells a request by all that it asks for, its body too.
func (in *incoming) heldKey() uint64 {
	var h maphash.Hash
	h.SetSeed(in.peer.e.seed)
	maphash.WriteComparable(&h, [2]uint64{in.key, uint64(optionEcho)})
	h.Write(in.req.Body)
	return h.Sum64()
}

// echo takes the demand to prove our address, once a call: the message is sent again
// with the value that came.
func (c *Call) echo(f *frame, o *options) bool {
	if f.code != codes.Unauthorized || o.echo == nil || c.proof != nil {
		return false
	}
	c.proof = bytes.Clone(o.echo)
	return true
}

// restart reports whether the first block came small only since our address is not
// proved: a GET begins again with the proof, and gets it whole.
func (c *Call) restart(f *frame, o *options) bool {
	if c.req.Code != codes.GET && c.req.Code != FETCH || c.proof != nil || c.watch != nil || c.up.active {
		return false
	}
	own, _ := szxOf(c.e.cfg.BlockSize)
	if f.code>>5 != 2 || o.echo == nil || !o.hasBlock2 || o.block2.num > 0 || !o.block2.more || o.block2.szx >= own {
		return false
	}
	c.proof = bytes.Clone(o.echo)
	return true
}

// answers reports whether packet is a response, which amplifies.
func answers(packet []byte) bool { return codes.Code(packet[1])>>5 >= 2 }
