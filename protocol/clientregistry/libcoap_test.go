package clientregistry

import (
	"context"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// coapClient is libcoap's client, which knows nothing of us and always asks from the
// same port.
type coapClient struct {
	tb        testing.TB
	program   string
	hub, port string
	dir       string
}

func newCoapClient(tb testing.TB, hub string) *coapClient {
	tb.Helper()
	c := &coapClient{tb: tb, hub: hub, dir: tb.TempDir()}
	for _, name := range []string{"coap-client-notls", "coap-client", "coap-client-openssl", "coap-client-gnutls"} {
		if p, err := exec.LookPath(name); err == nil {
			c.program = p
		}
	}
	if c.program == "" {
		tb.Fatal("coap-client is not installed: apt-get install libcoap3-bin")
	}
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer free.Close()
	c.port = netip.MustParseAddrPort(free.LocalAddr().String()).String()[len("127.0.0.1:"):]
	return c
}

// post posts the body and returns that of the response, and the code if it is an error.
func (c *coapClient) post(path, hexBody string, options ...string) (body []byte, code string) {
	c.tb.Helper()
	in, out := filepath.Join(c.dir, "in"), filepath.Join(c.dir, "out")
	b, err := hex.DecodeString(hexBody)
	if err != nil {
		c.tb.Fatal(err)
	}
	if err := os.WriteFile(in, b, 0o600); err != nil {
		c.tb.Fatal(err)
	}
	_ = os.Remove(out)
	args := append([]string{"-m", "post", "-p", c.port, "-f", in, "-o", out, "-B", "10"}, options...)
	cmd := exec.CommandContext(within(c.tb, 20*time.Second), c.program, append(args, "coap://"+c.hub+"/"+path)...)
	text, err := cmd.CombinedOutput()
	if err != nil {
		c.tb.Fatalf("coap-client %s: %v: %s", path, err, text)
	}
	body, _ = os.ReadFile(out)
	if code, _, _ = strings.Cut(string(text), " "); len(code) != len("4.00") {
		code = ""
	}
	return body, code
}

// A peer that knows the seed and no more: bodies written down by hand, no field of
// ours, no content format.
func TestRawPeerIsLibcoap(t *testing.T) {
	const (
		connect = "83a26964b0636f6d2e6578616d706c652e74657374a46e616d65a174aa76617056657273696f6ea5416c706861"
		// {"capabilities": [{"name": "wakeword", "word": "hey"}]}
		start = "81ac6361706162696c69746965739182a46e616d65a877616b65776f7264a4776f7264a3686579"
		// {"capabilities": [{"name": "sound", "data": [0, 255, 1, 254]}], "lastFragment": false}
		data = "82ac6361706162696c69746965739182a46e616d65a5736f756e64a4646174619400ccff01ccfeac6c617374467261676d656e74c2"
		// ["com.example.test"]: clientClose as the reference implementation's compact form
		goodbye = "91b0636f6d2e6578616d706c652e74657374"
		// {"clientId": "who"}
		strange = "81a8636c69656e744964a377686f"
	)
	last := data[:len(data)-2] + "c3"
	e := newEar()
	hub, session := opener(e)
	// The second answer takes several blocks. It answers a NON request, since libcoap
	// 4.3.1 loses a separate response in blocks to a CON one ("large body receive
	// internal issue").
	size := []int{500, 5000}
	e.onLast = func(f Fragment) {
		time.AfterFunc(300*time.Millisecond, func() {
			session().Answer(f.Turn, vap.Answer{Capabilities: []vap.Capability{
				vap.TextCapability(vap.CapVoice, "it is noon"),
				vap.Sound{Data: make([]byte, size[f.Turn-1])}.Capability(),
			}})
		})
	}
	var mux coap.Mux
	end, err := coap.Listen(coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Handler: mux.Serve})
	if err != nil {
		t.Fatal(err)
	}
	defer end.Close()
	server := NewServer(ServerConfig{Policy: hub})
	defer server.Close()
	server.Register(&mux)

	c := newCoapClient(t, end.LocalAddr().String())
	body, code := c.post("vap/clientRegistry/sessionStart", start)
	if code != "4.01" {
		t.Errorf("sessionStart before connect: %q %q", code, body)
	}
	body, code = c.post("Server/vap/clientRegistry/connect", connect)
	if connected, err := vap.ParseConnected(body); err != nil || code != "" || len(connected.Locales) != 1 {
		t.Fatalf("connect: %x %q, %v", body, code, err)
	}
	if clients := server.Clients(); len(clients) != 1 || clients[0].ID != "com.example.test" || clients[0].Listed {
		t.Fatalf("clients %+v", clients)
	}
	if body, code = c.post("vap/clientRegistry/sessionStart", start); code != "" {
		t.Fatalf("sessionStart: %x %q", body, code)
	}
	for turn, option := range []string{"-v0", "-N"} { // the session stays open
		if _, code = c.post("vap/clientRegistry/sessionData", data); code != "" && code != "2.31" {
			t.Fatalf("sessionData: %q", code)
		}
		if _, code = c.post("vap/clientRegistry/sessionData", data, "-N"); code != "" && code != "2.31" {
			t.Fatalf("sessionData as NON: %q", code)
		}
		body, code = c.post("vap/clientRegistry/sessionData", last, option)
		answer, err := vap.ParseAnswer(body)
		if err != nil || code != "" || answer.EndSession || len(answer.Capabilities) != 2 {
			t.Fatalf("last sessionData: %d bytes, %q, %v", len(body), code, err)
		}
		if s, err := vap.ParseSound(answer.Capabilities[1]); err != nil || len(s.Data) != size[turn] {
			t.Fatalf("sound of %d bytes, %v", len(s.Data), err)
		}
	}
	for n, f := range e.heard() {
		s, err := vap.ParseSound(f.Capabilities[0])
		if err != nil || f.Turn != uint32(1+n/3) || f.Seq != uint32(n%3) || string(s.Data) != "\x00\xff\x01\xfe" {
			t.Errorf("fragment %d: %+v, %v", n, f, err)
		}
	}
	if n := len(e.heard()); n != 6 {
		t.Errorf("heard %d fragments", n)
	}
	if _, code = c.post("vap/clientRegistry/clientClose", strange); code != "4.00" {
		t.Errorf("clientClose of somebody: %q", code)
	}
	if _, code = c.post("vap/clientRegistry/clientClose", goodbye); code != "" {
		t.Errorf("clientClose: %q", code)
	}
	if n := len(server.Clients()); n != 0 {
		t.Errorf("%d clients are left", n)
	}
	links, err := exec.CommandContext(context.Background(), c.program, "-B", "5", "coap://"+c.hub+"/.well-known/core?rt=vap-client-registry").Output()
	if err != nil || strings.TrimSpace(string(links)) != `</vap>;rt="vap-client-registry"` {
		t.Errorf("links %q, %v", links, err)
	}
}
