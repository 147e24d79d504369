package conformance

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// The client's builds. That on GnuTLS can be told by a file which cipher suites there are.
const (
	coapClient       = "coap-client-openssl"
	secureCoapClient = "coap-client-gnutls"
)

// libcoap is Debian's coap-client, our small server on the library, and our small client
// for the little that coap-client can't do.
type libcoap struct{ server, client string } // programs

// buildLibcoap compiles what is in testdata into dir.
func buildLibcoap(dir string) (libcoap, error) {
	for _, client := range []string{coapClient, secureCoapClient} {
		if _, err := exec.LookPath(client); err != nil {
			return libcoap{}, fmt.Errorf("%s is not installed: apt-get install libcoap3-bin", client)
		}
	}
	flags, err := exec.Command("pkg-config", "--cflags", "--libs", "libcoap-3-gnutls").Output()
	if err != nil {
		return libcoap{}, fmt.Errorf("libcoap is not there to compile with (%w): apt-get install gcc libcoap3-dev pkg-config", err)
	}
	l := libcoap{filepath.Join(dir, "server"), filepath.Join(dir, "client")}
	for _, program := range []string{l.server, l.client} {
		source := filepath.Join("testdata", filepath.Base(program)+".c")
		args := append([]string{"-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, source}, strings.Fields(string(flags))...)
		if out, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
			return libcoap{}, fmt.Errorf("compiling %s: %w\n%s", source, err, out)
		}
	}
	return l, nil
}

// start starts the server on ports that nobody had a moment ago.
func (l libcoap) start(c *cell) (plain, secure netip.AddrPort) {
	for range 5 { // somebody may take them in between
		port := freePorts(c)
		plain = netip.AddrPortFrom(loopback.Addr(), port)
		cmd := exec.CommandContext(c.ctx, l.server, loopback.Addr().String(), strconv.Itoa(int(port)))
		cmd.Env = oneSuite()
		out, err := cmd.StdoutPipe()
		c.must(err)
		c.must(cmd.Start())
		c.cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
		if line, _ := bufio.NewReader(out).ReadString('\n'); line == "ready\n" {
			return plain, netip.AddrPortFrom(plain.Addr(), port+1)
		}
	}
	c.fatal("the server on libcoap can't be started")
	return plain, secure
}

// oneSuite is an environment in which GnuTLS has the one cipher suite of the rows.
func oneSuite() []string {
	return append(os.Environ(), "GNUTLS_SYSTEM_PRIORITY_FILE=testdata/gnutls.conf", "GNUTLS_SYSTEM_PRIORITY_FAIL_ON_INVALID=1")
}

// freePorts is the first of two ports of the loopback, one after the other.
func freePorts(c *cell) uint16 {
	for range 20 {
		a, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(loopback))
		c.must(err)
		port := a.LocalAddr().(*net.UDPAddr).AddrPort().Port()
		b, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback.Addr(), port+1)))
		_ = a.Close()
		if err == nil {
			_ = b.Close()
			return port
		}
	}
	c.fatal("no two ports are free")
	return 0
}

// args are coap-client's for a request.
func (r request) args(c *cell) []string {
	scheme := "coap"
	args := []string{"-v", "3"}
	add := func(flag, value string) { args = append(args, flag, value) }
	if c.secure {
		scheme = "coaps"
		add("-u", "password")
		add("-k", r.key)
	}
	add("-m", strings.ToLower(r.method.String()))
	if r.non {
		args = append(args, "-N")
	}
	if r.format != nil {
		add("-t", strconv.Itoa(int(*r.format)))
	}
	if r.accept != nil {
		add("-A", strconv.Itoa(int(*r.accept)))
	}
	if r.body != "" {
		add("-f", c.file(fmt.Sprintf("request%d", time.Now().UnixNano()), r.body))
	}
	if r.etag != "" {
		add("-O", fmt.Sprintf("4,0x%x", r.etag))
	}
	if r.ifMatch != "" {
		add("-O", fmt.Sprintf("1,0x%x", r.ifMatch))
	}
	if r.ifNoneMatch {
		add("-O", "5,")
	}
	if r.token != nil {
		add("-T", *r.token)
	}
	if r.block != 0 {
		add("-b", strconv.Itoa(r.block))
	}
	uri := fmt.Sprintf("%s://%v/%s", scheme, c.addr, r.path)
	if len(r.query) > 0 {
		uri += "?" + strings.Join(r.query, "&")
	}
	return append(args, uri)
}

// complaint is how coap-client shows a code of class 4 or 5.
var complaint = regexp.MustCompile(`(?m)^([45])\.(\d\d)`)

