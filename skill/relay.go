package skill

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/dtls"
)

const (
	// unanswered is after which a hub that was asked counts as lost. One that was
	// restarted does not know the association, and can't say so.
	unanswered = 5 * time.Second
	// silence is after which the hub is asked for a sign of life, each pingEvery: the skill
	// may have nothing to say for hours.
	silence   = 5 * time.Second
	pingEvery = 2 * time.Second
	// relayPause is between attempts to reach the hub.
	relayPause = 5 * time.Second
	// maxDatagram is more than CoAP fits into (RFC 7252 section 4.6), and less than UDP.
	maxDatagram = 8192
)

// Relay is a hub on another machine for a skill that speaks plain CoAP on this one:
// datagrams pass between a socket of the loopback network and the hub's DTLS, as they are.
// Whatever runs on this machine can be the skill by it, as on the hub's own. The last one
// that sent something gets what comes back.
type Relay struct {
	way       *way
	transport *dtls.Transport
	local     *net.UDPConn
	logger    *slog.Logger
	lost      chan struct{} // one slot: hub does not answer

	mu     sync.Mutex
	hub    *coap.Association // nil while there is none
	skill  netip.AddrPort    // who sent last
	mid    uint16            // message id of what it sent last
	asked  time.Time         // when the hub was asked something that it has not answered; zero: nothing
	heard  time.Time         // when the hub said something
	pinged bool              // it has not answered the last ping, whose message id is:
	ping   uint16
}

// NewRelay opens a Relay to the hub at a host and port; "" looks for the one that the skill
// is paired with. Run closes it.
func (k *Keys) NewRelay(hub string) (*Relay, error) {
	if hubs, err := k.Hubs(); err != nil || len(hubs) == 0 {
		return nil, errors.Join(err, fmt.Errorf("skill: %s has no key: %s", k.id, pairRemedy(k.id)))
	}
	end, err := coap.Listen(coap.Config{Addr: anywhere(), Logger: k.logger})
	if err != nil {
		return nil, err
	}
	transport, err := dtls.Listen(dtls.Config{Addr: anywhere(), Logger: k.logger})
	if err != nil {
		return nil, errors.Join(err, end.Close())
	}
	local, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("skill: %w", err), transport.Close(), end.Close())
	}
	return &Relay{
		way:       &way{skill: k.id, keys: k.file, finder: finder{address: hub, end: end}, transport: transport, logger: k.logger},
		transport: transport, local: local, logger: k.logger, lost: make(chan struct{}, 1),
	}, nil
}

// Addr is where the skill finds the hub.
func (r *Relay) Addr() string { return r.local.LocalAddr().String() }

// Run relays until ctx ends. What comes while the hub can't be reached is lost: CoAP
// repeats it.
func (r *Relay) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(r.up)
	wg.Go(r.down)
	for ctx.Err() == nil {
		if err := r.connect1(ctx); err != nil {
			r.logger.Warn("the hub can't be reached", "skill", r.way.skill, "error", err, "again in", relayPause)
			pause(ctx, relayPause)
			continue
		}
		r.watch(ctx)
	}
	err := errors.Join(r.local.Close(), r.transport.Close(), r.way.finder.end.Close())
	wg.Wait()
	return err
}

// watch pings the hub until it is lost.
func (r *Relay) watch(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.lost:
			r.logger.Warn("the hub does not answer any more", "skill", r.way.skill, "hub", r.way.hub.Addr)
			return
		case now := <-tick.C:
			if ping, hub := r.nextPing(now); hub != nil {
				r.send(ping, hub)
			}
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// connect1 shakes hands with the hub.
func (r *Relay) connect1(ctx context.Context) error {
	keys, err := r.way.locate(ctx)
	if err != nil {
		return err
	}
	a, addr, err := r.way.associate(ctx, keys)
	if err != nil {
		return err
	}
	r.logger.Info("the skill's hub is reached", "skill", r.way.skill, "hub", r.way.hub.Name, "address", addr)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hub, r.asked, r.heard = a, time.Time{}, time.Now()
	select {
	case <-r.lost: // the association before
	default:
	}
	return nil
}

// up passes on what the skill says.
func (r *Relay) up() {
	b := make([]byte, maxDatagram)
	for {
		n, from, err := r.local.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n == 0 {
			continue // the skill was away when something came for it
		}
		if hub := r.outgoing(b[:n], from, time.Now()); hub != nil {
			r.send(b[:n], hub)
		}
	}
}

func (r *Relay) send(b []byte, hub *coap.Association) {
	if err := r.transport.WritePacket(b, coap.Path{Association: hub}); errors.Is(err, coap.ErrEnded) {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.hub == hub {
			r.lose()
		}
	}
}

// outgoing takes note of a datagram of the skill, and says where it goes: nowhere while
// there is no hub.
func (r *Relay) outgoing(b []byte, from netip.AddrPort, now time.Time) *coap.Association {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skill = from
	if typ, mid, ok := header(b); ok {
		r.mid = mid
		if typ == confirmable {
			r.ask(now)
		}
	}
	return r.hub
}

// nextPing is an empty confirmable message, which a hub answers with a reset (RFC 7252
// section 4.3), when it is time for one. Its message id is as far as can be from those that
// the skill uses.
func (r *Relay) nextPing(now time.Time) ([]byte, *coap.Association) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.heard) < silence {
		return nil, nil
	}
	r.pinged, r.ping = true, r.mid+1<<15
	r.ask(now)
	return binary.BigEndian.AppendUint16([]byte{1<<6 | confirmable<<4, 0}, r.ping), r.hub
}

// ask takes note that the hub is to answer. r.mu is held.
func (r *Relay) ask(now time.Time) {
	switch {
	case r.hub == nil:
	case r.asked.IsZero():
		r.asked = now
	case now.Sub(r.asked) > unanswered:
		r.lose()
	}
}

// lose gives the association up. r.mu is held.
func (r *Relay) lose() {
	r.hub = nil
	select {
	case r.lost <- struct{}{}:
	default:
	}
}

// The types of a CoAP message (RFC 7252 section 3).
const confirmable, reset = 0, 3

// header is what a CoAP message begins with.
func header(b []byte) (typ byte, mid uint16, ok bool) {
	if len(b) < 4 {
		return 0, 0, false
	}
	return b[0] >> 4 & 3, binary.BigEndian.Uint16(b[2:]), true
}

// down passes on what the hub says. It reads what handshakes need as well.
func (r *Relay) down() {
	b := make([]byte, maxDatagram)
	for {
		n, path, err := r.transport.ReadPacket(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		if skill := r.incoming(b[:n], path.Association, time.Now()); skill.IsValid() {
			_, _ = r.local.WriteToUDPAddrPort(b[:n], skill) // as UDP, it may be lost
		}
	}
}

// incoming takes note of a datagram of the hub, and says where it goes: nowhere, if it is
// the answer to a ping.
func (r *Relay) incoming(b []byte, from *coap.Association, now time.Time) (skill netip.AddrPort) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if from != r.hub {
		return skill
	}
	r.asked, r.heard = time.Time{}, now
	if typ, mid, ok := header(b); ok && typ == reset && r.pinged && mid == r.ping {
		r.pinged = false
		return skill
	}
	return r.skill
}
