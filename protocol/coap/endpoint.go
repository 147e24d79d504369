package coap

import (
	"container/list"
	"context"
	"crypto/rand"
	"errors"
	"hash/maphash"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	sweepEvery = 5 * time.Second  // what has expired is given back
	joinEvery  = 20 * time.Second // new interfaces join the groups
)

// Endpoint is one UDP socket that is CoAP client and server at once. One goroutine
// reads the socket (and one each group's), one waits for time to pass.
type Endpoint struct {
	cfg  Config
	conn PacketConn
	seed maphash.Seed
	done chan struct{}
	wg   sync.WaitGroup

	szx     uint8 // of our blocks
	began   time.Time
	echoKey [32]byte

	groups *groups // nil without Config.Groups

	mu         sync.Mutex // never held while a callback runs or a socket is used
	closed     bool
	peers      map[peerKey]*peer
	idle       list.List // *peer, the longest idle first
	transfers  list.List // *transfer, the longest without progress first
	searches   map[token]*search
	observers  int            // of all peers
	observed   map[string]int // likewise, by path
	dedupBytes int            // of all peers' memories
	blockBytes int            // of all transfers
	stats      Stats

	alarms  alarmHeap
	armed   time.Time // when the timer goroutine wakes at the latest
	sweepAt time.Time
	rearm   chan struct{}
}

// Listen opens the socket of cfg and starts to serve it.
func Listen(cfg Config) (*Endpoint, error) {
	if err := cfg.setDefaults(); err != nil {
		return nil, err
	}
	e := &Endpoint{
		cfg:      cfg,
		conn:     cfg.Conn,
		seed:     maphash.MakeSeed(),
		done:     make(chan struct{}),
		rearm:    make(chan struct{}, 1),
		peers:    make(map[peerKey]*peer),
		searches: make(map[token]*search),
		observed: make(map[string]int),
		began:    time.Now(),
	}
	e.szx, _ = szxOf(cfg.BlockSize)
	rand.Read(e.echoKey[:]) // never fails
	if e.conn == nil {
		conn, err := listenUDP(cfg.Addr)
		if err != nil {
			return nil, err
		}
		e.conn = conn
		if cfg.Groups {
			e.groups = newGroups(conn, cfg.GroupPort, cfg.Logger)
		}
	}
	if conn, ok := e.conn.(associations); ok {
		conn.OnEnd(e.Forget)
	}
	e.sweepAt = time.Now().Add(sweepEvery)
	e.armed = e.sweepAt
	e.wg.Go(e.runTimers)
	e.wg.Go(func() { e.read(e.conn) })
	if e.groups != nil {
		e.joinGroups()
		e.wg.Go(e.watchGroups)
	}
	return e, nil
}

// LocalAddr is the address and port of the socket.
func (e *Endpoint) LocalAddr() netip.AddrPort { return e.conn.LocalAddr() }

// Peer is the peer at addr, known or not.
func (e *Endpoint) Peer(addr netip.AddrPort) Peer { return e.peer(Path{Peer: unmap(addr)}) }

// Secured is the peer of an association that the Config.Conn made, heard last at addr.
func (e *Endpoint) Secured(a *Association, addr netip.AddrPort) Peer {
	return e.peer(Path{Peer: unmap(addr), Association: a})
}

func (e *Endpoint) peer(path Path) *peer {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p := e.peers[path.key()]; p != nil {
		return p
	}
	return e.newPeer(path)
}

// Stats are the counters of all peers together; RTT stays 0.
func (e *Endpoint) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.stats
}

// Close ends every request with ErrClosed, closes the socket and joins the
// Endpoint's goroutines. It must not be called from a Handler or a callback.
func (e *Endpoint) Close() error {
	var w work
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	for _, p := range e.peers {
		p.close(ErrClosed, &w)
	}
	e.mu.Unlock()
	close(e.done)
	err := e.conn.Close()
	if e.groups != nil {
		e.groups.close()
	}
	e.run(&w)
	e.wg.Wait()
	return err
}

