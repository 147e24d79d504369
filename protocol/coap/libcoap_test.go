package coap

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// libcoap finds a program of Debian's libcoap3-bin.
func libcoap(tb testing.TB, name string) string {
	tb.Helper()
	for _, n := range []string{name + "-notls", name, name + "-openssl", name + "-gnutls"} {
		if p, err := exec.LookPath(n); err == nil {
			return p
		}
	}
	tb.Fatalf("%s is not installed: apt-get install libcoap3-bin", name)
	return ""
}

// coapClient runs coap-client and returns what it received and what it complained of.
func coapClient(tb testing.TB, args ...string) (out []byte, complaint string) {
	tb.Helper()
	var stdout, stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(tb.Context(), 2*time.Minute) // it waits 2 s and more for what it lost
	defer cancel()
	cmd := exec.CommandContext(ctx, libcoap(tb, "coap-client"), args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		tb.Errorf("coap-client %q: %v\n%s", args, err, &stderr)
	}
	return stdout.Bytes(), stderr.String()
}

// body10k is a body that has no period of a block's size.
func body10k() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 10_000)
	for i := range b {
		b[i] = byte('a' + r.IntN(26))
	}
	return b
}

// shelf is a server that keeps one body and says how requests came.
type shelf struct {
	mu   sync.Mutex
	body []byte
	reqs []Request
}

func (s *shelf) serve(_ Peer, req *Request, reply func(*Response)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reqs = append(s.reqs, *req)
	switch req.Code {
	case codes.GET:
		text := message.TextPlain
		reply(&Response{Code: codes.Content, ContentFormat: &text, Body: bytes.Clone(s.body)})
	case codes.PUT:
		s.body = req.Body
		reply(&Response{Code: codes.Changed})
	case codes.POST:
		go func() { // separate
			time.Sleep(60 * time.Millisecond)
			reply(&Response{Code: codes.Created, Body: req.Body})
		}()
	case codes.DELETE:
		s.body = nil
		reply(&Response{Code: codes.Deleted})
	}
}

func (s *shelf) last() (req Request, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reqs[len(s.reqs)-1], len(s.reqs)
}

func TestCoapClient(t *testing.T) {
	body := body10k()
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, body, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, way := range []struct {
		name  string
		flags []string
	}{
		{"con", nil},
		{"non", []string{"-N"}},
		{"con 64", []string{"-b", "64"}},
		{"con lossy", []string{"-l", "10%"}},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			s := &shelf{}
			mux := new(Mux)
			for _, m := range []codes.Code{codes.GET, codes.PUT, codes.POST, codes.DELETE} {
				mux.Handle(m, "shelf/book", s.serve)
			}
			e := listen(t, Config{Addr: loopback, Handler: mux.Serve})
			uri := fmt.Sprintf("coap://%v/shelf/book?a=b&c", e.LocalAddr())
			run := func(args ...string) ([]byte, string) {
				return coapClient(t, append(append([]string{"-B", "90"}, way.flags...), append(args, uri)...)...)
			}
			run("-m", "put", "-f", file, "-t", "text/plain")
			req, n := s.last()
			if !bytes.Equal(req.Body, body) || req.Code != codes.PUT || n != 1 {
				t.Fatalf("PUT: got %v with %d bytes, %d requests", req.Code, len(req.Body), n)
			}
			if req.NonConfirmable != (way.name == "non") || fmt.Sprint(req.Query) != "[a=b c]" || req.ContentFormat == nil {
				t.Fatalf("PUT: got %+v", req)
			}
			if out, _ := run(); !bytes.Equal(bytes.TrimSuffix(out, []byte("\n")), body) {
				t.Fatalf("GET: got %d bytes, want %d", len(out), len(body))
			}
			out, complaint := run("-m", "post", "-f", file, "-t", "text/plain")
			if !bytes.Equal(bytes.TrimSuffix(out, []byte("\n")), body) {
				t.Fatalf("POST: got %d bytes, want %d: %s", len(out), len(body), complaint)
			}
			if out, _ := run("-m", "post", "-e", "hello"); string(bytes.TrimSuffix(out, []byte("\n"))) != "hello" {
				t.Fatalf("POST: got %q", out)
			}
			run("-m", "delete")
			if req, _ := s.last(); req.Code != codes.DELETE {
				t.Fatalf("DELETE: got %v", req.Code)
			}
			if way.name != "con lossy" {
				if _, n := s.last(); n != 5 {
					t.Errorf("handler was called %d times, want 5", n)
				}
			}
		})
	}
}

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// coapServer starts coap-server on a free port of the loopback.
func coapServer(tb testing.TB, args ...string) netip.AddrPort {
	tb.Helper()
	e := listen(tb, Config{Addr: loopback})
	for range 5 { // somebody may take the port in between
		addr := netip.AddrPortFrom(loopback.Addr(), freePort(tb))
		var stderr bytes.Buffer
		cmd := exec.Command(libcoap(tb, "coap-server"), append([]string{"-A", addr.Addr().String(), "-p", fmt.Sprint(addr.Port())}, args...)...)
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		ctx, cancel := context.WithTimeout(tb.Context(), 3*time.Second)
		err := e.Ping(ctx, e.Peer(addr))
		cancel()
		if err == nil {
			return addr
		}
		tb.Logf("coap-server does not answer: %v %s", err, &stderr)
	}
	tb.Fatal("coap-server can't be started")
	return netip.AddrPort{}
}

