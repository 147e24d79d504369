package hub

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/hub/api"
	"vapd/hub/clients"
	"vapd/hub/store"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

// Without encryption a stranger is served discovery and pairing, and told what to do
// about everything else, whether or not there is such a thing.
func TestWhatStrangersAreServed(t *testing.T) {
	h := start(t, "", strangers)
	d := newDevice(t, "org.example.kitchen", pairing.Keyring{}, slog.New(slog.DiscardHandler))
	connect := vap.AppendConnect(nil, vap.Connect{ID: d.me.ID, Name: "x", Version: vap.Version})
	for path, c := range map[string]struct {
		method codes.Code
		body   []byte
		want   string // type of error, or ""
		code   codes.Code
	}{
		".well-known/core":                  {codes.GET, nil, "", codes.Content},
		"vap/pairing/push/hello":            {codes.POST, []byte{0x80}, vap.TypeMissingField, codes.RequestEntityIncomplete},
		"vap/pairing/none":                  {codes.POST, nil, vap.TypeNotFound, codes.NotFound},
		"vap/clientRegistry/connect":        {codes.POST, connect, vap.TypePairingRequired, codes.Unauthorized},
		"Server/vap/clientRegistry/connect": {codes.POST, connect, vap.TypePairingRequired, codes.Unauthorized},
		"vap/clientRegistry/sessionData":    {codes.POST, make([]byte, 900), vap.TypePairingRequired, codes.Unauthorized},
		"vap/pairing":                       {codes.POST, nil, vap.TypePairingRequired, codes.Unauthorized},
		"vap/nothing":                       {codes.GET, nil, vap.TypePairingRequired, codes.Unauthorized},
		"":                                  {codes.DELETE, nil, vap.TypePairingRequired, codes.Unauthorized},
	} {
		r, err := d.endpoint.Peer(h.Addr()).Do(t.Context(), &coap.Request{Code: c.method, Path: path, Body: c.body})
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		got := ""
		if e := vap.ErrorFrom(r); e != nil {
			got = e.Type
		}
		if got != c.want || r.Code != c.code {
			t.Errorf("%s: %v %q, want %v %q", path, r.Code, got, c.code, c.want)
		}
	}
	if len(h.server.Clients()) != 0 || known(t, h, d.me.ID).ID != "" {
		t.Error("the hub remembers the stranger")
	}
}

// A group is answered by those whom a search concerns, and never with an error.
func TestAGroupIsNotToldToPair(t *testing.T) {
	served := 0
	handler := pairedOnly(func(_ coap.Peer, _ *coap.Request, reply func(*coap.Response)) {
		served++
		reply(nil)
	}, func(netip.Addr) bool { return false })
	stranger := elsewhere{addr: netip.MustParseAddrPort("192.0.2.7:5683")}
	for _, multicast := range []bool{true, false} {
		var got *coap.Response
		handler(stranger, &coap.Request{Code: codes.GET, Path: "vap", Multicast: multicast}, func(r *coap.Response) { got = r })
		if (got == nil) != multicast || served != 1 {
			t.Errorf("multicast %v: %+v, served %d times", multicast, got, served)
		}
	}
}

// TestOpenIsSaidLoudly: at every start, and wherever the hub tells how it is.
func TestOpenIsSaidLoudly(t *testing.T) {
	for _, open := range []bool{true, false} {
		var log logbook
		h := start(t, "", func(c *Config) {
			c.Open, c.Logger = open, log.logger()
			strangers(c)
		})
		if said := strings.Contains(log.text.String(), `"level":"WARN","msg":"OPEN: `); said != open {
			t.Errorf("open %v, and the log says %s", open, log.text.String())
		}
		r, err := h.Do(t.Context(), owner, api.Status{})
		if err != nil {
			t.Fatal(err)
		}
		if s := r.(control.HubStatus); (s.Security == "open") != open || s.DTLS != h.AddrDTLS().String() {
			t.Errorf("open %v, and the status is %+v", open, s)
		}
	}
}

// coapClient runs one of libcoap's clients.
func coapClient(t *testing.T, name string, args ...string) string {
	t.Helper()
	program, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed: apt-get install libcoap3-bin", name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, _ := exec.CommandContext(ctx, program, args...).CombinedOutput() // its status says little
	return string(out)
}

// libcoap's client is a client of the hub, with a key of its own; without, it is told that
// it needs one.
func TestLibcoapConnects(t *testing.T) {
	h := start(t, "", strangers)
	p := pairing.Pairing{ID: "org.example.libcoap", Name: "libcoap", Key: pairing.Key(bytes.Repeat([]byte{0xa7}, pairing.KeySize))}
	if err := h.cfg.Registry.Offer(p); err != nil { // an argument can't have every key
		t.Fatal(err)
	}
	body := filepath.Join(t.TempDir(), "connect")
	if err := os.WriteFile(body, vap.AppendConnect(nil, vap.Connect{ID: p.ID, Name: p.Name, Version: vap.Version}), 0o600); err != nil {
		t.Fatal(err)
	}
	post := []string{"-m", "post", "-f", body, "-B", "15"}
	for _, backend := range []string{"openssl", "gnutls"} {
		out := coapClient(t, "coap-client-"+backend, append(post, "-u", p.Identity(), "-k", string(p.Key[:]), fmt.Sprintf("coaps://%v/vap/clientRegistry/connect", h.AddrDTLS()))...)
		if !strings.Contains(out, "uniqueAuthenticationToken") || !strings.Contains(out, h.cfg.ID) {
			t.Errorf("coap-client-%s: %q", backend, out)
		}
		if c := known(t, h, p.ID); !c.Encrypted || c.Key != "paired" {
			t.Errorf("coap-client-%s: %+v", backend, c)
		}
		out = coapClient(t, "coap-client-"+backend, append(post, fmt.Sprintf("coap://%v/vap/clientRegistry/connect", h.Addr()))...)
		if !strings.Contains(out, "4.01") || !strings.Contains(out, vap.TypePairingRequired) {
			t.Errorf("coap-client-%s without a key: %q", backend, out)
		}
	}
}

// The owner can list as many clients as a hub knows, and there is room for them.
func TestAsManyClientsAsThereMayBe(t *testing.T) {
	h := start(t, "", func(c *Config) {
		c.MaxClients = clients.MaxKnown
		registry, err := clients.Open(clients.Config{
			Store: c.Store.Bucket(store.Clients), Tokens: clients.RandomTokens{}, Approval: clients.ApproveAll, Local: c.Local, Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
		requests := make([]clients.Request, clients.MaxKnown)
		for i := range requests {
			requests[i] = clients.Request{
				ID: fmt.Sprintf("org.example.a.satellite.with.a.long.name.%d", i), Name: strings.Repeat("name ", 12),
				From: netip.MustParseAddrPort("192.0.2.7:5683"),
			}
		}
		for _, d := range registry.Connect(requests...) {
			if d.Err != nil {
				t.Fatal(d.Err)
			}
		}
		c.Registry = registry
	})
	path := filepath.Join(t.TempDir(), "hub.sock")
	server, err := control.Listen(control.Config{Path: path, Mux: h.Control()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c, err := control.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	list, err := control.Call[[]control.HubClient](t.Context(), c, control.MethodClients, struct{}{})
	if err != nil || len(list) != clients.MaxKnown {
		t.Errorf("%d clients, %v", len(list), err)
	}
}
