package dtls

import (
	"bytes"
	"fmt"
	"testing"

	pion "github.com/pion/dtls/v3"
	"pgregory.net/rapid"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
)

// ends are both ends of an association, with a connection id of the server or without.
func ends(tb testing.TB, suite pion.CipherSuiteID, cid bool) (client, server *association) {
	tb.Helper()
	c := secrets{CipherSuiteID: uint16(suite), MasterSecret: make([]byte, 48), IsClient: true, SequenceNumber: 1, RemoteSequenceNumber: 1}
	c.LocalRandom[0], c.RemoteRandom[0] = 1, 2
	s := c
	s.IsClient, s.LocalRandom, s.RemoteRandom = false, c.RemoteRandom, c.LocalRandom
	if cid {
		s.LocalConnectionID = []byte("8 bytes.")
		c.RemoteConnectionID = s.LocalConnectionID
	}
	client, err := newAssociation(&c, "a", coap.Path{})
	if err != nil {
		tb.Fatal(err)
	}
	if server, err = newAssociation(&s, "a", coap.Path{}); err != nil {
		tb.Fatal(err)
	}
	return client, server
}

// TestSealOpen: what one end seals the other opens, once; nobody opens his own, nor what
// was changed anywhere.
func TestSealOpen(t *testing.T) {
	for _, suite := range suites() {
		for _, cid := range []bool{false, true} {
			t.Run(fmt.Sprint(suite, " ", cid), func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					client, server := ends(t, suite, cid)
					typ := rapid.SampledFrom([]byte{typeAlert, typeHandshake, typeApplication}).Draw(rt, "type")
					payload := rapid.SliceOfN(rapid.Byte(), 0, 1500).Draw(rt, "payload")
					raw, err := client.seal(typ, payload)
					if err != nil {
						rt.Fatal(err)
					}
					parse := func(b []byte) record {
						r, rest, ok := nextRecord(bytes.Clone(b))
						if !ok || len(rest) > 0 {
							rt.Fatalf("%x is no record", b)
						}
						return r
					}
					mine := parse(raw)
					if _, _, ok := client.open(&mine); ok {
						rt.Fatal("opened its own")
					}
					changed := bytes.Clone(raw)
					i := rapid.IntRange(0, len(raw)-1).Draw(rt, "changed")
					changed[i] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
					if r, rest, ok := nextRecord(changed); ok && len(rest) == 0 {
						if _, _, ok := server.open(&r); ok {
							rt.Fatalf("opened what was changed at %d", i)
						}
					}
					r := parse(raw)
					gotTyp, got, ok := server.open(&r)
					if !ok || gotTyp != typ || !bytes.Equal(got, payload) {
						rt.Fatalf("opened type %d, %x, %t", gotTyp, got, ok)
					}
					server.window.note(r.seq)
					r = parse(raw)
					if _, _, ok := server.open(&r); ok {
						rt.Fatal("opened twice")
					}
				})
			})
		}
	}
}

// FuzzOpen: no datagram opens that was not sealed.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{typeApplication, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 1})
	f.Add([]byte{typeChangeCipherSpec, 0xfe, 0xfd, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 1, 1})
	f.Add(append([]byte{typeCID, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 1}, "8 bytes.\x00\x0112345678901234567"...))
	f.Fuzz(func(t *testing.T, d []byte) {
		for _, suite := range suites() {
			for _, cid := range []bool{false, true} {
				_, server := ends(t, suite, cid)
				for rest := bytes.Clone(d); ; {
					r, after, ok := nextRecord(rest)
					if !ok {
						break
					}
					if typ, payload, ok := server.open(&r); ok {
						t.Fatalf("opened type %d, %x", typ, payload)
					}
					rest = after
				}
			}
		}
	})
}

// TestSizes: handshakes with the longest identity, and blocks of 1,024 bytes, go through
// where IP packets are of 1,280 bytes at most.
func TestSizes(t *testing.T) {
	name := string(bytes.Repeat([]byte("n"), maxIdentity))
	inBadNetwork(t, 1, netsim.Impairment{MTU: 1280}, func(t *testing.T, n *network) {
		n.listen(t, hub, Config{Keys: anybody, Hint: name}, coap.Config{Handler: who})
		_, _, peer := named(t, n, 1, name)
		body := string(bytes.Repeat([]byte("0123456789abcdef"), 1000))
		ask(t, peer, body, name+": "+body)
		ask(t, peer, body[:1024], name+": "+body[:1024])
	})
}
