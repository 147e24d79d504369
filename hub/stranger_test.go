package hub

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"vapd/hub/api"
	"vapd/protocol/vap"
)

// datagram is a CoAP request (RFC 7252 section 3) without a token; segments of path have
// less than 13 or up to 268 bytes.
func datagram(typ, code byte, path string, payload []byte) []byte {
	b := []byte{0x40 | typ<<4, code, 0x12, 0x34}
	const uriPath = 11
	for delta, segment := range strings.Split(path, "/") {
		delta = uriPath * max(0, 1-delta) << 4
		if n := len(segment); n < 13 {
			b = append(b, byte(delta|n))
		} else {
			b = append(b, byte(delta|13), byte(n-13))
		}
		b = append(b, segment...)
	}
	if len(payload) > 0 {
		b = append(append(b, 0xff), payload...)
	}
	return b
}

// Whatever somebody sends who forges the address of another, that one gets at most three
// times its bytes, repetitions included: from a hub in either mode, and while it pairs.
func TestStrangersGetLittle(t *testing.T) {
	for name, change := range map[string]func(*Config){"paired": strangers, "open": openMode} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, "", change)
			if _, err := h.Do(t.Context(), owner, api.OpenPairing{}); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			defer wg.Wait()
			for _, path := range []string{
				".well-known/core", "vap/pairing/push/hello", "vap/pairing/push/key", "vap/pairing/code/share", "vap/clientRegistry/connect",
				"vap/clientRegistry/sessionStart", "vap/clientRegistry/sessionData", "vap/clientRegistry/clientClose", "vap/notification", "x", "",
				strings.Repeat("y", 200),
			} {
				for _, body := range [][]byte{nil, {0x80}, {0xc1}, vap.AppendConnect(nil, vap.Connect{ID: "victim", Version: vap.Version}), make([]byte, 1100)} {
					for _, code := range []byte{1, 2, 5, 0x1f} { // GET, POST, FETCH, none
						for typ := range byte(2) {
							wg.Go(func() { getsLittle(t, h, datagram(typ, code, path, body)) })
						}
					}
				}
			}
		})
	}
}

// getsLittle sends one datagram from an address that never answers.
func getsLittle(t *testing.T, h *Hub, d []byte) {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(h.Addr()))
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	if _, err := c.Write(d); err != nil {
		t.Error(err)
		return
	}
	_ = c.SetReadDeadline(time.Now().Add(3 * time.Second)) // of a socket that is open
	got, b := 0, make([]byte, 2048)
	for {
		n, err := c.Read(b)
		if err != nil {
			break
		}
		got += n
	}
	if got > 3*len(d) {
		t.Errorf("%d bytes came for %d: %.40q", got, len(d), d)
	}
}
