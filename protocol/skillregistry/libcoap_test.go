package skillregistry

import (
	"context"
	"encoding/hex"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
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

// do sends a request whose body is in hex, and returns the body of the response, and the
// code if it is an error.
func (c *coapClient) do(method, path, hexBody string, options ...string) (body []byte, code string) {
	c.tb.Helper()
	b, err := hex.DecodeString(hexBody)
	if err != nil {
		c.tb.Fatal(err)
	}
	in, out := filepath.Join(c.dir, "in"), filepath.Join(c.dir, "out")
	_ = os.Remove(out)
	args := append([]string{"-m", method, "-p", c.port, "-o", out, "-B", "10"}, options...)
	if len(b) > 0 {
		if err := os.WriteFile(in, b, 0o600); err != nil {
			c.tb.Fatal(err)
		}
		args = append(args, "-f", in)
	}
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

// overUDP opens a hub on the loopback.
func overUDP(tb testing.TB, policy Policy, change ...func(*ServerConfig)) (*Server, *coap.Endpoint) {
	tb.Helper()
	return overUDPAt(tb, "127.0.0.1:0", policy, change...)
}

func overUDPAt(tb testing.TB, addr string, policy Policy, change ...func(*ServerConfig)) (*Server, *coap.Endpoint) {
	tb.Helper()
	mux := new(coap.Mux)
	end, err := coap.Listen(coap.Config{
		Addr: netip.MustParseAddrPort(addr), Handler: mux.Serve, MaxBody: vap.MaxRegistration,
	})
	if err != nil {
		tb.Fatal(err)
	}
	cfg := ServerConfig{Policy: policy}
	for _, f := range change {
		f(&cfg)
	}
	server := NewServer(cfg)
	server.Register(mux)
	tb.Cleanup(func() {
		server.Close()
		end.Close()
	})
	return server, end
}

// A skill that is libcoap's client, with bodies written down by hand, on every path. It
// observes and answers from one port, one process after the other.
func TestSkillIsLibcoap(t *testing.T) {
	const (
		connect = "83a26964b0636f6d2e6578616d706c652e74657374a46e616d65a174aa76617056657273696f6ea5416c706861"
		// The reference's array: en-US, intent hello with the utterance hi and no slots.
		register = "92b0636f6d2e6578616d706c652e746573749193" + "93a25553a2656ec0" + "9193a568656c6c6f9191a2686990" + "90"
		// {"skillId": ..., "nluData": [{"language": "en", "intents": [{"name": "i",
		// "utterances": [{"text": "{x}"}]}]}]}
		slotless = "82a7736b696c6c4964b0636f6d2e6578616d706c652e74657374a76e6c75446174619182a86c616e6775616765a2656ea7696e74656e74739182a46e616d65a169aa7574746572616e6365739181a474657874a37b787d"
		// {"skillId": ..., "data": [{"clientId": "vap.SYSTEM", "capabilities": [{"name": "preferences", "what": "color"}]}]}
		query = "82a7736b696c6c4964b0636f6d2e6578616d706c652e74657374a4646174619182a8636c69656e744964aa7661702e53595354454dac6361706162696c69746965739182a46e616d65ab707265666572656e636573a477686174a5636f6c6f72"
		// ["com.example.test", [["standalone", "kitchen", [{"name": "text", "text": "hi"}]]]]
		standalone = "92b0636f6d2e6578616d706c652e746573749193aa7374616e64616c6f6e65a76b69746368656e9182a46e616d65a474657874a474657874a26869"
		id         = "com.example.test"
	)
	var policy hub
	policy.queried = func(q vap.ClientQuery) []vap.QueryResult {
		return []vap.QueryResult{vap.QueryContent(vap.Capability{Name: q.Capabilities[0].Name, Fields: map[string]any{"color": "red"}})}
	}
	var registered, said atomic.Int32
	policy.registered = func(vap.RegisterIntents) error { registered.Add(1); return nil }
	policy.notified = func(vap.NotificationItem) error { said.Add(1); return nil }
	server, end := overUDP(t, &policy)
	c := newCoapClient(t, end.LocalAddr().String())

	if _, code := c.do("post", pathRegister, register); code != "4.00" {
		t.Errorf("registerIntents before connect: %q", code)
	}
	body, code := c.do("post", "Server/"+pathConnect, connect)
	if m, err := vap.ParseSkillConnected(body); err != nil || code != "" || len(m.Langs) != 1 {
		t.Fatalf("connect: %x %q, %v", body, code, err)
	}
	if body, code = c.do("post", pathRegister, register); code != "" || registered.Load() != 1 {
		t.Errorf("registerIntents: %x %q", body, code)
	}
	if body, code = c.do("post", pathRegister, slotless); code != "4.08" || registered.Load() != 1 {
		t.Errorf("registerIntents with an unknown slot: %q %q", body, code)
	}
	for _, method := range []string{"get", "fetch", "post"} {
		body, code = c.do(method, pathQuery, query)
		m, err := vap.ParseQueryAnswer(body)
		if err != nil || code != "" || len(m.Data) != 1 || m.Data[0].Results[0].Fields["color"] != "red" {
			t.Errorf("%s query: %x %q, %v", method, body, code, err)
		}
	}
	if body, code = c.do("post", pathNotification, standalone); code != "" || said.Load() != 1 {
		t.Errorf("notification: %x %q", body, code)
	}
	if body, code = c.do("get", pathSkills+id, ""); code != "4.04" {
		t.Errorf("GET without Observe: %x %q", body, code)
	}

	// It observes for three seconds and is asked in the meantime; the answer comes from
	// another process at the same port.
	asked := make(chan error, 1)
	ids := make(chan uint64, 1)
	go func() {
		for deadline := time.Now().Add(3 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if all := server.Skills(); len(all) == 1 && all[0].Listening {
				break
			}
		}
		ids <- server.requests.Load() + 1
		_, err := server.Ask(within(t, time.Second), id, intent("hello"))
		asked <- err
	}()
	body, code = c.do("get", pathSkills+id, "", "-s", "3")
	m, err := vap.ParseSkillRequest(body)
	if err != nil || code != "" || m.Type != vap.RequestIntent || m.Intent != "hello" || m.ID != <-ids {
		t.Errorf("observed %x %q: %+v, %v", body, code, m, err)
	}
	<-asked // nobody answered while the client observed, as it does one thing at a time
	late := vap.AppendSkillNotification(nil, vap.Named, vap.SkillNotification{
		SkillID: id, Items: []vap.NotificationItem{{Type: vap.ItemRequested, RequestID: m.ID}},
	})
	if body, code = c.do("post", pathNotification, hex.EncodeToString(late)); code != "4.02" {
		t.Errorf("an answer that is late: %x %q", body, code)
	}
	for _, path := range []string{pathSkills, pathRegistry} {
		if _, code = c.do("delete", path+id, ""); code != "" {
			t.Errorf("DELETE %s: %q", path, code)
		}
		if n := len(server.Skills()); n != 0 {
			t.Errorf("%d skills are left", n)
		}
		c.do("post", pathConnect, connect)
	}
	links, err := exec.CommandContext(context.Background(), c.program, "-B", "5", "coap://"+c.hub+"/.well-known/core?rt=vap-skill-registry").Output()
	if err != nil || strings.TrimSpace(string(links)) != `</vap>;rt="vap-skill-registry"` {
		t.Errorf("links %q, %v", links, err)
	}
}

// A request is answered by libcoap's client while another of its processes observes,
// each from its own port: that is somebody else to the registry.
func TestAnswerFromAnotherPort(t *testing.T) {
	const id = "com.example.test"
	server, end := overUDP(t, new(hub))
	c := newCoapClient(t, end.LocalAddr().String())
	other := newCoapClient(t, c.hub)
	connect := hex.EncodeToString(vap.AppendConnect(nil, vap.Connect{ID: id, Name: "t", Version: vap.Version}))
	if _, code := c.do("post", pathConnect, connect); code != "" {
		t.Fatal(code)
	}
	body := hex.EncodeToString(vap.AppendSkillNotification(nil, vap.Named, vap.SkillNotification{SkillID: id}))
	if _, code := other.do("post", pathNotification, body); code != "4.01" {
		t.Errorf("from another port: %q", code)
	}
	if _, code := c.do("post", pathNotification, body); code != "" {
		t.Errorf("from its own: %q", code)
	}
	server.Disconnect(id)
}
