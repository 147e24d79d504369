package coap

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"golang.org/x/sys/unix"
)

// TestFamilyOfTheSocket: the socket says of which family it is, not the address that
// was asked for.
func TestFamilyOfTheSocket(t *testing.T) {
	for network, want := range map[string]struct {
		ipv6  bool
		local string
	}{"udp4": {false, "0.0.0.0"}, "udp": {true, "::"}, "udp6": {true, "::"}} {
		conn, err := net.ListenUDP(network, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := newUDPConn(conn)
		if err != nil {
			t.Fatalf("%s: %v", network, err)
		}
		if got := c.local.Addr().String(); c.ipv6 != want.ipv6 || got != want.local {
			t.Errorf("%s: IPv6 is %t, local address %s; want %+v", network, c.ipv6, got, want)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

const inIPv4World = "VAPD_TEST_WITHOUT_IPV6"

// TestWithoutIPv6 starts a wildcard endpoint with groups where the kernel has no IPv6
// (ipv6.disable=1), and reaches it at an address that is not its first, and by
// multicast. It runs in a process of its own, whose IPv6 sockets are refused.
func TestWithoutIPv6(t *testing.T) {
	if os.Getenv(inIPv4World) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), inIPv4World+"=1")
		out, err := cmd.CombinedOutput()
		switch t.Logf("%s", out); {
		case err != nil:
			t.Fatal(err)
		case strings.Contains(string(out), "--- SKIP"):
			t.Skip("see above")
		}
		return
	}
	refuseIPv6(t)
	port := freePort(t)
	anyone := netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
	server := listen(t, Config{Addr: anyone, Groups: true, GroupPort: port, Handler: hubMux().Serve})
	client := listen(t, Config{Addr: anyone, GroupPort: port})
	if local := server.LocalAddr().Addr(); local != netip.IPv4Unspecified() {
		t.Errorf("listens on %v", local)
	}
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), server.LocalAddr().Port())
	resp, err := client.Peer(at).Do(soon(t), &Request{Code: codes.GET, Path: wellKnownCore})
	if err != nil || resp.Code != codes.Content {
		t.Fatalf("%v, %v", resp, err)
	}
	if found := discover(t, client, "rt=vap-client-registry", "lo"); len(found) != 1 {
		t.Errorf("found %v", found)
	}
}

// refuseIPv6 lets this process open no IPv6 socket from now on, as a kernel without
// IPv6 does.
func refuseIPv6(t *testing.T) {
	const allow = 0x7fff0000 // SECCOMP_RET_ALLOW
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}, // the system call's number
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_SOCKET, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 16}, // its first argument
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.AF_INET6, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)},
		{Code: unix.BPF_RET | unix.BPF_K, K: allow},
	}
	runtime.LockOSThread() // the promise below is this thread's
	defer runtime.UnlockOSThread()
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	if err == nil {
		_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
			uintptr(unsafe.Pointer(&prog)))
		if errno != 0 {
			err = errno
		}
	}
	if err != nil {
		t.Skipf("this kernel has no seccomp filters: %v", err)
	}
	if fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM, 0); err != unix.EAFNOSUPPORT {
		t.Skipf("IPv6 can't be refused on this machine: socket %d, %v", fd, err)
	}
}
