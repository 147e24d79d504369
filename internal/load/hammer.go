package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"vapd/protocol/vap"
)

// Hammer asks a server as fast as it answers: every peer has Window requests on their
// way, each followed by the next when it is answered. It costs little beside the server,
// so that it is the server that is measured.
type Hammer struct {
	Addr          netip.AddrPort
	Peers, Window int
	// Put is the path of a resource that takes what a fragment takes up by PUT. Empty:
	// the server is a hub, and gets fragments of sessions.
	Put string
}

// Blow is what a Hammer measured.
type Blow struct {
	Took     time.Duration
	Answered atomic.Int64
	Latency  Histogram
	// Busy requests were refused for now and sent again; those without an answer after
	// 200 ms, too.
	Busy, Repeated atomic.Int64
}

// Rate is the answered requests a second.
func (b *Blow) Rate() float64 { return float64(b.Answered.Load()) / b.Took.Seconds() }

// Run hammers for d, or until ctx ends.
func (h Hammer) Run(ctx context.Context, d time.Duration) (*Blow, error) {
	blow := new(Blow)
	peers := make([]*striker, h.Peers)
	defer func() {
		for _, p := range peers {
			if p != nil {
				_ = p.conn.Close() // nothing is lost with it
			}
		}
	}()
	for i := range peers {
		conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(localAddr(h.Addr, i)), net.UDPAddrFromAddrPort(h.Addr))
		if err != nil {
			return nil, fmt.Errorf("load: %w", err)
		}
		peers[i] = &striker{
			hammer: h, conn: conn, blow: blow, id: fmt.Sprintf("hammer-%d", i),
			mid: uint16(rand.Uint32()), buf: make([]byte, 2048), flying: make(map[uint32]*strike),
		}
		if err := peers[i].connect(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	errs := make([]error, len(peers))
	began := time.Now()
	var wg sync.WaitGroup
	for i, p := range peers {
		wg.Go(func() { errs[i] = p.run(ctx) })
	}
	wg.Wait()
	blow.Took = time.Since(began)
	return blow, errors.Join(errs...)
}

// striker is one peer of a Hammer.
type striker struct {
	hammer Hammer
	conn   *net.UDPConn
	blow   *Blow
	id     string
	mid    uint16
	buf    []byte

	session uint64
	seq     uint32
	flying  map[uint32]*strike // by token
}

// strike is a request on its way.
type strike struct {
	packet []byte
	sent   time.Time
}

const (
	answerTime = time.Second            // for what begins a session
	repeatTime = 200 * time.Millisecond // after which a request is sent again
	// busyPause is before a request that was refused for now is sent again.
	busyPause = time.Millisecond
	// sessionFragments are those of a session: 28 s of sound. Hubs end one after a while.
	sessionFragments = 1400
)

// connect introduces the peer to a hub.
func (s *striker) connect() error {
	if s.hammer.Put != "" {
		return nil
	}
	return s.ask(connectPath, vap.AppendConnect(nil, vap.Connect{
		ID: s.id, Name: s.id, Version: vap.Version, Capabilities: offers(), HasCapabilities: true,
	}))
}

// begin starts a session, in the place of the one before.
func (s *striker) begin() error {
	s.seq = 0
	if s.hammer.Put != "" {
		return nil
	}
	s.session = rand.Uint64()
	return s.ask(startPath, vap.AppendSessionStart(nil, vap.SessionStart{Session: s.session, HasSession: true, Turn: 1, ClientID: s.id}))
}

// run strikes until ctx ends.
func (s *striker) run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := s.begin(); err != nil {
			return err
		}
		for range s.hammer.Window {
			s.strike()
		}
		for len(s.flying) > 0 && ctx.Err() == nil {
			if err := s.read(); err != nil {
				return err
			}
		}
	}
	return nil
}

// strike sends the next request, if the session has one.
func (s *striker) strike() {
	if s.seq == sessionFragments {
		return
	}
	code, path := byte(codePOST), dataPath
	if s.hammer.Put != "" {
		code, path = codePUT, s.hammer.Put
	}
	s.mid++
	token := uint32(s.mid) // its own still when the request is sent again by another id
	packet := appendRequest(nil, code, s.mid, token, path, s.fragment())
	s.seq++
	s.send(token, &strike{packet: packet})
}

// fragment is the next fragment of the session: quiet noise. As the body of a PUT it is
// as long.
func (s *striker) fragment() []byte {
	sound := make([]byte, fragmentBytes)
	for i := range sound {
		sound[i] = byte(i * int(s.seq+1) & 1)
	}
	return vap.AppendSessionData(nil, vap.SessionData{
		Session: s.session, HasSession: true, Turn: 1, Seq: s.seq,
		Capabilities: []vap.Capability{vap.Sound{At: int64(s.seq) * int64(fragmentBytes) / 2, Data: sound}.Capability()},
	})
}

func (s *striker) send(token uint32, x *strike) {
	x.sent = time.Now()
	s.flying[token] = x
	_, _ = s.conn.Write(x.packet) // what does not go out is sent again
}

// read takes one message of the server.
func (s *striker) read() error {
	r, err := s.receive(repeatTime)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.again()
		return nil
	}
	if err != nil {
		return err
	}
	x := s.flying[r.token]
	if r.code>>5 == 0 || x == nil {
		return nil // an acknowledgement whose response is still to come, or a request
	}
	delete(s.flying, r.token)
	switch {
	case r.code == code503:
		s.blow.Busy.Add(1)
		time.Sleep(busyPause)
		s.mid++
		x.packet[2], x.packet[3] = byte(s.mid>>8), byte(s.mid)
		s.send(r.token, x)
	case r.code>>5 == 2:
		s.blow.Answered.Add(1)
		s.blow.Latency.Record(time.Since(x.sent))
		s.strike()
	default:
		return fmt.Errorf("load: %v answers a request with %d.%02d", s.hammer.Addr, r.code>>5, r.code&31)
	}
	return nil
}

// again repeats what was not answered.
func (s *striker) again() {
	for token, x := range s.flying {
		if time.Since(x.sent) >= repeatTime {
			s.blow.Repeated.Add(1)
			s.send(token, x)
		}
	}
}

// receive waits for a message. Those that want an acknowledgement get it.
func (s *striker) receive(patience time.Duration) (reply, error) {
	if err := s.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return reply{}, err
	}
	for {
		n, err := s.conn.Read(s.buf)
		if err != nil {
			return reply{}, fmt.Errorf("load: waiting for %v: %w", s.hammer.Addr, err)
		}
		r, ok := parseReply(s.buf[:n])
		if !ok {
			continue
		}
		if r.kind == typeCON {
			_, _ = s.conn.Write(r.acknowledge()) // it is asked for again
		}
		return r, nil
	}
}

// ask sends a request and waits for its response.
func (s *striker) ask(path string, body []byte) error {
	const tries = 5
	s.mid++
	token := uint32(s.mid) | 1<<16 // no request's of the hammer
	packet := appendRequest(nil, codePOST, s.mid, token, path, body)
	for range tries {
		if _, err := s.conn.Write(packet); err != nil {
			return fmt.Errorf("load: %s at %v: %w", path, s.hammer.Addr, err)
		}
		for {
			r, err := s.receive(answerTime)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return err
			}
			switch {
			case r.token != token || r.code == 0:
			case r.code>>5 == 2:
				return nil
			default:
				return fmt.Errorf("load: %v answers %s with %d.%02d", s.hammer.Addr, path, r.code>>5, r.code&31)
			}
		}
	}
	return fmt.Errorf("load: %s: no answer from %v", path, s.hammer.Addr)
}