func codeOf(stderr string) codes.Code {
	m := complaint.FindStringSubmatch(stderr)
	if m == nil {
		return 0
	}
	detail, _ := strconv.Atoi(m[2]) // two digits
	return codes.Code(m[1][0]-'0')<<5 | codes.Code(detail)
}

func (l libcoap) do(c *cell, r request) (shown, error) {
	if r.token != nil && *r.token == "" {
		return l.emptyToken(c, r)
	}
	wait := c.patience(r)
	out := filepath.Join(c.dir, "out")
	_ = os.Remove(out) // of an earlier request
	args := append([]string{"-B", strconv.Itoa(int(wait.Seconds())), "-o", out}, r.args(c)...)
	before := len(c.exchanges(r))
	ctx, cancel := context.WithTimeout(c.ctx, wait+10*time.Second)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, coapClient, args...)
	if c.secure {
		cmd = exec.CommandContext(ctx, secureCoapClient, args...)
		cmd.Env = oneSuite()
	}
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return shown{}, fmt.Errorf("coap-client %q: %w: %s", args, err, &stderr)
	}
	body, err := os.ReadFile(out)
	if err != nil && !errors.Is(err, os.ErrNotExist) { // no body, no file
		return shown{}, err
	}
	// It ends without a word when nothing came. What is secured the tap can't read.
	xs := c.exchanges(r)
	if c.secure && len(body) == 0 || !c.secure && (len(xs) == before || xs[len(xs)-1].resp() == nil) {
		return shown{}, fmt.Errorf("coap-client %q got no answer: %s", args, &stderr)
	}
	return shown{codeOf(stderr.String()), string(body)}, nil
}

func (l libcoap) emptyToken(c *cell, r request) (shown, error) {
	w := l.watch(c, l.client, "-e", c.addr.Addr().String(), strconv.Itoa(int(c.addr.Port())), r.path)
	s, ok := w.next(c, c.patience(r))
	if !ok {
		return s, errors.New("no answer")
	}
	return s, nil
}

// ping is coap-client's, after a second of silence.
func (l libcoap) ping(c *cell) {
	args := append([]string{"-K", "1", "-s", "120"}, request{method: codes.GET, path: "test"}.args(c)...)
	l.watch(c, coapClient, args...)
}

func (l libcoap) observe(c *cell, r request) observation {
	args := append([]string{"-w", "-L", "3", "-B", "150", "-s", strconv.Itoa(int(r.span.Seconds()))}, r.args(c)...)
	if r.renews || r.asks {
		args = []string{"-o", c.addr.Addr().String(), strconv.Itoa(int(c.addr.Port())), r.path}
		return l.watch(c, l.client, args...)
	}
	return l.watch(c, coapClient, args...)
}

// watcher is a client whose lines are what it displays.
type watcher struct {
	l     libcoap
	cmd   *exec.Cmd
	lines chan string
	stdin io.Writer
}

func (l libcoap) watch(c *cell, program string, args ...string) *watcher {
	w := &watcher{l: l, cmd: exec.CommandContext(c.ctx, program, args...), lines: make(chan string, 4096)}
	out, err := w.cmd.StdoutPipe()
	c.must(err)
	w.stdin, err = w.cmd.StdinPipe()
	c.must(err)
	c.must(w.cmd.Start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(w.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			w.lines <- s.Text()
		}
	}()
	c.cleanup(func() {
		w.kill()
		<-done
		_ = w.cmd.Wait()
	})
	return w
}

func (w *watcher) kill() { _ = w.cmd.Process.Signal(syscall.SIGKILL) } // or it has ended

func (w *watcher) next(_ *cell, within time.Duration) (shown, bool) {
	select {
	case line, ok := <-w.lines:
		return shown{body: line}, ok
	case <-time.After(within):
		return shown{}, false
	}
}

// get is our client's; coap-client has one request only.
func (w *watcher) get(c *cell, r request) shown {
	_, err := fmt.Fprintln(w.stdin, "get "+r.path)
	c.must(err)
	s, ok := w.next(c, 10*time.Second)
	if !ok {
		c.fatal("no answer to the second GET")
	}
	return s
}

// cancel is what coap-client does by itself at the end of its span.
func (w *watcher) cancel(c *cell) {
	for range 100 {
		if _, ok := w.next(c, time.Minute); !ok {
			return
		}
	}
}

func (w *watcher) off(*cell) { w.kill() }

// reboot observes something else at the same port.
func (w *watcher) reboot(c *cell) {
	port := c.list()[0].client.Port()
	args := append([]string{"-p", strconv.Itoa(int(port)), "-s", "60"}, request{method: codes.GET, path: "obs-non", token: token("reboot")}.args(c)...)
	w.l.watch(c, coapClient, args...)
}
