package discovery

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vapd/internal/netns"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
)

// The tests in this file run in network namespaces of their own: "near", where the test
// is, and "far", with avahi or another process of the test binary, and a cable between
// them (netns.Cable).
const (
	roleVariable = "VAPD_DISCOVERY_ROLE" // "hub": what the test binary is for
	hubID        = "org.vapd.hub.abcdefgh"
	hubName      = "Küche 2.0"
)

// avahi gives its folder to its user, who is not in the namespace of users.
const network = netns.Cable + `
for file in passwd group; do
	sed '/^avahi:/s/:[0-9]\+/:0/g' /etc/$file >/run/$file
	mount --bind /run/$file /etc/$file
done
ip -n far route add 224.0.0.0/4 dev far0
`

// nearTests run in the near namespace.
func nearTests() map[string]func(*testing.T) {
	return map[string]func(*testing.T){
		"finds avahi": nearFindsAvahi, "announces": nearAnnounces, "late link": nearLateLink,
		"link-local": nearLinkLocal, "address changes": nearAddressChanges,
		"IPv4 only": nearIPv4Only, "multicast": nearMulticast, "is asked": nearIsAsked,
		"multicast over DTLS": nearMulticastOverDTLS,
	}
}

// TestNetwork runs each of nearTests in namespaces of its own.
func TestNetwork(t *testing.T) {
	for program, pack := range map[string]string{
		"avahi-daemon": "avahi-daemon", "avahi-publish": "avahi-utils", "avahi-browse": "avahi-utils",
		"dbus-daemon": "dbus", "coap-client-notls": "libcoap3-bin",
	} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is not installed: apt-get install %s", program, pack)
		}
	}
	for name, test := range nearTests() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if netns.Inside(t, network) {
				test(t)
			}
		})
	}
}

// inFar starts a program in the far namespace and ends it with the test. It returns
// what the program prints.
func inFar(t *testing.T, env []string, args ...string) *bufio.Reader {
	t.Helper()
	args = netns.Args("far", args...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = cmd.Wait()
	})
	return bufio.NewReader(out)
}

// avahi starts a bus and avahi-daemon in the far namespace, and returns the
// environment in which avahi's programs find them.
func avahi(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	bus := "unix:path=" + filepath.Join(dir, "bus")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	// The configuration of the system bus would want users and policies.
	busConf := write("bus.conf", `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>`+bus+`</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>`)
	conf := write("avahi.conf", "[server]\nhost-name=far\nuse-ipv4=yes\nuse-ipv6=yes\nratelimit-burst=1000\nratelimit-interval-usec=1000000\n[wide-area]\nenable-wide-area=no\n")
	env := []string{"DBUS_SYSTEM_BUS_ADDRESS=" + bus}
	inFar(t, env, "dbus-daemon", "--config-file="+busConf, "--nofork", "--nopidfile")
	waitFor(t, func() bool { _, err := os.Stat(filepath.Join(dir, "bus")); return err == nil })
	inFar(t, env, "avahi-daemon", "-f", conf, "--no-drop-root", "--no-chroot", "--no-rlimits")
	waitFor(t, func() bool {
		cmd := exec.Command("ip", "netns", "exec", "far", "avahi-browse", "--all", "--terminate")
		cmd.Env = append(os.Environ(), env...)
		return cmd.Run() == nil
	})
	return env
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited 20 s in vain")
		}
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// search looks until wanted is found, and returns all that was found till then.
func search(t *testing.T, f Finder, wanted func(Candidate) bool) []Candidate {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var all []Candidate
	ok := false
	err := f(ctx, func(c Candidate) {
		all = append(all, c)
		if wanted(c) {
			ok = true
			cancel()
		}
	})
	if !ok {
		t.Fatalf("not found: %v, %v", all, err)
	}
	return all
}