// Ping asks the peer for a sign of life (CoAP ping, RFC 7252 section 4.3).
func (e *Endpoint) Ping(ctx context.Context, peer Peer) error {
	_, err := e.do(ctx, peer, nil)
	return err
}

// read serves one socket until it is closed.
func (e *Endpoint) read(conn PacketConn) {
	r := receiver{e: e}
	buf := make([]byte, 64<<10)
	for {
		n, path, err := conn.ReadPacket(buf)
		if err == nil {
			r.receive(buf[:n], path)
			continue
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		e.cfg.Logger.Warn("coap: cannot read the socket", "addr", conn.LocalAddr(), "err", err)
		select {
		case <-e.done:
			return
		case <-time.After(100 * time.Millisecond): // an error that stays must not spin
		}
	}
}

// joinGroups joins the groups on interfaces that are new.
func (e *Endpoint) joinGroups() {
	for _, c := range e.groups.refresh() {
		e.wg.Go(func() { e.read(c) })
	}
}

// watchGroups follows interfaces that come and go: a wireless one may be up long
// after the program.
func (e *Endpoint) watchGroups() {
	t := time.NewTicker(joinEvery)
	defer t.Stop()
	for {
		select {
		case <-e.done:
			return
		case <-t.C:
			e.joinGroups()
		}
	}
}

// sweep gives back what expired. mu is held.
func (e *Endpoint) sweep(now time.Time, w *work) {
	for el := e.transfers.Front(); el != nil; el = e.transfers.Front() {
		t := el.Value.(*transfer)
		if now.Sub(t.at) < e.cfg.BlockTimeout {
			break
		}
		t.drop()
	}
	for _, p := range e.peers {
		p.expire(now.Add(-e.cfg.DedupLifetime))
		if len(p.observers) > 0 && now.Sub(p.stats.LastHeard) >= confirmAfter {
			for _, o := range p.observers {
				o.end(ErrNoReply, w)
			}
		}
	}
}

// unmap makes one address of an IPv4 address and its IPv6 form, since a socket for
// both reports either.
func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// work is what one event leaves to do when mu is released.
type work struct {
	out     []datagram
	one     [1]datagram // room for what is most often all
	ended   []ended
	watches []*Observation // that have something to tell
	request *incoming
}

type datagram struct {
	packet []byte
	path   Path
	from   *exchange // told when the socket refuses the packet; may be nil
}

type ended struct {
	done func(*Response, error)
	resp *Response
	err  error
}

func (w *work) send(packet []byte, path Path, from *exchange) {
	if w.out == nil {
		w.out = w.one[:0]
	}
	w.out = append(w.out, datagram{packet, path, from})
}

// run does w and empties it. mu is not held.
func (e *Endpoint) run(w *work) {
	for i := range w.out {
		d := &w.out[i]
		if err := e.conn.WritePacket(d.packet, d.path); err != nil {
			e.unsent(d, err)
		}
	}
	for i := range w.ended {
		w.ended[i].done(w.ended[i].resp, w.ended[i].err)
	}
	for _, o := range w.watches {
		o.tell()
	}
	if in := w.request; in != nil {
		e.cfg.Handler(in.peer, &in.req, in.reply)
	}
	clear(w.out)
	clear(w.ended)
	clear(w.watches)
	w.out, w.ended, w.watches, w.request = w.out[:0], w.ended[:0], w.watches[:0], nil
}

// unsent takes note that the socket refused a packet. The address it should leave
// from may be gone, so the next attempt leaves that to the system.
func (e *Endpoint) unsent(d *datagram, err error) {
	e.cfg.Logger.Debug("coap: cannot send", "peer", d.path.Peer, "err", err)
	if errors.Is(err, net.ErrClosed) {
		return
	}
	var w work
	e.mu.Lock()
	if p := e.peers[d.path.key()]; p != nil && p.path.Local == d.path.Local {
		p.path.Local, p.path.Interface = netip.Addr{}, 0
	}
	if d.from != nil {
		d.from.unsent(err, &w)
	}
	e.mu.Unlock()
	e.run(&w)
}
