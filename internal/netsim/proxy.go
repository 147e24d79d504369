package netsim

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"
)

// maxDatagram is more than UDP carries.
const maxDatagram = 64 << 10

// Direction of a datagram.
type Direction uint8

// Directions.
const (
	Up   Direction = iota // from a satellite to the hub
	Down                  // from the hub to a satellite
)

// String is an arrow for people.
func (d Direction) String() string { return [...]string{"->", "<-"}[d] }

// Fate of a datagram.
type Fate uint8

// Fates.
const (
	Passed Fate = iota
	Lost
	Duplicated
	Reordered
	Dropped // for lack of room
)

// String is the fate in a word.
func (f Fate) String() string {
	return [...]string{"passed", "lost", "duplicated", "reordered", "dropped"}[f]
}

// Packet is a datagram that came in. Data is valid only during the call.
type Packet struct {
	Time      time.Time
	Direction Direction
	Satellite netip.AddrPort
	Fate      Fate
	Data      []byte
}

// Config of a Proxy.
type Config struct {
	// Listen is where satellites send to; default 127.0.0.1, a free port.
	Listen netip.AddrPort
	// Hub is where the hub listens. It may be unknown yet: see Proxy.SetHub.
	Hub netip.AddrPort
	// Up and Down are the network at the start.
	Up, Down Impairment
	// Seed makes the luck of the n-th datagram of a direction repeatable.
	Seed uint64
	// Capture gets what is delivered, in the format of tcpdump (pcap); nil is nobody.
	// The Proxy does not close it.
	Capture io.Writer
	// Observe is told of every datagram that comes in. It is called on the goroutine
	// that reads the socket and must not block.
	Observe func(Packet)
	Logger  *slog.Logger // default: nothing is logged
}

// Proxy stands between satellites and a hub. Towards the hub each satellite has a
// socket of its own, as behind a router.
type Proxy struct {
	cfg    Config
	socket *net.UDPConn
	up     *line[*flow]
	down   *line[*flow]
	cancel context.CancelFunc
	wg     sync.WaitGroup

	capturing sync.Mutex
	capture   *capture // nil when there is none, or it failed

	mu     sync.Mutex
	closed bool
	hub    netip.AddrPort
	flows  map[netip.AddrPort]*flow // by the satellite's address
}

// maxFlows bounds the satellites that are remembered; the longest silent is forgotten.
const maxFlows = 64

// flow is one satellite's socket towards the hub.
type flow struct {
	satellite netip.AddrPort
	socket    *net.UDPConn
	used      time.Time
}

// Listen starts a Proxy.
func Listen(cfg Config) (*Proxy, error) {
	if !cfg.Listen.IsValid() {
		cfg.Listen = netip.MustParseAddrPort("127.0.0.1:0")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if err := errors.Join(cfg.Up.validate(), cfg.Down.validate()); err != nil {
		return nil, err
	}
	p := &Proxy{cfg: cfg, hub: cfg.Hub, flows: make(map[netip.AddrPort]*flow)}
	var err error
	if cfg.Capture != nil {
		if p.capture, err = newCapture(cfg.Capture); err != nil {
			return nil, err
		}
	}
	if p.socket, err = net.ListenUDP("udp", net.UDPAddrFromAddrPort(cfg.Listen)); err != nil {
		return nil, fmt.Errorf("netsim: %w", err)
	}
	p.up = newLine(cfg.Up, cfg.Seed, 0, p.toHub)
	p.down = newLine(cfg.Down, cfg.Seed, 1, p.toSatellite)
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel = cancel
	p.wg.Go(func() { p.up.run(ctx) })
	p.wg.Go(func() { p.down.run(ctx) })
	p.wg.Go(p.readSatellites)
	return p, nil
}

// Close ends the network; what is on its way is lost.
func (p *Proxy) Close() error {
	p.cancel()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	err := p.socket.Close()
	p.Rebind()
	p.wg.Wait()
	return err
}

// Addr is where satellites send to.
func (p *Proxy) Addr() netip.AddrPort { return addrPort(p.socket.LocalAddr()) }

// Hub is where the hub is thought to be.
func (p *Proxy) Hub() netip.AddrPort {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.hub
}

// SetHub sends everything to another address from now on, as when the hub moved.
func (p *Proxy) SetHub(hub netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hub = hub
}

// Rebind gives each satellite another port towards the hub, as a router does that was
// restarted.
func (p *Proxy) Rebind() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for addr, f := range p.flows {
		delete(p.flows, addr)
		_ = f.socket.Close() // ends its reader
	}
}

