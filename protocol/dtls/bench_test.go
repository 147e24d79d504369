package dtls

import (
	"bytes"
	"testing"

	pion "github.com/pion/dtls/v3"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

// BenchmarkHandshake is a handshake over UDP on the loopback, both ends in this process:
// with the key agreement as clients of ours do it, and pion's client without.
func BenchmarkHandshake(b *testing.B) {
	b.Run("ecdhe", func(b *testing.B) {
		st, _ := listen(b, Config{Keys: paired}, coap.Config{})
		ct, ce := listen(b, Config{}, coap.Config{})
		b.ReportAllocs()
		for b.Loop() {
			associate(b, ct, ce, st.LocalAddr())
		}
	})
	b.Run("psk", func(b *testing.B) {
		st, _ := listen(b, Config{Keys: paired}, coap.Config{})
		b.ReportAllocs()
		for b.Loop() {
			_ = constrained(b, st.LocalAddr(), pion.TLS_PSK_WITH_AES_128_CCM_8).Close()
		}
	})
}

// BenchmarkEcho1KB is a confirmable request of 1 kB and its answer, one after the other,
// plain and secured, over UDP on the loopback, both ends in this process.
func BenchmarkEcho1KB(b *testing.B) {
	echo := func(_ coap.Peer, req *coap.Request, reply func(*coap.Response)) {
		reply(&coap.Response{Code: codes.Content, Body: req.Body})
	}
	st, _ := listen(b, Config{Keys: paired, Plain: true}, coap.Config{Handler: echo})
	ct, ce := listen(b, Config{Plain: true}, coap.Config{})
	peers := map[string]coap.Peer{"plain": ce.Peer(st.LocalAddr()), "dtls": associate(b, ct, ce, st.LocalAddr())}
	req := &coap.Request{Code: codes.POST, Path: "vap/clientRegistry/sessionData", Body: bytes.Repeat([]byte{1}, 1024)}
	for _, way := range []string{"plain", "dtls"} {
		b.Run(way, func(b *testing.B) {
			b.SetBytes(2 * 1024)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := peers[way].Do(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHello is what a hello from an invented address costs in a flood of them.
func BenchmarkHello(b *testing.B) {
	st, _ := listen(b, Config{Keys: paired}, coap.Config{})
	f := flood{t: st}
	for range st.cfg.MaxHandshakes {
		f.next()
	}
	for b.Loop() {
		f.next()
	}
}
