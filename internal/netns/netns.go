// Package netns runs tests in network namespaces of their own, in which they may cut
// cables and change addresses. Everything in them is gone when the test's process ends.
// It needs a Linux kernel with namespaces and veth pairs; where those, or the right to
// make them, are missing, tests are skipped with the reason.
package netns

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Scripts of networks. The test is in the namespace "near"; "far" is another host, as
// Args reaches it. They are run by sh, as root of the namespaces.
const (
	// Cable connects near0, 10.77.0.1, with far0, 10.77.0.2.
	Cable = `
ip netns add far
ip link add near0 type veth peer name far0 netns far
ip addr add 10.77.0.1/24 dev near0
ip -n far addr add 10.77.0.2/24 dev far0
ip -n far link set lo up
ip -n far link set far0 up
ip link set near0 up
`
	// Routed has a router (namespace "router", 10.77.1.254 and 10.77.2.254) between the
	// subnets of near0, 10.77.1.1, and far0, 10.77.2.2.
	Routed = `
ip netns add router
ip netns add far
ip link add near0 type veth peer name r1 netns router
ip -n far link add far0 type veth peer name r2 netns router
ip -n router addr add 10.77.1.254/24 dev r1
ip -n router addr add 10.77.2.254/24 dev r2
for link in lo r1 r2; do ip -n router link set $link up; done
ip netns exec router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
ip addr add 10.77.1.1/24 dev near0
ip -n far addr add 10.77.2.2/24 dev far0
ip link set near0 up
ip -n far link set lo up
ip -n far link set far0 up
ip route add default via 10.77.1.254
ip -n far route add default via 10.77.2.254
`
)

const (
	// variable says to a test's process that it is inside already.
	variable = "VAPD_NETNS"
	longest  = 2 * time.Minute // that a test may take
	// begin gives ip a place for its names of namespaces.
	begin = "set -e\nmount -t tmpfs tmpfs /run\nip link set lo up\n"
	end   = "\nexec \"$@\""
)

// Inside reports whether t is in a network of its own, which script made. If it is not,
// Inside runs t again where it is, waits, and lets t fail if that did:
//
//	if !netns.Inside(t, netns.Cable) {
//		return
//	}
//
// It takes two minutes at most.
func Inside(t *testing.T, script string) bool {
	t.Helper()
	if os.Getenv(variable) != "" {
		return true
	}
	for program, pack := range map[string]string{"ip": "iproute2", "unshare": "util-linux"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%s is not installed: apt-get install %s", program, pack)
		}
	}
	unshare := namespaces(t, script)
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	pattern := "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$"
	cmd := shell(ctx, unshare, script, os.Args[0], "-test.v", "-test.run="+pattern)
	cmd.Env = append(os.Environ(), variable+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("%v:\n%s", err, out)
	} else if testing.Verbose() {
		t.Logf("\n%s", out)
	}
	return false
}

// namespaces is the command that makes them: without privileges where the kernel allows
// it, else as root.
func namespaces(t *testing.T, script string) []string {
	t.Helper()
	root := []string{"unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"}
	user := append(root[:len(root):len(root)], "--user", "--map-root-user")
	var reasons bytes.Buffer
	for _, unshare := range [][]string{user, root} {
		out, err := shell(t.Context(), unshare, script, "true").CombinedOutput()
		if err == nil {
			return unshare
		}
		fmt.Fprintf(&reasons, "%s: %v: %s; ", strings.Join(unshare, " "), err, bytes.TrimSpace(out))
	}
	t.Skipf("no network namespaces with a veth pair: %s", &reasons)
	return nil
}

// shell is args in new namespaces with the network of script.
func shell(ctx context.Context, unshare []string, script string, args ...string) *exec.Cmd {
	all := append(unshare[1:len(unshare):len(unshare)], "sh", "-c", begin+script+end, "sh")
	return exec.CommandContext(ctx, unshare[0], append(all, args...)...)
}

// Args is a command line that runs args in the namespace of another host, "" for the
// test's own.
func Args(host string, args ...string) []string {
	if host == "" {
		return args
	}
	return append([]string{"ip", "netns", "exec", host}, args...)
}

// IP runs the program ip with words, which are separated by spaces, and returns what it
// prints.
func IP(t *testing.T, words string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ip", strings.Fields(words)...).CombinedOutput()
	if err != nil {
		t.Fatalf("ip %s: %v\n%s", words, err, out)
	}
	return string(out)
}
