package skill

import (
	"context"
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

	mu    sync.Mutex
	hub   *coap.Association // nil while there is none
	skill netip.AddrPort    // who sent last
	asked time.Time         // when the hub was asked something that it has not answered; zero: nothing
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
		select {
		case <-ctx.Done():
		case <-r.lost:
			r.logger.Warn("the hub does not answer any more", "skill", r.way.skill, "hub", r.way.hub.Addr)
		}
	}
	err := errors.Join(r.local.Close(), r.transport.Close(), r.way.finder.end.Close())
	wg.Wait()
	return err
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
	r.hub, r.asked = a, time.Time{}
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
			if err := r.transport.WritePacket(b[:n], coap.Path{Association: hub}); errors.Is(err, coap.ErrEnded) {
				r.lose()
			}
		}
	}
}

// outgoing takes note of a datagram of the skill, and says where it goes: nowhere while
// there is no hub.
func (r *Relay) outgoing(b []byte, from netip.AddrPort, now time.Time) *coap.Association {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.skill = from
	confirmable := b[0]>>4&3 == 0 // RFC 7252 section 3
	switch {
	case r.hub == nil || !confirmable:
	case r.asked.IsZero():
		r.asked = now
	case now.Sub(r.asked) > unanswered:
		r.loseLocked()
	}
	return r.hub
}

func (r *Relay) lose() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loseLocked()
}

// loseLocked gives the association up. r.mu is held.
func (r *Relay) loseLocked() {
	r.hub = nil
	select {
	case r.lost <- struct{}{}:
	default:
	}
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
		r.mu.Lock()
		mine, skill := path.Association == r.hub, r.skill
		if mine {
			r.asked = time.Time{}
		}
		r.mu.Unlock()
		if mine && skill.IsValid() {
			_, _ = r.local.WriteToUDPAddrPort(b[:n], skill) // as UDP, it may be lost
		}
	}
}
