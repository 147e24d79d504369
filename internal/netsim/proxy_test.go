package netsim

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// socket is a UDP socket on the loopback that closes with the test.
func socket(t *testing.T, addr string) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(addr)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

// echo answers every datagram with its name and what came.
func echo(t *testing.T, name string) netip.AddrPort {
	t.Helper()
	c := socket(t, "127.0.0.1:0")
	var wg sync.WaitGroup
	wg.Go(func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			_, _ = c.WriteToUDPAddrPort(fmt.Appendf(nil, "%s %d %s", name, from.Port(), buf[:n]), from)
		}
	})
	t.Cleanup(func() { _ = c.Close(); wg.Wait() })
	return addrPort(c.LocalAddr())
}

func proxy(t *testing.T, cfg Config) *Proxy {
	t.Helper()
	p, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

// ask sends text and returns the name of the hub that answered, the port it saw, and
// the rest.
func ask(t *testing.T, c *net.UDPConn, p *Proxy, send string) (hub string, port int, rest string) {
	t.Helper()
	if _, err := c.WriteToUDPAddrPort([]byte(send), p.Addr()); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 2048)
	n, from, err := c.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	if unmap(from) != p.Addr() {
		t.Errorf("answer from %v, not from the proxy", from)
	}
	if _, err := fmt.Sscan(string(buf[:n]), &hub, &port, &rest); err != nil {
		t.Fatalf("%q: %v", buf[:n], err)
	}
	return hub, port, rest
}

func TestProxy(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[string]int)
	p := proxy(t, Config{Hub: echo(t, "first"), Observe: func(k Packet) {
		mu.Lock()
		defer mu.Unlock()
		seen[fmt.Sprint(k.Direction, k.Fate, k.Satellite)]++
	}})
	a, b := socket(t, "127.0.0.1:0"), socket(t, "127.0.0.1:0")
	hub, portA, rest := ask(t, a, p, "hello")
	if hub != "first" || rest != "hello" {
		t.Errorf("%s answers %s", hub, rest)
	}
	_, portB, _ := ask(t, b, p, "hello")
	if _, again, _ := ask(t, a, p, "again"); again != portA || portA == portB {
		t.Errorf("the hub sees ports %d, %d and %d", portA, portB, again)
	}

	p.SetHub(echo(t, "second"))
	if hub, port, _ := ask(t, a, p, "moved"); hub != "second" || port != portA {
		t.Errorf("%s sees port %d", hub, port)
	}
	if err := p.Rebind(); err != nil {
		t.Fatal(err)
	}
	if _, port, _ := ask(t, a, p, "rebound"); port == portA {
		t.Error("the port is still the same")
	}

	up, counts := p.Status(Up)
	if want := (Counts{Received: 5, Delivered: 5, Bytes: 5 + 5 + 5 + 5 + 7}); up != (Impairment{}) || counts != want {
		t.Errorf("%+v, %+v", up, counts)
	}
	mu.Lock()
	defer mu.Unlock()
	if key := fmt.Sprint(Up, Passed, addrPort(a.LocalAddr())); seen[key] != 4 {
		t.Errorf("%s was seen %d times: %v", key, seen[key], seen)
	}
}

// whoami answers every datagram with where it came from, and keeps its socket.
func whoami(t *testing.T) (*net.UDPConn, func(*net.UDPConn, *Proxy) netip.AddrPort) {
	t.Helper()
	hub := socket(t, "127.0.0.1:0")
	return hub, func(c *net.UDPConn, p *Proxy) netip.AddrPort {
		t.Helper()
		if _, err := c.WriteToUDPAddrPort([]byte("x"), p.Addr()); err != nil {
			t.Fatal(err)
		}
		_, from, err := hub.ReadFromUDPAddrPort(make([]byte, 8))
		if err != nil {
			t.Fatal(err)
		}
		return unmap(from)
	}
}

// After a rebinding the hub sees another address at once; what it sends to the old one
// is lost, and what was on its way leaves from the new one.
func TestRebind(t *testing.T) {
	hub, seen := whoami(t)
	p := proxy(t, Config{
		Hub: addrPort(hub.LocalAddr()), Up: Impairment{Delay: 50 * time.Millisecond},
		Sources: []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.9")},
	})
	c := socket(t, "127.0.0.1:0")
	before := seen(c, p)
	if _, err := c.WriteToUDPAddrPort([]byte("on its way"), p.Addr()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { _, n := p.Status(Up); return n.Received == 2 })
	if err := p.Rebind(); err != nil {
		t.Fatal(err)
	}
	_, after, err := hub.ReadFromUDPAddrPort(make([]byte, 16))
	if err != nil {
		t.Fatal(err)
	}
	if before.Addr().String() != "127.0.0.1" || after.Addr().String() != "127.0.0.9" {
		t.Errorf("the hub sees %v, then %v", before, after)
	}
	for _, to := range []netip.AddrPort{before, after} {
		if _, err := hub.WriteToUDPAddrPort([]byte(to.Addr().String()), to); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, 32)
	n, _, err := c.ReadFromUDPAddrPort(b)
	if err != nil || string(b[:n]) != "127.0.0.9" {
		t.Errorf("%q comes back, %v", b[:n], err)
	}
}

