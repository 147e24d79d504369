package health

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"vapd/internal/doctor"
	"vapd/internal/netns"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/discovery"
)

// asHub makes the test binary a hub, on another host.
const asHub = "VAPD_HEALTH_HUB"

func TestMain(m *testing.M) {
	if os.Getenv(asHub) != "" {
		serveHub()
		return
	}
	os.Exit(m.Run())
}

const hubID = "org.vapd.hub.abcdefgh"

// serveHub answers discovery as a hub does, until it is told to end.
func serveHub() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	quiet := slog.New(slog.DiscardHandler)
	server := clientregistry.NewServer(clientregistry.ServerConfig{ID: hubID, Name: "home", Logger: quiet})
	mux := new(coap.Mux)
	server.Register(mux)
	addr := netip.MustParseAddrPort("[::]:5683")
	e, err := coap.Listen(coap.Config{Addr: addr, Groups: true, Handler: mux.Serve})
	if err != nil {
		panic(err)
	}
	defer e.Close()
	os.Stdout.WriteString("ready\n")
	if err := (discovery.Announcement{ID: hubID, Name: "home", Addr: addr, Registries: []discovery.Registry{discovery.Clients}, Logger: quiet}).Run(ctx); err != nil {
		panic(err)
	}
}

// startHub starts the hub on the host far.
func startHub(t *testing.T) {
	t.Helper()
	args := netns.Args("far", os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), asHub+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	if _, err := io.ReadFull(out, make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
}

// filter lets nft hold back what rules say, which begin with the chain's name.
func filter(t *testing.T, rules ...string) {
	t.Helper()
	script := "table inet doctor\ndelete table inet doctor\ntable inet doctor {\n" +
		"chain input { type filter hook input priority 0;\n" + strings.Join(of(rules, "input "), "\n") + "\n}\n" +
		"chain output { type filter hook output priority 0;\n" + strings.Join(of(rules, "output "), "\n") + "\n}\n}\n"
	cmd := exec.CommandContext(t.Context(), "nft", "-f", "-")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal("nft is not installed: apt-get install nftables")
	}
	if err != nil {
		t.Skipf("the kernel has no nftables: %v: %s", err, out)
	}
}

func of(rules []string, chain string) (mine []string) {
	for _, r := range rules {
		if rest, ok := strings.CutPrefix(r, chain); ok {
			mine = append(mine, rest)
		}
	}
	return mine
}

// What the network does to discovery and round trips is told apart.
func TestNetwork(t *testing.T) {
	// Without a route of all multicast, far answers none.
	if !netns.Inside(t, netns.Cable+"ip -n far route add 224.0.0.0/4 dev far0\n") {
		return
	}
	startHub(t)
	e, err := coap.Listen(coap.Config{Addr: netip.MustParseAddrPort("[::]:0")})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	known := []netip.AddrPort{netip.MustParseAddrPort("10.77.0.2:5683")}
	const brief = time.Second
	remote := func(netip.Addr) bool { return false }
	multicast := []string{
		"input ip daddr 224.0.0.0/4 drop", "input ip6 daddr ff00::/8 drop",
		"output ip daddr 224.0.0.0/4 drop", "output ip6 daddr ff00::/8 drop",
	}

	s := &Search{Network: e}
	expect(t, Discovery{s}.Run(t.Context()), doctor.OK, `hub "home"`, "")
	if f := (Discovery{s}).Run(t.Context()); !strings.Contains(f.What, "mDNS and CoAP multicast") {
		t.Errorf("found by %s", f.What)
	}
	expect(t, RoundTrip{s}.Run(t.Context()), doctor.OK, "0 % loss", "")
	expect(t, Pairing{Search: s, Local: remote}.Run(t.Context()), doctor.Bad, `not paired with hub "home"`, "vapd hub pair")
	expect(t, Pairing{Search: s, Local: remote, Hubs: map[string]string{hubID: "home"}}.Run(t.Context()), doctor.OK, "home", "")
	expect(t, Pairing{Search: s, Local: remote, Hubs: map[string]string{"other": "attic"}}.Run(t.Context()), doctor.Bad, `paired with "attic" (other), but`, "vapd hub pair")
	expect(t, Pairing{Search: s, Local: remote, Open: true}.Run(t.Context()), doctor.Warn, "can listen", "paired")
	expect(t, Pairing{Search: s, Local: remote, Unreadable: os.ErrPermission}.Run(t.Context()), doctor.Skipped, "permission", "sudo")

	filter(t, multicast...)
	s = &Search{Longest: brief, Network: e, Known: known}
	expect(t, Discovery{s}.Run(t.Context()), doctor.Warn, "multicast is blocked", `hub = "10.77.0.2:5683"`)
	s = &Search{Longest: brief, Network: e, Configured: discovery.Configured(known[0].String(), nil)}
	expect(t, Discovery{s}.Run(t.Context()), doctor.OK, "as configured", "")
	expect(t, Discovery{&Search{Longest: brief, Network: e}}.Run(t.Context()), doctor.Bad, "no hub is found", "AP isolation")

	filter(t, append(multicast, "output udp dport 5683 numgen inc mod 2 0 drop")...)
	s = &Search{Longest: brief, Network: e, Known: known}
	expect(t, RoundTrip{s}.Run(t.Context()), doctor.Bad, "50 % loss", "access point")

	filter(t, append(multicast, "output udp dport 5683 drop")...)
	s = &Search{Longest: brief, Network: e, Known: known}
	expect(t, Discovery{s}.Run(t.Context()), doctor.Bad, "10.77.0.2:5683 does not answer", "firewall")
	expect(t, RoundTrip{s}.Run(t.Context()), doctor.Skipped, "no hub", "")
	expect(t, Pairing{Search: s, Local: remote, Hubs: map[string]string{hubID: "home"}}.Run(t.Context()), doctor.OK, "no hub is there now", "")

	netns.IP(t, "link set near0 down")
	if f := (Discovery{&Search{Longest: brief, Network: e}}).Run(t.Context()); f.State != doctor.Bad || f.Remedy == "" {
		t.Errorf("without a cable: %+v", f)
	}
}

