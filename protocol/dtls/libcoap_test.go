package dtls

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

// backends are the two that Debian's libcoap3-bin is built for.
func backends() []string { return []string{"openssl", "gnutls"} }

func program(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		tb.Fatalf("%s is not installed: apt-get install libcoap3-bin", name)
	}
	return path
}

// libcoapClient runs a coap-client and returns all it said.
func libcoapClient(tb testing.TB, backend string, args ...string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	out, _ := exec.CommandContext(ctx, program(tb, "coap-client-"+backend), args...).CombinedOutput()
	return string(out)
}

// TestLibcoapClient: both of libcoap's clients with the right key, a wrong one, a name
// that is not known, and on a line that loses 10 %.
func TestLibcoapClient(t *testing.T) {
	for _, backend := range backends() {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			keys := func(identity string) ([]byte, bool) { return []byte("a secret of libcoap"), identity == "kitchen" }
			var l listener
			st, _ := listen(t, Config{Keys: keys, Hint: "vapd"}, coap.Config{Handler: l.serve})
			uri := fmt.Sprintf("coaps://%v/x", st.LocalAddr())
			lossy := 0 // goodbyes that may be lost
			for name, c := range map[string]struct {
				args []string
				ok   bool
			}{
				"right":  {[]string{"-u", "kitchen", "-k", "a secret of libcoap"}, true},
				"lossy":  {[]string{"-l", "10%", "-u", "kitchen", "-k", "a secret of libcoap"}, true},
				"wrong":  {[]string{"-u", "kitchen", "-k", "another secret here"}, false},
				"nobody": {[]string{"-u", "bedroom", "-k", "a secret of libcoap"}, false},
			} {
				tries := 1
				if name == "lossy" { // it gives up when it is out of luck
					tries = 3
				}
				for try := 1; ; try++ {
					if name == "lossy" {
						lossy++
					}
					out := libcoapClient(t, backend, append(c.args, "-B", "20", "-m", "put", "-e", "hello", uri)...)
					if strings.Contains(out, "kitchen: hello") == c.ok {
						break
					}
					if try == tries {
						t.Errorf("%s: coap-client-%s says %q", name, backend, out)
						break
					}
				}
			}
			eventually(t, "all said goodbye or were refused", func() bool {
				s := st.Stats()
				return s.Associations <= lossy && s.HalfOpen == 0
			})
		})
	}
}

// TestLibcoapServer: our client with both of libcoap's servers.
func TestLibcoapServer(t *testing.T) {
	for _, backend := range backends() {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			addr := libcoapServer(t, backend, string(kitchen.Key))
			ct, ce := listen(t, Config{}, coap.Config{})
			var a *coap.Association
			eventually(t, "the server is up", func() (ok bool) {
				ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
				defer cancel()
				var err error
				a, err = ct.Associate(ctx, addr, kitchen)
				return err == nil
			})
			peer := ce.Secured(a, addr)
			body := bytes.Repeat([]byte("0123456789abcdef"), 200)
			if resp, err := peer.Do(soon(t), &coap.Request{Code: codes.PUT, Path: "book", Body: body}); err != nil || resp.Code != codes.Created {
				t.Fatalf("PUT: %v, %v", resp, err)
			}
			if resp, err := peer.Do(soon(t), &coap.Request{Code: codes.GET, Path: "book"}); err != nil || !bytes.Equal(resp.Body, body) {
				t.Fatalf("GET: %v", err)
			}
			if err := ce.Ping(soon(t), peer); err != nil {
				t.Error(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 6*time.Second)
			defer cancel()
			wrong := Credentials{kitchen.Identity, make([]byte, 32)}
			if _, err := ct.Associate(ctx, addr, wrong); err == nil {
				t.Error("the wrong key is good enough")
			}
			if err := ce.Ping(soon(t), peer); err != nil {
				t.Errorf("after a handshake that failed: %v", err)
			}
		})
	}
}

// libcoapServer starts a coap-server with a key on a port that was free.
func libcoapServer(tb testing.TB, backend, key string) netip.AddrPort {
	tb.Helper()
	free, err := coap.ListenUDP(loopback)
	if err != nil {
		tb.Fatal(err)
	}
	port := free.LocalAddr().Port() - 1 // it speaks DTLS on the next
	_ = free.Close()
	cmd := exec.Command(program(tb, "coap-server-"+backend), "-A", "127.0.0.1", "-p", fmt.Sprint(port), "-k", key, "-h", "hub", "-d", "5")
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return netip.AddrPortFrom(loopback.Addr(), port+1)
}
