package load

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"vapd/internal/child"
	"vapd/protocol/coap"
	"vapd/protocol/control"
)

// House starts hubs of one's own, each a process, on this machine. Make it with
// NewHouse.
type House struct {
	program string
	dir     string
	speech  *Speech
}

// NewHouse makes a House of the program vapd, whose hubs keep their files and logs in
// dir.
func NewHouse(program, dir string) (*House, error) {
	speech, err := ListenSpeech()
	if err != nil {
		return nil, err
	}
	return &House{program, dir, speech}, nil
}

// Close ends the House's engine. Its hubs have to be stopped before.
func (h *House) Close() { h.speech.Close() }

// Server is a server of a House.
type Server struct {
	*child.Process
	Addr    netip.AddrPort
	Secured netip.AddrPort // for DTLS; not of every server
	Control string         // socket of a hub
}

// Hub starts a hub for most satellites at listen, with the state of the folder name, and
// settings beside those that the load needs: it takes everybody, and its engine is a
// server that understands and speaks at once.
func (h *House) Hub(name, listen string, most int, settings ...string) (*Server, error) {
	empty := filepath.Join(h.dir, "hub.toml") // the owner's own settings are not what is measured
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		return nil, fmt.Errorf("load: the hub's settings: %w", err)
	}
	args := []string{
		"hub", "--control", filepath.Join(h.dir, name+".sock"), "run", "--config", empty,
		"--listen", listen, "--state", filepath.Join(h.dir, name),
	}
	settings = append([]string{
		"clients.approval=all", "clients.max=" + strconv.Itoa(most), "session.most=2000", "speech.most=1000",
		"speech.stt=" + h.speech.URL(), "speech.tts=" + h.speech.URL(), "discoverable=false", "log_level=WARN",
	}, settings...)
	for _, s := range settings {
		args = append(args, "--set", s)
	}
	return h.start(name, args)
}

// Bare starts a Bare for most satellites.
func (h *House) Bare(name string, most int) (*Server, error) {
	return h.start(name, []string{"bench", "bare", "--most", strconv.Itoa(most)})
}

func (h *House) start(name string, args []string) (*Server, error) {
	s := new(Server)
	var err error
	s.Process, err = child.Start(context.Background(), exec.Command(h.program, args...), filepath.Join(h.dir, name+".log"), func(rest []byte) error {
		var ready control.HubReady
		if err := json.Unmarshal(rest, &ready); err != nil {
			return err
		}
		s.Control = ready.Control
		if ready.DTLS != "" {
			if s.Secured, err = netip.ParseAddrPort(ready.DTLS); err != nil {
				return err
			}
		}
		s.Addr, err = netip.ParseAddrPort(ready.CoAP)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return s, nil
}

// Rain sends garbage from a process of its own, as others would: who measures is not
// slowed down by it. The function it returns ends that, and says how much was sent.
func (h *House) Rain(g Garbage) (stop func() (sent int, err error), err error) {
	p, err := child.Start(context.Background(), exec.Command(h.program, "bench", "garbage", "--at", g.Addr.String(),
		"--rate", strconv.Itoa(g.Rate), "--seed", strconv.FormatUint(g.Seed, 10)), filepath.Join(h.dir, "garbage.log"), nil)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	return func() (sent int, err error) {
		if err := p.Stop(); err != nil {
			return 0, fmt.Errorf("load: %w", err)
		}
		if _, err := fmt.Sscan(p.Tail(1), &sent); err != nil {
			return 0, fmt.Errorf("load: garbage: %w", p.Alive())
		}
		return sent, nil
	}, nil
}

// Libcoap starts libcoap's example server, of Debian's libcoap3-bin, at a free port. Its
// resource "example_data" takes a PUT.
func (h *House) Libcoap() (*Server, error) {
	program, err := exec.LookPath("coap-server-openssl")
	if err != nil {
		return nil, fmt.Errorf("load: coap-server-openssl is not installed: apt-get install libcoap3-bin: %w", err)
	}
	socket, err := coap.Listen(coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0")})
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	defer socket.Close()
	addr, err := freePort()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "-A", addr.Addr().String(), "-p", strconv.Itoa(int(addr.Port())))
	p, err := child.Start(context.Background(), cmd, filepath.Join(h.dir, "libcoap.log"), nil)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), libcoapTime)
	defer cancel()
	if err := socket.Ping(ctx, socket.Peer(addr)); err != nil {
		p.Kill()
		return nil, fmt.Errorf("load: libcoap's server does not answer: %w\n%s", err, p.Tail(10))
	}
	return &Server{Process: p, Addr: addr}, nil
}

// libcoapTime is how long libcoap's server may take to answer for the first time.
const libcoapTime = 20 * time.Second

// freePort is a port of this machine that nobody had a moment ago: libcoap's server can't
// be told to choose, nor asked.
func freePort() (netip.AddrPort, error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("load: %w", err)
	}
	defer c.Close()
	return netip.ParseAddrPort(c.LocalAddr().String())
}