func TestRebindEvery(t *testing.T) {
	hub, seen := whoami(t)
	p := proxy(t, Config{Hub: addrPort(hub.LocalAddr()), RebindEvery: 10 * time.Millisecond})
	c := socket(t, "127.0.0.1:0")
	first := seen(c, p)
	waitFor(t, func() bool { return seen(c, p) != first })
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited 20 s in vain")
		}
	}
}

func TestMTU(t *testing.T) {
	var log bytes.Buffer
	p := proxy(t, Config{
		Hub: echo(t, "hub"), Up: Impairment{MTU: 100},
		Logger: slog.New(slog.NewTextHandler(&log, nil)),
	})
	c := socket(t, "127.0.0.1:0")
	for range 2 {
		if _, err := c.WriteToUDPAddrPort(make([]byte, 73), p.Addr()); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, rest := ask(t, c, p, "small"); rest != "small" {
		t.Error(rest)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, n := p.Status(Up); n.TooBig != 2 || strings.Count(log.String(), "larger than the network's MTU") != 1 {
		t.Errorf("%+v, %s", n, &log)
	}
}

func TestSetLoss(t *testing.T) {
	fates := make(chan Fate, 2)
	p := proxy(t, Config{Hub: echo(t, "hub"), Observe: func(k Packet) {
		if k.Direction == Up {
			fates <- k.Fate
		}
	}})
	if err := p.SetLoss(1.5); err == nil {
		t.Error("a loss of 1.5 was taken")
	}
	if err := p.SetLoss(1); err != nil {
		t.Fatal(err)
	}
	c := socket(t, "127.0.0.1:0")
	if _, err := c.WriteToUDPAddrPort([]byte("x"), p.Addr()); err != nil {
		t.Fatal(err)
	}
	if fate := <-fates; fate != Lost {
		t.Error(fate)
	}
	if err := p.SetLoss(0); err != nil {
		t.Fatal(err)
	}
	if _, _, rest := ask(t, c, p, "back"); rest != "back" {
		t.Error(rest)
	}
	if err := p.Set(Down, func(i *Impairment) { i.Duplicate = 1 }); err != nil {
		t.Fatal(err)
	}
	ask(t, c, p, "twice")
	if n, _, err := c.ReadFromUDPAddrPort(make([]byte, 100)); n == 0 || err != nil {
		t.Errorf("no second copy: %v", err)
	}
}

func TestManySatellites(t *testing.T) {
	p := proxy(t, Config{Hub: echo(t, "hub")})
	for range maxFlows + 5 {
		ask(t, socket(t, "127.0.0.1:0"), p, "x")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.flows) > maxFlows {
		t.Errorf("%d satellites are remembered", len(p.flows))
	}
}

func TestNoHubYet(t *testing.T) {
	p := proxy(t, Config{})
	c := socket(t, "127.0.0.1:0")
	if _, err := c.WriteToUDPAddrPort([]byte("early"), p.Addr()); err != nil {
		t.Fatal(err)
	}
	p.SetHub(echo(t, "hub"))
	for { // the early one may arrive as well
		if _, _, rest := ask(t, c, p, "now"); rest == "now" {
			break
		}
	}
}

// tcpdump reads the capture, with right checksums.
func TestCapture(t *testing.T) {
	tcpdump, err := exec.LookPath("tcpdump")
	if err != nil {
		t.Fatal("tcpdump is not installed: apt-get install tcpdump")
	}
	path := filepath.Join(t.TempDir(), "vap.pcap")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	p := proxy(t, Config{Hub: echo(t, "hub"), Capture: f})
	c := socket(t, "127.0.0.1:0")
	ask(t, c, p, "hello")
	v6 := netip.MustParseAddrPort("[2001:db8::1]:5683")
	p.record(v6, netip.MustParseAddrPort("[fe80::2%eth0]:1234"), []byte("odd"))
	if err := errors.Join(p.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tcpdump, "-n", "-vv", "-r", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	from, hub := addrPort(c.LocalAddr()), p.Hub()
	text := strings.NewReplacer("\n    ", " ").Replace(string(out))
	for _, want := range []string{
		fmt.Sprintf("127.0.0.1.%d > 127.0.0.1.%d: [udp sum ok] UDP, length 5", from.Port(), hub.Port()),
		fmt.Sprintf("127.0.0.1.%d > 127.0.0.1.%d: [udp sum ok] UDP, length", hub.Port(), from.Port()),
		"2001:db8::1.5683 > fe80::2.1234: [udp sum ok] UDP, length 3",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "bad") {
		t.Errorf("a bad checksum:\n%s", text)
	}
}

// fullDisk takes so many bytes.
type fullDisk struct{ left int }

func (d *fullDisk) Write(b []byte) (int, error) {
	if d.left -= len(b); d.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(b), nil
}

// A capture that fails ends; the network does not.
func TestCaptureFails(t *testing.T) {
	if _, err := Listen(Config{Capture: &fullDisk{}}); err == nil || !strings.Contains(err.Error(), "no space") {
		t.Error(err)
	}
	p := proxy(t, Config{Hub: echo(t, "hub"), Capture: &fullDisk{left: 30}})
	c := socket(t, "127.0.0.1:0")
	for range 3 {
		ask(t, c, p, "x")
	}
	var b bytes.Buffer
	k, err := newCapture(&b)
	if err != nil {
		t.Fatal(err)
	}
	k.written = maxCapture
	if err := k.write(time.Now(), p.Addr(), p.Hub(), nil); !errors.Is(err, errCaptureFull) {
		t.Error(err)
	}
}