// freePort is a port of the loopback that nobody had a moment ago.
func freePort(tb testing.TB) uint16 {
	tb.Helper()
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback))
	if err != nil {
		tb.Fatal(err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

func TestCoapServer(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flags []string
		cfg   Config
		non   bool
	}{
		{name: "con"},
		{name: "non", non: true},
		{name: "con 64", cfg: Config{BlockSize: 64}},
		{name: "con lossy", flags: []string{"-l", "10%"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr := coapServer(t, append([]string{"-d", "10", "-L", "3"}, tt.flags...)...)
			tt.cfg.Addr = loopback
			e := listen(t, tt.cfg)
			do := func(code codes.Code, path string, body []byte, query ...string) *Response {
				t.Helper()
				text := message.TextPlain
				resp, err := e.Peer(addr).Do(soon(t), &Request{
					Code: code, Path: path, Query: query, Body: body, ContentFormat: &text, NonConfirmable: tt.non,
				})
				if err != nil {
					t.Fatal(err)
				}
				return resp
			}
			body := body10k()
			r := do(codes.PUT, "book", body)
			for try := 0; len(tt.flags) > 0 && r.Code != codes.Created && try < 3; try++ {
				// It remembers no messages: when its answer is lost, the repeated last
				// block is the start of another body to it.
				do(codes.DELETE, "book", nil)
				r = do(codes.PUT, "book", body)
			}
			if r.Code != codes.Created {
				t.Errorf("PUT: got %v %q", r.Code, r.Body)
			}
			if r := do(codes.GET, "book", nil); r.Code != codes.Content || !bytes.Equal(r.Body, body) {
				t.Errorf("GET: got %v, %d bytes", r.Code, len(r.Body))
			}
			if r := do(codes.PUT, "book", []byte("short")); r.Code != codes.Changed {
				t.Errorf("PUT again: got %v", r.Code)
			}
			if r := do(codes.DELETE, "book", nil); r.Code != codes.Deleted && len(tt.flags) == 0 {
				t.Errorf("DELETE: got %v", r.Code)
			}
			if r := do(codes.GET, "book", nil); r.Code != codes.NotFound {
				t.Errorf("GET of what is deleted: got %v", r.Code)
			}
			// /async answers after a number of seconds, as a separate response.
			if r := do(codes.GET, "async", nil, "1"); r.Code != codes.Content {
				t.Errorf("GET async: got %v", r.Code)
			}
			links, err := ParseLinks(do(codes.GET, wellKnownCore, nil).Body)
			if err != nil || len(links) < 3 {
				t.Errorf("links: %v, %v", links, err)
			}
			if r := do(codes.POST, "", nil); r.Code != codes.MethodNotAllowed {
				t.Errorf("POST /: got %v", r.Code)
			}
		})
	}
}

// TestLargeBodies: 10 MB from coap-client get the protocol's error at once, and what
// coap-server has beyond the limit ends the client's request.
func TestLargeBodies(t *testing.T) {
	s := &shelf{}
	e := listen(t, Config{Addr: loopback, Handler: s.serve})
	file := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(file, make([]byte, 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	out, complaint := coapClient(t, "-B", "20", "-m", "put", "-f", file, fmt.Sprintf("coap://%v/x", e.LocalAddr()))
	if !strings.Contains(string(out)+complaint, "4.13") || len(s.reqs) != 0 {
		t.Errorf("coap-client got %s %s, the handler %d requests", out, complaint, len(s.reqs))
	}
	if st := e.Stats(); st.Received > 5 {
		t.Errorf("it took %d datagrams", st.Received)
	}

	addr := coapServer(t, "-d", "1", "-L", "3")
	roomy := listen(t, Config{Addr: loopback, MaxBody: 1 << 20})
	body := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	if resp, err := roomy.Peer(addr).Do(soon(t), &Request{Code: codes.PUT, Path: "large", Body: body}); err != nil || resp.Code != codes.Created {
		t.Fatalf("PUT: got %v, %v", resp, err)
	}
	if resp, err := roomy.Peer(addr).Do(soon(t), &Request{Code: codes.GET, Path: "large"}); err != nil || !bytes.Equal(resp.Body, body) {
		t.Fatalf("GET: got %v", err)
	}
	if _, err := e.Peer(addr).Do(soon(t), &Request{Code: codes.GET, Path: "large"}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

// TestNobody meets a port that is closed.
func TestNobody(t *testing.T) {
	e := listen(t, Config{Addr: loopback, MaxTransmitWait: 300 * time.Millisecond, InitialRTO: 20 * time.Millisecond, MinRTO: 10 * time.Millisecond})
	nobody := netip.MustParseAddrPort("127.0.0.1:1")
	_, err := e.Peer(nobody).Do(soon(t), &Request{Code: codes.GET, Path: "x"})
	if !errors.Is(err, ErrNoReply) || !strings.Contains(err.Error(), "GET x to udp:127.0.0.1:1") {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(soon(t))
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := e.Peer(nobody).Do(ctx, &Request{Code: codes.GET, Path: "x"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
