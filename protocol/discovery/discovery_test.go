package discovery

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/grandcat/zeroconf"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"vapd/protocol/coap"
)

func TestMain(m *testing.M) {
	if os.Getenv(roleVariable) == "hub" {
		hub()
		return
	}
	// zeroconf's announcements end by themselves some seconds after Shutdown.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/grandcat/zeroconf.(*Server).probe"))
}

var byValue = cmpopts.EquateComparable(netip.AddrPort{})

func collect(t *testing.T, f Finder) ([]Candidate, error) {
	t.Helper()
	var got []Candidate
	err := f(t.Context(), func(c Candidate) { got = append(got, c) })
	return got, err
}

func fixed(candidates []Candidate, err error) Finder {
	return func(_ context.Context, found func(Candidate)) error {
		for _, c := range candidates {
			found(c)
		}
		return err
	}
}

func TestAll(t *testing.T) {
	a := Candidate{Name: "a", Addr: netip.MustParseAddrPort("192.0.2.1:5683"), Version: "Alpha"}
	b := Candidate{Name: "b", Addr: a.Addr}
	broken := errors.New("no multicast here")
	got, err := collect(t, All(fixed([]Candidate{a, a, b}, nil), fixed([]Candidate{{Name: "a", Addr: a.Addr}, b}, broken)))
	if !errors.Is(err, broken) {
		t.Error(err)
	}
	if len(got) != 2 || got[0].Name == got[1].Name {
		t.Errorf("%v", got)
	}
	flood := make([]Candidate, 1000)
	for i := range flood {
		flood[i].Addr = netip.AddrPortFrom(a.Addr.Addr(), uint16(i+1))
	}
	if got, _ = collect(t, All(fixed(flood, nil))); len(got) != maxCandidates {
		t.Errorf("%d candidates of a flood", len(got))
	}
}

type hosts map[string][]netip.Addr

func (h hosts) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if a := h[host]; a != nil {
		return a, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}

func TestConfigured(t *testing.T) {
	h := hosts{"hub.lan": {netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("::ffff:192.0.2.1")}}
	for hostPort, want := range map[string]string{
		"hub.lan:5683":        "192.0.2.1:5683 [2001:db8::1]:5683",
		"192.0.2.7:1":         "192.0.2.7:1",
		"[fe80::1%eth0]:5683": "[fe80::1%eth0]:5683",
		"nowhere.lan:5683":    "!no such host",
		"hub.lan":             "!HOST:PORT",
		"hub.lan:coap":        "!number",
	} {
		candidates, err := collect(t, Configured(hostPort, h))
		var got []string
		for _, c := range candidates {
			got = append(got, c.Addr.String())
			if c.Name != hostPort {
				t.Errorf("%s: name %q", hostPort, c.Name)
			}
		}
		text, fails := strings.CutPrefix(want, "!")
		if fails != (err != nil) || (fails && !strings.Contains(err.Error(), text)) || (!fails && strings.Join(got, " ") != want) {
			t.Errorf("%s: %v, %v, want %s", hostPort, got, err, want)
		}
	}
}

type peer struct {
	coap.Peer
	addr netip.AddrPort
}

func (p peer) Addr() netip.AddrPort { return p.addr }

type searcher struct {
	query string
	all   []coap.Found
}

func (s searcher) Discover(_ context.Context, interfaces []string, query string, found func(coap.Found) bool) error {
	if query != s.query || len(interfaces) != 1 {
		return errors.New("asked for something else: " + query)
	}
	for _, f := range s.all {
		if !found(f) {
			return nil
		}
	}
	return nil
}