func nearFindsAvahi(t *testing.T) {
	env := avahi(t)
	inFar(t, env, "avahi-publish", "-s", hubName, "_vap-client-registry._udp", "5683", "vapVersion=Alpha", "path=/vap", "id="+hubID, "coaps=5684")
	inFar(t, env, "avahi-publish", "-s", "alias hub", "_vap-client._udp", "5684")
	inFar(t, env, "avahi-publish", "-s", "skills' hub", "_vap-skill-registry._udp", "5685")
	inFar(t, env, "avahi-publish", "-s", "skills' alias", "_vap-skill._udp", "5686")
	addr := netip.MustParseAddrPort("10.77.0.2:5683")
	// zeroconf tells of a hub once, be it before the hub's text has come: then the hub has
	// to be asked who it is.
	all := search(t, Clients.DNSSD("near0"), func(c Candidate) bool {
		return c == Candidate{ID: hubID, Name: hubName, Addr: addr, Version: "Alpha", Secured: 5684} || c == Candidate{Name: hubName, Addr: addr}
	})
	t.Log(all)
	if all[0].Addr.Addr().IsLinkLocalUnicast() {
		t.Errorf("the first address is %v", all[0].Addr)
	}
	search(t, Clients.DNSSD(), func(c Candidate) bool {
		return c == Candidate{Name: "alias hub", Addr: netip.MustParseAddrPort("10.77.0.2:5684")}
	})
	for name, port := range map[string]string{"skills' hub": "5685", "skills' alias": "5686"} {
		all := search(t, Skills.DNSSD(), func(c Candidate) bool {
			return c == Candidate{Name: name, Addr: netip.MustParseAddrPort("10.77.0.2:" + port)}
		})
		for _, c := range all {
			if !strings.HasPrefix(c.Name, "skills'") {
				t.Errorf("a hub that serves no skills was found: %+v", c)
			}
		}
	}
}

// announce runs an Announcement of a hub that listens on addr until the test or stop
// ends it.
func announce(t *testing.T, addr string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- Announcement{
			ID: hubID, Name: hubName, Addr: netip.MustParseAddrPort(addr), Version: "Alpha", Secured: 5684, Registries: []Registry{Clients, Skills},
			Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
		}.Run(ctx)
	}()
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// browse is what avahi sees of a service, in its format for programs.
func browse(t *testing.T, env []string, service string) string {
	t.Helper()
	cmd := exec.Command("ip", "netns", "exec", "far", "avahi-browse", "-rpt", service)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("avahi-browse: %v", err)
	}
	return string(out)
}

func nearAnnounces(t *testing.T) {
	env := avahi(t)
	stop := announce(t, "[::]:5683")
	const escaped = `K\195\188che\0322\.0`
	services := []string{"_vap-client-registry._udp", "_vap-client._udp", "_vap-skill-registry._udp", "_vap-skill._udp"}
	for _, name := range services {
		waitFor(t, func() bool {
			for line := range strings.Lines(browse(t, env, name)) {
				f := strings.Split(strings.TrimSpace(line), ";")
				if f[0] == "=" && f[2] == "IPv4" && f[3] == escaped && f[7] == "10.77.0.1" && f[8] == "5683" &&
					strings.Contains(line, `"vapVersion=Alpha"`) && strings.Contains(line, `"path=/vap"`) &&
					strings.Contains(line, `"id=`+hubID+`"`) && strings.Contains(line, `"coaps=5684"`) {
					return true
				}
			}
			return false
		})
	}
	stop()
	for _, name := range services {
		waitFor(t, func() bool { return !strings.Contains(browse(t, env, name), escaped) })
	}
}

func nearLateLink(t *testing.T) {
	env := avahi(t)
	inFar(t, env, "avahi-publish", "-s", "hub", Clients.services()[0], "5683")
	run(t, "ip", "link", "set", "near0", "down")
	time.AfterFunc(2*time.Second, func() { _ = exec.Command("ip", "link", "set", "near0", "up").Run() })
	start := time.Now()
	search(t, Clients.DNSSD(), func(c Candidate) bool { return c.Addr.Addr().Is4() })
	t.Logf("found after %v", time.Since(start))
}