func TestJudge(t *testing.T) {
	times := func(d time.Duration) (all []time.Duration) {
		for range pings {
			all = append(all, d)
		}
		return all
	}
	expect(t, judge(times(3*time.Millisecond), 0), doctor.OK, "3ms", "")
	expect(t, judge(times(300*time.Millisecond), 0), doctor.Warn, "300ms", "access point")
	expect(t, judge(times(3*time.Millisecond), 0.1), doctor.Warn, "10 % loss", "access point")
	expect(t, judge(nil, 1), doctor.Bad, "none of 20", "firewall")
}

func TestLink(t *testing.T) {
	for name, c := range map[string]struct {
		link         control.LinkView
		err          error
		state        doctor.State
		what, remedy string
	}{
		"up":        {control.LinkView{State: "up", Hub: "home", Encrypted: true, Losses: 1}, nil, doctor.OK, `up, to "home", encrypted`, ""},
		"unstable":  {control.LinkView{State: "up", Hub: "home", Losses: 30}, nil, doctor.Warn, "lost 30 times in 2.0 hours", "power"},
		"pending":   {control.LinkView{State: "pending", Hub: "home"}, nil, doctor.Bad, "waits for its owner", "approve me"},
		"wrong key": {control.LinkView{State: "denied", Hub: "home", Why: "the hub refuses this satellite's key"}, nil, doctor.Bad, "satellite's key", "pair again"},
		"unpaired":  {control.LinkView{State: "unpaired", Hub: "home", Why: "not paired yet"}, nil, doctor.Bad, "not paired", "vapd hub pair"},
		"searching": {control.LinkView{State: "searching", Why: "no hub found"}, nil, doctor.Bad, "no hub found", "discovery"},
		"dead":      {control.LinkView{}, control.ErrClosed, doctor.Bad, "does not answer", "restart"},
	} {
		t.Run(name, func(t *testing.T) {
			ask := func(context.Context) (control.SatelliteState, error) {
				return control.SatelliteState{ID: "me", UptimeMS: 7_200_000, Link: c.link}, c.err
			}
			expect(t, Link{ask}.Run(t.Context()), c.state, c.what, c.remedy)
		})
	}
	ask := func(context.Context) (control.SatelliteState, error) {
		return control.SatelliteState{Drivers: []control.DriverView{{Name: "leds", State: "failed", Reason: "no SPI"}}}, nil
	}
	expect(t, Drivers{ask}.Run(t.Context()), doctor.Bad, "leds failed: no SPI", "devices")
	ask = func(context.Context) (control.SatelliteState, error) { return control.SatelliteState{}, nil }
	expect(t, Drivers{ask}.Run(t.Context()), doctor.Warn, "no wake word", "settings")
}