func TestMulticast(t *testing.T) {
	addr := netip.MustParseAddrPort("192.0.2.1:5683")
	registry := coap.NewLink("/vap").With("rt", "vap-client-registry")
	got, err := collect(t, Clients.Multicast(searcher{"rt=vap-client-registry", []coap.Found{
		{Peer: peer{addr: addr}, Links: []coap.Link{coap.NewLink("/x"), registry.With("title", "kitchen").With("hubId", "one"), registry}},
		{Peer: peer{addr: addr}, Links: []coap.Link{coap.NewLink("/sensors").With("rt", "temperature")}},
		{Peer: peer{addr: addr}, Links: []coap.Link{registry}},
	}}, "eth0"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]Candidate{{ID: "one", Name: "kitchen", Addr: addr}, {Addr: addr}}, got, byValue); d != "" {
		t.Error(d)
	}
}

// The link of a skill registry has no attributes, and is not that of a client registry.
func TestSkillRegistriesByMulticast(t *testing.T) {
	addr := netip.MustParseAddrPort("192.0.2.1:5683")
	got, err := collect(t, Skills.Multicast(searcher{"rt=vap-skill-registry", []coap.Found{
		{Peer: peer{addr: addr}, Links: []coap.Link{coap.NewLink("/vap").With("rt", "vap-client-registry").With("hubId", "one")}},
		{Peer: peer{addr: addr}, Links: []coap.Link{coap.NewLink("/vap").With("rt", "vap-skill-registry")}},
	}}, "eth0"))
	if want := []Candidate{{Addr: addr}}; err != nil || !cmp.Equal(want, got, byValue) {
		t.Errorf("%+v, %v", got, err)
	}
}

// answering is a peer with one answer.
type answering struct {
	peer
	body string
	code codes.Code
	err  error
}

func (p answering) Do(_ context.Context, r *coap.Request) (*coap.Response, error) {
	if r.Code != codes.GET || r.Path != ".well-known/core" || len(r.Query) != 1 || r.Query[0] != "rt=vap-client-registry" {
		return nil, errors.New("asked for something else")
	}
	return &coap.Response{Code: p.code, Body: []byte(p.body)}, p.err
}

func TestAsk(t *testing.T) {
	p := peer{addr: netip.MustParseAddrPort("192.0.2.1:5683")}
	silent := errors.New("silent")
	for name, c := range map[string]struct {
		peer answering
		want Candidate
		err  error
	}{
		"ours":         {answering{p, `</vap>;rt="vap-client-registry";title="kitchen";hubId="one"`, codes.Content, nil}, Candidate{ID: "one", Name: "kitchen", Addr: p.addr}, nil},
		"with DTLS":    {answering{p, `</vap>;rt="vap-client-registry";title="kitchen";hubId="one";coaps=5684`, codes.Content, nil}, Candidate{ID: "one", Name: "kitchen", Addr: p.addr, Secured: 5684}, nil},
		"no port":      {answering{p, `</vap>;rt="vap-client-registry";coaps=70000`, codes.Content, nil}, Candidate{Addr: p.addr}, nil},
		"foreign":      {answering{p, `</vap>;rt="vap-client-registry"`, codes.Content, nil}, Candidate{Addr: p.addr}, nil},
		"another node": {answering{p, `</light>;rt="light";hubId="one"`, codes.Content, nil}, Candidate{Addr: p.addr}, nil},
		"refused":      {answering{p, "\x81\xa4code", codes.NotFound, nil}, Candidate{Addr: p.addr}, nil},
		"silent":       {answering{p, "", 0, silent}, Candidate{}, silent},
	} {
		got, err := Ask(t.Context(), c.peer)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %+v, %v, want %+v, %v", name, got, err, c.want, c.err)
		}
	}
}