// Set changes the network in one direction. The error says which value is out of range.
func (p *Proxy) Set(d Direction, change func(*Impairment)) error { return p.line(d).set(change) }

// SetLoss sets the probability of loss, 0 to 1, in both directions.
func (p *Proxy) SetLoss(loss float64) error {
	set := func(i *Impairment) { i.Loss = loss }
	return errors.Join(p.up.set(set), p.down.set(set))
}

// Status is the network in one direction, and what it has done.
func (p *Proxy) Status(d Direction) (Impairment, Counts) { return p.line(d).status() }

func (p *Proxy) line(d Direction) *line[*flow] {
	if d == Up {
		return p.up
	}
	return p.down
}

// readSatellites takes what satellites send until Close.
func (p *Proxy) readSatellites() {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := p.socket.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // what an earlier datagram met
		}
		f, err := p.flow(unmap(from))
		if err != nil {
			p.cfg.Logger.Warn("netsim: no socket for a satellite", "satellite", from, "error", err)
			continue
		}
		p.pass(Up, f, buf[:n])
	}
}

// readHub takes what the hub sends to one satellite until its socket is closed.
func (p *Proxy) readHub(f *flow) {
	buf := make([]byte, maxDatagram)
	for {
		n, _, err := f.socket.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		p.pass(Down, f, buf[:n])
	}
}

func (p *Proxy) pass(d Direction, f *flow, data []byte) {
	now := time.Now()
	fate := p.line(d).send(f, data)
	if p.cfg.Observe != nil {
		p.cfg.Observe(Packet{now, d, f.satellite, fate, data})
	}
}

// flow finds or makes the flow of a satellite.
func (p *Proxy) flow(satellite netip.AddrPort) (*flow, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, net.ErrClosed
	}
	if f := p.flows[satellite]; f != nil {
		f.used = time.Now()
		return f, nil
	}
	if len(p.flows) >= maxFlows {
		p.forgetOldest()
	}
	// Not connected: an ICMP error of a hub that is down is no news to the satellite.
	socket, err := net.ListenUDP("udp", nil)
	if err != nil {
		return nil, fmt.Errorf("netsim: %w", err)
	}
	f := &flow{satellite: satellite, socket: socket, used: time.Now()}
	p.flows[satellite] = f
	p.wg.Go(func() { p.readHub(f) })
	return f, nil
}

func (p *Proxy) forgetOldest() {
	var oldest *flow
	for _, f := range p.flows {
		if oldest == nil || f.used.Before(oldest.used) {
			oldest = f
		}
	}
	delete(p.flows, oldest.satellite)
	_ = oldest.socket.Close() // ends its reader
}

// toHub and toSatellite deliver; what can't be sent is lost, as in any network.
func (p *Proxy) toHub(f *flow, data []byte) {
	hub := p.Hub()
	if !hub.IsValid() {
		return
	}
	p.record(f.satellite, hub, data)
	_, _ = f.socket.WriteToUDPAddrPort(data, hub)
}

func (p *Proxy) toSatellite(f *flow, data []byte) {
	p.record(p.Hub(), f.satellite, data)
	_, _ = p.socket.WriteToUDPAddrPort(data, f.satellite)
}

func (p *Proxy) record(from, to netip.AddrPort, data []byte) {
	p.capturing.Lock()
	defer p.capturing.Unlock()
	if p.capture == nil {
		return
	}
	if err := p.capture.write(time.Now(), from, to, data); err != nil {
		p.cfg.Logger.Warn("netsim: the capture ends here", "error", err)
		p.capture = nil
	}
}

func addrPort(a net.Addr) netip.AddrPort {
	u, _ := a.(*net.UDPAddr) // of a UDP socket
	return unmap(u.AddrPort())
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
