package conformance

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
)

// dtlsRows are TD_COAP_DTLS_01 to 03.
func dtlsRows() []row {
	return []row{
		{name: "DTLS_01", objective: "pre-shared key", secure: true, run: func(c *cell) {
			c.secured()
			c.checkHandshake()
		}},
		{name: "DTLS_02", objective: "wrong pre-shared key", secure: true, run: wrongPSK},
		{name: "DTLS_03", objective: "pre-shared key, each datagram of the handshake lost once", secure: true, lossy: true, run: lossyHandshake},
	}
}

// Of RFC 6347 and RFC 6655.
const (
	typeAlert       = 21
	typeHandshake   = 22
	typeApplication = 23
	typeCID         = 25 // RFC 9146: one of the others inside

	clientHello = 1
	serverHello = 2

	pskAES128CCM8 = 0xc0a8
)

// record of DTLS, its content as it was sent.
type record struct {
	typ     byte
	epoch   uint16
	content []byte
}

// records are those in a datagram. What follows one with a connection id, whose length
// only the peers know, is left out.
func (d *datagram) records() []record {
	var all []record
	for b := d.raw; len(b) >= 13; {
		r := record{typ: b[0], epoch: binary.BigEndian.Uint16(b[3:])}
		if r.typ == typeCID {
			return append(all, r)
		}
		end := min(13+int(binary.BigEndian.Uint16(b[11:])), len(b))
		r.content = b[13:end]
		all = append(all, r)
		b = b[end:]
	}
	return all
}

// message is the body of a handshake message in clear, nil when r is none of the type.
func (r record) message(typ byte) []byte {
	if r.typ != typeHandshake || r.epoch != 0 || len(r.content) < 12 || r.content[0] != typ {
		return nil
	}
	return r.content[12:]
}

// hello are the cipher suites of a ClientHello, or the one of a ServerHello.
func hello(body []byte, server bool) (suites []uint16) {
	skip := func(n int) {
		body = body[min(n, len(body)):]
	}
	skip(2 + 32) // version and random
	if len(body) > 0 {
		skip(1 + int(body[0])) // session id
	}
	n := 2
	if !server {
		if len(body) > 0 {
			skip(1 + int(body[0])) // cookie
		}
		if len(body) < 2 {
			return nil
		}
		n = int(binary.BigEndian.Uint16(body))
		skip(2)
	}
	for b := range slices.Chunk(body[:min(n, len(body))], 2) {
		if len(b) == 2 {
			suites = append(suites, binary.BigEndian.Uint16(b))
		}
	}
	return suites
}

// secured gets /secure with the right key.
func (c *cell) secured() {
	s := c.do(request{method: codes.GET, path: "secure", key: rightKey})
	c.check(s.body == "secure" && (s.code == 0 || s.code == codes.Content), "/secure is %v %q", s.code, s.body)
}

// checkHandshake checks the suites and how far it went: to what is encrypted in both
// directions, the Finished messages first.
func (c *cell) checkHandshake() {
	c.checkSuites()
	finished, data := c.encrypted()
	c.check(finished == [2]bool{true, true}, "Finished both ways: %v", finished)
	c.check(data == [2]bool{true, true}, "application data both ways: %v", data)
}

// checkSuites checks what was offered and chosen.
func (c *cell) checkSuites() {
	var offered, chosen []uint16
	for _, d := range c.list() {
		for _, r := range d.records() {
			if b := r.message(clientHello); b != nil && d.dir == netsim.Up {
				offered = hello(b, false)
			}
			if b := r.message(serverHello); b != nil && d.dir == netsim.Down {
				chosen = hello(b, true)
			}
		}
	}
	c.check(slices.Contains(offered, pskAES128CCM8), "offered suites %04x lack TLS_PSK_WITH_AES_128_CCM_8", offered)
	c.check(slices.Equal(chosen, []uint16{pskAES128CCM8}), "chosen suite %04x, of %04x", chosen, offered)
}

// encrypted says in which directions handshake messages and application data went
// encrypted.
func (c *cell) encrypted() (finished, data [2]bool) {
	for _, d := range c.list() {
		for _, r := range d.records() {
			switch {
			case r.typ == typeCID: // the handshake's last message among them
				if finished[d.dir] {
					data[d.dir] = true
				}
				finished[d.dir] = true
			case r.epoch > 0 && r.typ == typeHandshake:
				finished[d.dir] = true
			case r.epoch > 0 && r.typ == typeApplication:
				data[d.dir] = true
			}
		}
	}
	return finished, data
}

func wrongPSK(c *cell) {
	_, err := c.client.do(c, request{method: codes.GET, path: "secure", key: wrongKey})
	c.check(err != nil, "the client got an answer with the wrong key")
	c.checkSuites()
	_, data := c.encrypted()
	c.check(data == [2]bool{}, "application data: %v", data)
	alert := slices.ContainsFunc(c.list(), func(d *datagram) bool {
		return slices.ContainsFunc(d.records(), func(r record) bool { return r.typ == typeAlert })
	})
	c.check(alert, "no alert")
}

// lossyHandshake loses each datagram of a handshake in turn.
func lossyHandshake(c *cell) {
	c.secured()
	c.checkHandshake()
	var n [2]int
	for _, d := range c.list() {
		inHandshake := slices.ContainsFunc(d.records(), func(r record) bool { return r.typ == typeHandshake })
		if inHandshake {
			n[d.dir]++
		}
	}
	for _, dir := range []netsim.Direction{netsim.Up, netsim.Down} {
		c.check(n[dir] >= 2, "%d datagrams of the handshake %v", n[dir], dir)
		for i := range n[dir] {
			c.settle(300 * time.Millisecond) // what ends the association before has gone
			before := c.handshakes()
			c.lose(dir, i+1)
			c.secured()
			c.check(c.handshakes()-before > n[0]+n[1], "datagram %d %v was lost, and nothing sent again", i+1, dir)
		}
	}
}

// handshakes are the datagrams of handshakes so far.
func (c *cell) handshakes() (n int) {
	for _, d := range c.list() {
		if slices.ContainsFunc(d.records(), func(r record) bool { return r.typ == typeHandshake }) {
			n += d.sent
		}
	}
	return n
}
