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
	Corrupted // and dropped by the receiver's checksum, unless Impairment.Unchecked
	TooBig    // for Impairment.MTU
	Dropped   // for lack of room
)

// String is the fate in a word.
func (f Fate) String() string {
	return [...]string{"passed", "lost", "duplicated", "reordered", "corrupted", "too big", "dropped"}[f]
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
	// Sources are the addresses that satellites have towards the hub: the first at the
	// start, the next after each Rebind, in turn. Default: whichever the system takes.
	Sources []netip.Addr
	// RebindEvery calls Rebind again and again; 0: never.
	RebindEvery time.Duration
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
	binds  int                      // how often Rebind was called

	sayTooBig sync.Once
}

// maxFlows bounds the satellites that are remembered; the longest silent is forgotten.
const maxFlows = 256

// flow is one satellite's socket towards the hub.
type flow struct {
	satellite netip.AddrPort
	// Guarded by the Proxy's lock.
	socket *net.UDPConn // another one after Rebind
	used   time.Time
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
	if cfg.RebindEvery > 0 {
		p.wg.Go(func() { p.rebindAlways(ctx) })
	}
	return p, nil
}

// Close ends the network; what is on its way is lost.
func (p *Proxy) Close() error {
	p.cancel()
	err := p.socket.Close()
	p.mu.Lock()
	p.closed = true
	for _, f := range p.flows {
		_ = f.socket.Close() // ends its reader
	}
	p.mu.Unlock()
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

// Rebind gives each satellite another port towards the hub at once, and the next of
// Config.Sources, as a router does that was restarted or lost its table. What the hub
// sends to the old ones from now on is lost; what satellites sent before and is still on
// its way leaves from the new ones. After an error some have what they had.
func (p *Proxy) Rebind() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.binds++
	var failed error
	for _, f := range p.flows {
		old := f.socket
		if err := p.open(f); err != nil {
			failed = err
			continue
		}
		_ = old.Close() // ends its reader
	}
	return failed
}

func (p *Proxy) rebindAlways(ctx context.Context) {
	tick := time.NewTicker(p.cfg.RebindEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := p.Rebind(); err != nil {
				p.cfg.Logger.Warn("netsim: some satellites keep their port", "error", err)
			}
		}
	}
}

// open opens a socket towards the hub for f. p.mu is held.
func (p *Proxy) open(f *flow) error {
	if p.closed {
		return net.ErrClosed
	}
	var from netip.Addr
	if n := len(p.cfg.Sources); n > 0 {
		from = p.cfg.Sources[p.binds%n]
	}
	// Not connected: an ICMP error of a hub that is down is no news to the satellite.
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0)))
	if err != nil {
		return fmt.Errorf("netsim: a socket towards the hub: %w", err)
	}
	f.socket = socket
	p.wg.Go(func() { p.readHub(f, socket) })
	return nil
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
func (p *Proxy) readHub(f *flow, socket *net.UDPConn) {
	buf := make([]byte, maxDatagram)
	for {
		n, _, err := socket.ReadFromUDPAddrPort(buf)
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
	if fate == TooBig {
		p.sayTooBig.Do(func() {
			p.cfg.Logger.Warn("netsim: a datagram is larger than the network's MTU; this is said once",
				"direction", d, "bytes", len(data), "satellite", f.satellite)
		})
	}
	if p.cfg.Observe != nil {
		p.cfg.Observe(Packet{now, d, f.satellite, fate, data})
	}
}

// flow finds or makes the flow of a satellite.
func (p *Proxy) flow(satellite netip.AddrPort) (*flow, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.flows[satellite]; f != nil {
		f.used = time.Now()
		return f, nil
	}
	if len(p.flows) >= maxFlows {
		p.forgetOldest()
	}
	f := &flow{satellite: satellite, used: time.Now()}
	if err := p.open(f); err != nil {
		return nil, err
	}
	p.flows[satellite] = f
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
	p.mu.Lock()
	hub, socket := p.hub, f.socket
	p.mu.Unlock()
	if !hub.IsValid() {
		return
	}
	p.record(f.satellite, hub, data)
	_, _ = socket.WriteToUDPAddrPort(data, hub)
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