func nearLinkLocal(t *testing.T) {
	run(t, "ip", "-n", "far", "addr", "flush", "dev", "far0", "scope", "global")
	startHub(t)
	env := avahi(t)
	inFar(t, env, "avahi-publish", "-s", "hub", Clients.services()[0], "5683")
	all := search(t, Clients.DNSSD(), func(c Candidate) bool { return c.Name == "hub" })
	addr := all[len(all)-1].Addr
	if !addr.Addr().IsLinkLocalUnicast() || addr.Addr().Zone() != "near0" {
		t.Fatalf("found at %v", addr)
	}
	// It can really be reached.
	e := endpoint(t, coap.Config{Addr: netip.MustParseAddrPort("[::]:0")})
	if err := e.Ping(t.Context(), e.Peer(addr)); err != nil {
		t.Error(err)
	}
}

// A hub that listens on IPv4 alone is announced with that alone.
func nearIPv4Only(t *testing.T) {
	waitFor(t, func() bool { return strings.Contains(run(t, "ip", "-6", "addr", "show", "dev", "near0"), "fe80::") })
	env := avahi(t)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	resolves := func(family, prefix string) bool {
		cmd := exec.Command("ip", "netns", "exec", "far", "avahi-resolve", family, "-n", host+".local")
		cmd.Env = append(os.Environ(), env...)
		out, err := cmd.Output() // fails as long as there is none
		return err == nil && strings.Contains(string(out), "\t"+prefix)
	}
	stop := announce(t, "0.0.0.0:5683")
	waitFor(t, func() bool { return resolves("-4", "10.77.0.1") })
	if resolves("-6", "fe80::") {
		t.Error("announced with IPv6")
	}
	stop()
	stop = announce(t, "[::]:5683")
	defer stop()
	waitFor(t, func() bool { return resolves("-6", "fe80::") })
}

// A hub that gets another address is announced with that.
func nearAddressChanges(t *testing.T) {
	env := avahi(t)
	stop := announce(t, "[::]:5683")
	defer stop()
	waitFor(t, func() bool { return strings.Contains(browse(t, env, Clients.services()[0]), ";10.77.0.1;") })
	run(t, "ip", "addr", "del", "10.77.0.1/24", "dev", "near0")
	run(t, "ip", "addr", "add", "10.77.0.3/24", "dev", "near0")
	waitFor(t, func() bool { return strings.Contains(browse(t, env, Clients.services()[0]), ";10.77.0.3;") })
}

func endpoint(t *testing.T, cfg coap.Config) *coap.Endpoint {
	t.Helper()
	e, err := coap.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil && !errors.Is(err, coap.ErrClosed) {
			t.Error(err)
		}
	})
	return e
}

// registry serves a client registry.
func registry() (cfg coap.Config, closeIt func()) {
	mux := new(coap.Mux)
	server := clientregistry.NewServer(clientregistry.ServerConfig{ID: hubID, Name: hubName})
	server.Register(mux)
	return coap.Config{Addr: netip.MustParseAddrPort("[::]:5683"), Groups: true, Handler: mux.Serve}, server.Close
}

// hub is the test binary as a hub in the far namespace.
func hub() {
	cfg, closeIt := registry()
	defer closeIt()
	e, err := coap.Listen(cfg)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready")
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	<-end
	_ = e.Close()
}

func startHub(t *testing.T) {
	t.Helper()
	out := inFar(t, []string{roleVariable + "=hub"}, os.Args[0])
	if line, err := out.ReadString('\n'); line != "ready\n" {
		t.Fatalf("the hub says %q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
}

// libcoap's client finds our hub.
func nearIsAsked(t *testing.T) {
	cfg, closeIt := registry()
	defer closeIt()
	endpoint(t, cfg)
	ask := func(query string) string {
		return run(t, "ip", "netns", "exec", "far", "coap-client-notls", "-N", "-B", "2", "coap://224.0.1.187/.well-known/core?"+query)
	}
	// It asks once, and a cable that was just plugged in loses datagrams.
	waitFor(t, func() bool { return strings.Contains(ask("rt=vap-client-registry"), `</vap>;rt="vap-client-registry"`) })
	if other := ask("rt=temperature"); strings.Contains(other, "<") {
		t.Errorf("an answer to another question: %q", other)
	}
}
