package conformance

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// Requirement is the pinned package, as pip names it; scripts/peers.sh reads it.
const Requirement = "aiocoap==0.4.17"

// aiocoap is the Python implementation, as client and as server: one process for all
// cells, since starting one takes longer than most rows.
type aiocoap struct {
	stdin io.Writer

	mu    sync.Mutex // of stdin too
	cells int
	lines map[int]chan aiocoapLine
}

// aiocoapLine is what it says to a cell.
type aiocoapLine struct {
	Cell  int
	Code  codes.Code
	Body  string
	Error string
}

// startAiocoap starts the process; stop joins it.
func startAiocoap() (a *aiocoap, stop func(), err error) {
	dir, err := filepath.Abs("../../../build/python")
	if err != nil {
		return nil, nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "aiocoap")); err != nil {
		return nil, nil, fmt.Errorf("the Python package aiocoap is not there: run"+
			" python3 -m pip install --target build/python %s (or make test)", Requirement)
	}
	cmd := exec.Command("python3", "testdata/aiocoap_peer.py")
	cmd.Env = append(os.Environ(), "PYTHONPATH="+dir, "PYTHONDONTWRITEBYTECODE=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	a = &aiocoap{stdin: stdin, lines: make(map[int]chan aiocoapLine)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for s := bufio.NewScanner(out); s.Scan(); {
			a.hear(s.Bytes())
		}
	}()
	return a, func() {
		_ = cmd.Process.Kill()
		<-done
		_ = cmd.Wait()
	}, nil
}

func (a *aiocoap) hear(line []byte) {
	var l aiocoapLine
	if err := json.Unmarshal(line, &l); err != nil {
		return // a warning of the library's
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	select {
	case a.lines[l.Cell] <- l:
	default: // nobody, or one that does not read
	}
}

// aiocoapPeer is a server or a client within it.
type aiocoapPeer struct {
	a     *aiocoap
	cell  int
	lines chan aiocoapLine
}

func (a *aiocoap) open(c *cell) *aiocoapPeer {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cells++
	p := &aiocoapPeer{a, a.cells, make(chan aiocoapLine, 4096)}
	a.lines[p.cell] = p.lines
	c.cleanup(func() { p.off(c) })
	return p
}

func (p *aiocoapPeer) send(c *cell, command map[string]any) {
	command["cell"] = p.cell
	line, err := json.Marshal(command)
	c.must(err)
	p.a.mu.Lock()
	defer p.a.mu.Unlock()
	_, err = p.a.stdin.Write(append(line, '\n'))
	c.must(err)
}

// read is the next that it says.
func (p *aiocoapPeer) read(within time.Duration) (shown, error) {
	select {
	case l := <-p.lines:
		if l.Error != "" {
			return shown{}, errors.New(l.Error)
		}
		return shown{l.Code, l.Body}, nil
	case <-time.After(within):
		return shown{}, errors.New("no response")
	}
}

func (a *aiocoap) start(c *cell) (plain, secure netip.AddrPort) {
	if c.secure {
		c.skip(noDTLS)
	}
	for range 5 { // somebody may take the port in between
		port := freePorts(c)
		p := a.open(c)
		p.send(c, map[string]any{"do": "serve", "port": port})
		if _, err := p.read(20 * time.Second); err == nil {
			return netip.AddrPortFrom(loopback.Addr(), port), netip.AddrPort{}
		}
	}
	c.fatal("aiocoap's server did not start")
	return plain, secure
}

const noDTLS = "aiocoap has no DTLS of its own; the package that it needs has to be compiled"

// command is the request for aiocoap_peer.py.
func (r request) command(c *cell, observe bool) map[string]any {
	if c.secure {
		c.skip(noDTLS)
	}
	if r.token != nil && *r.token == "" {
		c.skip("aiocoap chooses its tokens itself")
	}
	uri := fmt.Sprintf("coap://%v/%s", c.addr, r.path)
	if len(r.query) > 0 {
		uri += "?" + strings.Join(r.query, "&")
	}
	m := map[string]any{
		"do": "ask", "uri": uri, "method": r.method.String(), "body": r.body, "non": r.non,
		"if_none_match": r.ifNoneMatch, "observe": observe, "etag": hex.EncodeToString([]byte(r.etag)),
		"if_match": hex.EncodeToString([]byte(r.ifMatch)), "block": r.block,
	}
	if r.format != nil {
		m["format"] = *r.format
	}
	if r.accept != nil {
		m["accept"] = *r.accept
	}
	return m
}

func (a *aiocoap) do(c *cell, r request) (shown, error) {
	p := a.open(c)
	defer p.off(c)
	p.send(c, r.command(c, false))
	return p.read(c.patience(r))
}

func (*aiocoap) ping(c *cell) { c.skip("aiocoap's client can't ping") }

func (a *aiocoap) observe(c *cell, r request) observation {
	if r.renews {
		c.skip("aiocoap's client does not renew an observation")
	}
	p := a.open(c)
	p.send(c, r.command(c, true))
	return p
}

func (p *aiocoapPeer) next(_ *cell, within time.Duration) (shown, bool) {
	s, err := p.read(within)
	return s, err == nil
}

func (p *aiocoapPeer) get(c *cell, r request) shown {
	p.send(c, r.command(c, false))
	s, err := p.read(c.patience(r))
	c.must(err)
	return s
}

func (p *aiocoapPeer) cancel(c *cell) {
	c.skip("aiocoap's client ends an observation by RST, never by Observe 1")
}

// off ends a client without a word, or a server.
func (p *aiocoapPeer) off(c *cell) {
	p.a.mu.Lock()
	_, open := p.a.lines[p.cell]
	delete(p.a.lines, p.cell)
	p.a.mu.Unlock()
	if open {
		p.send(c, map[string]any{"do": "off"})
	}
}

func (p *aiocoapPeer) reboot(c *cell) { c.skip("aiocoap's client can't be given a port") }
