package dtls

import (
	"bytes"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
)

// tamperer changes one datagram of those that two sockets send.
type tamperer struct {
	coap.PacketConn
	sent  *atomic.Int32 // by both
	which int32
	at    int
	with  []byte
}

func (c tamperer) WritePacket(b []byte, to coap.Path) error {
	if c.sent.Add(1)-1 == c.which {
		at := min(c.at, len(b))
		b = append(bytes.Clone(b[:at]), append(bytes.Clone(c.with), b[min(at+len(c.with), len(b)):]...)...)
	}
	return c.PacketConn.WritePacket(b, to)
}

// FuzzHandshake: whatever somebody in between makes of a datagram of the handshake, or
// after it, nothing panics, nothing is left half open, and who stands at the end is who
// has the key.
func FuzzHandshake(f *testing.F) {
	f.Add(uint8(0), uint16(13), []byte{1, 0, 0xff, 0xff})                            // the hello
	f.Add(uint8(1), uint16(27), []byte{255})                                         // the cookie's length
	f.Add(uint8(2), uint16(0), bytes.Repeat([]byte{22, 0xfe, 0xfd}, 50))             // the hello with the cookie
	f.Add(uint8(3), uint16(59), []byte{0, 0, 0xc0, 0x2f})                            // the server's choice
	f.Add(uint8(4), uint16(25), []byte{0xff, 0xff})                                  // the client's identity
	f.Add(uint8(5), uint16(0), []byte{20, 0xfe, 0xfd, 0, 0})                         // its Finished
	f.Add(uint8(7), uint16(20), []byte{1, 2, 3})                                     // a record
	f.Add(uint8(2), uint16(13), []byte{1, 0, 0, 44, 0, 1, 0, 0, 20, 0, 0, 10, 0xfe}) // a fragment
	f.Fuzz(func(t *testing.T, which uint8, at uint16, with []byte) {
		synctest.Test(t, func(t *testing.T) {
			n := netsim.NewNetwork(1)
			sent := new(atomic.Int32)
			open := func(addr netip.AddrPort) coap.PacketConn {
				im := netsim.Impairment{Delay: time.Millisecond}
				socket, err := n.Open(addr, im, im)
				if err != nil {
					t.Fatal(err)
				}
				return tamperer{socket, sent, int32(which), int(at), with}
			}
			st, _ := listen(t, Config{Conn: open(hub), Keys: paired}, coap.Config{Handler: who})
			ct, ce := listen(t, Config{Conn: open(satellite)}, coap.Config{})
			a, err := ct.Associate(t.Context(), hub, kitchen)
			if err == nil {
				ask(t, ce.Secured(a, hub), "x", "kitchen: x")
			}
			time.Sleep(20 * time.Second)
			if s := st.Stats(); s.HalfOpen != 0 || s.Associations > 4 {
				t.Errorf("%+v, %v", s, err)
			}
		})
	})
}
