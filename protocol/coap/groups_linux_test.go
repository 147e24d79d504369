package coap

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// discover returns the nodes that answer within a second.
func discover(tb testing.TB, e *Endpoint, query string, interfaces ...string) []Found {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), time.Second)
	defer cancel()
	var found []Found
	if err := e.Discover(ctx, interfaces, query, func(f Found) bool {
		found = append(found, f)
		return true
	}); err != nil {
		tb.Fatal(err)
	}
	return found
}

func TestDiscoverOnLoopback(t *testing.T) {
	port := freePort(t)
	hub := listen(t, Config{Addr: loopback, Groups: true, GroupPort: port, Handler: hubMux().Serve})
	other := listen(t, Config{Addr: loopback, Groups: true, GroupPort: port, Handler: new(Mux).Serve})
	client := listen(t, Config{Addr: loopback, GroupPort: port})

	found := discover(t, client, "rt=vap-client-registry")
	if len(found) != 1 || found[0].Peer.Addr() != hub.LocalAddr() || len(found[0].Links) != 1 ||
		!found[0].Links[0].Has("rt", "vap-client-registry") {
		t.Fatalf("got %v", found)
	}
	if resp, err := found[0].Peer.Do(soon(t), &Request{Code: codes.POST, Path: "vap/clientRegistry/connect"}); err != nil || resp.Code != codes.Content {
		t.Fatalf("the found peer answered %v, %v", resp, err)
	}
	if found := discover(t, client, "rt=vap-client-registry", "lo"); len(found) != 1 {
		t.Errorf("on lo: got %v", found)
	}
	if found := discover(t, client, "rt=nothing"); len(found) != 0 {
		t.Errorf("nothing matches, got %v", found)
	}
	if s := other.Stats(); s.Received == 0 || s.Sent != 0 {
		t.Errorf("a node without links received %d datagrams and sent %d, want some and none", s.Received, s.Sent)
	}
	if err := client.Discover(t.Context(), []string{"no-such-interface"}, "", nil); err == nil || !strings.Contains(err.Error(), "no-such-interface") {
		t.Errorf("an interface that is not there: got %v", err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if err := client.Discover(t.Context(), nil, "", nil); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: got %v", err)
	}
}

func TestDiscoverLargeAnswer(t *testing.T) {
	port := freePort(t)
	mux := new(Mux)
	for i := range 100 {
		mux.Link(NewLink(fmt.Sprintf("/a/resource/number/%d", i)).With("rt", "many"))
	}
	listen(t, Config{Addr: loopback, Groups: true, GroupPort: port, Handler: mux.Serve})
	client := listen(t, Config{Addr: loopback, GroupPort: port})
	if found := discover(t, client, "rt=many"); len(found) != 1 || len(found[0].Links) != 100 {
		t.Fatalf("got %v", found)
	}
}

const inNamespace = "VAPD_TEST_IN_NAMESPACE"

// enterNamespace runs the test again in a network of its own, where multicast goes
// through the loopback, and reports whether this is that run.
func enterNamespace(t *testing.T) bool {
	if os.Getenv(inNamespace) != "" {
		return true
	}
	// The loopback does no IPv6 multicast.
	const setup = `ip link set lo up && ip route add 224.0.0.0/4 dev lo &&
		ip link add v0 type veth peer name v1 && ip link set v0 up && ip link set v1 up &&
		ip addr add fd00::1/64 dev v0 nodad && ip addr add fe80::1/64 dev v0 nodad &&
		ip addr add fd00::2/64 dev v1 nodad && ip addr add fe80::2/64 dev v1 nodad &&
		until ip -6 route get ff05::fd >/dev/null 2>&1; do sleep 0.05; done && exec "$0" "$@"`
	cmd := exec.CommandContext(t.Context(), "sh", "-c", setup, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	switch {
	case cmd.Process == nil:
		t.Skipf("this kernel gives no network namespace: %v", err)
	case err != nil:
		t.Fatalf("in the namespace (needs ip of iproute2): %v\n%s", err, out)
	}
	t.Logf("%s", out)
	return false
}

// TestMulticast asks with coap-client, over both families, a wildcard socket on the
// groups' port (which serves the groups itself), one on another and such as have a
// single address.
func TestMulticast(t *testing.T) {
	if !enterNamespace(t) {
		return
	}
	for i, tt := range []struct {
		addr  string
		own   bool // the groups' port
		hosts []string
	}{
		{"::", true, []string{"224.0.1.187", "[ff02::fd%v0]", "[ff05::fd]"}},
		{"0.0.0.0", true, []string{"224.0.1.187"}},
		{"::", false, []string{"224.0.1.187", "[ff02::fd%v0]", "[ff05::fd]"}},
		{"127.0.0.1", true, []string{"224.0.1.187"}},
		{"127.0.0.1", false, []string{"224.0.1.187"}},
		{"fd00::1", true, []string{"[ff02::fd%v0]", "[ff05::fd]"}},
		{"fd00::1", false, []string{"[ff02::fd%v0]", "[ff05::fd]"}},
	} {
		t.Run(fmt.Sprintf("%s %v", tt.addr, tt.own), func(t *testing.T) {
			t.Parallel()
			cfg := Config{
				Addr:   netip.AddrPortFrom(netip.MustParseAddr(tt.addr), 0),
				Groups: true, GroupPort: DefaultPort + uint16(i), Handler: hubMux().Serve,
			}
			client := listen(t, Config{Addr: cfg.Addr, GroupPort: cfg.GroupPort})
			if tt.own {
				cfg.Addr = netip.AddrPortFrom(cfg.Addr.Addr(), cfg.GroupPort)
			}
			e := listen(t, cfg)
			var asked sync.WaitGroup
			for _, host := range tt.hosts {
				uri := fmt.Sprintf("coap://%s:%d/.well-known/core?rt=", host, cfg.GroupPort)
				asked.Go(func() {
					out, _ := coapClient(t, "-B", "3", "-N", "-T", "12345678", "-v", "7", uri+"vap-skill-registry") // as long as its answer
					if log := string(out); !strings.Contains(log, "t:NON c:2.05") || !strings.Contains(log, `</vap>;rt="vap-skill-registry";ct=42`) {
						t.Errorf("asked at %s: got no NON with the link\n%s", host, log)
					}
				})
				asked.Go(func() {
					if out, _ := coapClient(t, "-B", "1", "-N", uri+"other"); len(out) > 0 {
						t.Errorf("asked at %s: answered %q without a match", host, out)
					}
				})
			}
			asked.Wait()
			found := discover(t, client, "rt=vap-client-registry")
			if !slices.ContainsFunc(found, func(f Found) bool { return f.Peer.Addr().Port() == e.LocalAddr().Port() }) {
				t.Errorf("Discover found %v", found)
			}
		})
	}
}

// TestGroupsOfOneAddress: nodes with an address each share the port of the groups, and
// nothing that is sent to another address reaches them.
func TestGroupsOfOneAddress(t *testing.T) {
	if !enterNamespace(t) {
		return
	}
	run(t, "ip addr add 10.77.0.1/24 dev v0")
	at := func(addr string) netip.AddrPort { return netip.AddrPortFrom(netip.MustParseAddr(addr), DefaultPort) }
	nodes := []netip.AddrPort{at("127.0.0.1"), at("10.77.0.1"), at("fd00::1")}
	for _, addr := range nodes {
		listen(t, Config{Addr: addr, Groups: true, Handler: hubMux().Serve})
	}
	client := listen(t, Config{Addr: netip.MustParseAddrPort("[::]:0")})
	var got []netip.AddrPort
	for _, f := range discover(t, client, "rt=vap-client-registry") {
		got = append(got, f.Peer.Addr())
	}
	for _, addr := range nodes {
		if !slices.Contains(got, addr) {
			t.Errorf("%v was not found: %v", addr, got)
		}
	}
	for _, addr := range []netip.AddrPort{at("127.0.0.3"), at("fd00::2")} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if resp, err := client.Peer(addr).Do(ctx, &Request{Code: codes.GET, Path: wellKnownCore}); err == nil {
			t.Errorf("asked at %v, where nobody listens: %v", addr, resp)
		}
	}
}

// TestGroupsFollowInterfaces: an interface that appears joins the groups, one that
// goes is forgotten, one that comes again joins anew.
func TestGroupsFollowInterfaces(t *testing.T) {
	if !enterNamespace(t) {
		return
	}
	e := listen(t, Config{Addr: netip.MustParseAddrPort("[::]:0"), Groups: true, Handler: hubMux().Serve})
	client := listen(t, Config{Addr: netip.MustParseAddrPort("[::]:0")})
	before := len(e.groups.sockets)
	for range 2 {
		run(t, "ip link add w0 type veth peer name w1 && ip link set w0 up && ip link set w1 up && "+
			"ip addr add fe80::3/64 dev w0 nodad && ip addr add fe80::4/64 dev w1 nodad && "+
			"until ip -6 route get ff02::fd oif w0 >/dev/null 2>&1; do sleep 0.05; done")
		e.joinGroups()
		found := discover(t, client, "rt=vap-client-registry", "w0")
		linkLocal := slices.IndexFunc(found, func(f Found) bool { return f.Peer.Addr().Addr().IsLinkLocalUnicast() })
		if linkLocal < 0 {
			t.Fatalf("not found on the new interface by its link-local address: %v", found)
		}
		if err := client.Ping(soon(t), found[linkLocal].Peer); err != nil {
			t.Error(err)
		}
		resp, err := found[linkLocal].Peer.Do(soon(t), &Request{Code: codes.GET, Path: wellKnownCore})
		if err != nil || resp.Code != codes.Content {
			t.Errorf("at its link-local address: %v, %v", resp, err)
		}
		run(t, "ip link del w0")
		e.joinGroups()
		if n := len(e.groups.sockets); n != before {
			t.Errorf("%d sockets are left, want %d", n, before)
		}
	}
}

func run(tb testing.TB, script string) {
	tb.Helper()
	if out, err := exec.CommandContext(soon(tb), "sh", "-c", script).CombinedOutput(); err != nil {
		tb.Fatalf("%s: %v\n%s", script, err, out)
	}
}