// Only what the hub's socket serves is announced.
func TestServed(t *testing.T) {
	var all []net.Addr
	for _, s := range []string{"127.0.0.1/8", "192.0.2.1/24", "192.0.2.2/24", "2001:db8::1/64", "fe80::1/64"} {
		ip, n, err := net.ParseCIDR(s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &net.IPNet{IP: ip, Mask: n.Mask})
	}
	for listen, want := range map[string][]string{
		"[::]:1":           {"192.0.2.1", "192.0.2.2", "2001:db8::1"},
		"0.0.0.0:1":        {"192.0.2.1", "192.0.2.2"},
		"192.0.2.2:1":      {"192.0.2.2"},
		"[2001:db8::1]:1":  {"2001:db8::1"},
		"[fe80::1%eth0]:1": {"fe80::1"},
		"203.0.113.1:1":    nil,
	} {
		if got := (Announcement{Addr: netip.MustParseAddrPort(listen)}).served(all); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", listen, got, want)
		}
	}
}

// What a round makes of answers: IPv4 first, nothing that no hub can have, link-local
// IPv6 only where nothing else is there, on each interface.
func TestEntries(t *testing.T) {
	ips := func(texts ...string) (list []net.IP) {
		for _, s := range texts {
			list = append(list, net.ParseIP(s))
		}
		return list
	}
	entry := func(name string, port int, v4, v6 []net.IP) *zeroconf.ServiceEntry {
		e := zeroconf.NewServiceEntry(name, Clients.services()[0], domain)
		e.Port, e.AddrIPv4, e.AddrIPv6, e.Text = port, v4, v6, []string{"path=/vap", "VAPversion=Alpha", "ID=id", "coaps=5684"}
		return e
	}
	var got []string
	s := &scan{
		interfaces: []net.Interface{{Name: "eth0"}, {Name: "wlan0"}},
		found: func(c Candidate) {
			got = append(got, c.ID+" "+c.Name+" "+c.Addr.String()+" "+c.Version+" "+strconv.Itoa(int(c.Secured)))
		},
		reachable: make(map[string]bool),
	}
	s.entry(entry(`living\ room\.2`, 1, ips("192.0.2.1", "127.0.0.1", "224.0.1.1", "192.0.2.1"), ips("fe80::1", "2001:db8::1", "::1")))
	s.entry(entry("attic", 2, nil, ips("fe80::2")))
	s.entry(entry("no port", 0, ips("192.0.2.2"), nil))
	s.entry(entry("bad address", 3, []net.IP{{1, 2}}, nil))
	s.tellLinkLocal()
	want := []string{
		"id living room.2 192.0.2.1:1 Alpha 5684", "id living room.2 [2001:db8::1]:1 Alpha 5684",
		"id attic [fe80::2%eth0]:2 Alpha 5684", "id attic [fe80::2%wlan0]:2 Alpha 5684",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestEscape(t *testing.T) {
	for label, want := range map[string]string{
		`avahi\ hub`: "avahi hub", `a\.b`: "a.b", `a\032b`: "a b", `a\195\164`: "aä", `end\`: `end\`, `a\999`: "a999", `\\`: `\`,
	} {
		if got := unescape(label); got != want {
			t.Errorf("%q: %q, want %q", label, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		if got := unescape(escape(name)); got != name {
			t.Fatalf("%q became %q", name, got)
		}
	})
}

func FuzzUnescape(f *testing.F) {
	f.Add(`a\032\.\\\`)
	f.Fuzz(func(t *testing.T, label string) {
		if got := unescape(label); len(got) > len(label) {
			t.Errorf("%q grew to %q", label, got)
		}
	})
}

func TestNoInterface(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := Clients.DNSSD("nosuch0")(ctx, func(Candidate) { t.Error("found something") })
	if !errors.Is(err, ErrNoInterface) || !strings.Contains(err.Error(), "nosuch0") {
		t.Error(err)
	}
}

func TestAnnouncementIsChecked(t *testing.T) {
	addr := netip.MustParseAddrPort("[::]:1")
	for _, a := range []Announcement{{Name: "", Addr: addr}, {Name: strings.Repeat("x", 64), Addr: addr}, {Name: "x"}} {
		if err := a.Run(t.Context()); err == nil {
			t.Errorf("%+v was taken", a)
		}
	}
}
