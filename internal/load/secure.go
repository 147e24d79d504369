package load

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	"vapd/protocol/coap"
	"vapd/protocol/dtls"
)

// Secured is a Transport of CoAP over DTLS.
type Secured struct {
	Hub netip.AddrPort
	// Key finds what a satellite shows the hub, by its id.
	Key func(id string) (dtls.Credentials, error)
}

// Open implements Transport.
func (s Secured) Open(n int, id string, mux *coap.Mux) (Line, error) {
	who, err := s.Key(id)
	if err != nil {
		return nil, err
	}
	t, err := dtls.Listen(dtls.Config{Addr: localAddr(s.Hub, n)})
	if err != nil {
		return nil, err
	}
	e, err := coap.Listen(coap.Config{Conn: t, Handler: mux.Serve})
	if err != nil {
		_ = t.Close() // nothing is lost with it
		return nil, err
	}
	return &securedLine{Endpoint: e, transport: t, hub: s.Hub, who: who}, nil
}

type securedLine struct {
	*coap.Endpoint
	transport *dtls.Transport
	hub       netip.AddrPort
	who       dtls.Credentials

	mu  sync.Mutex
	now *coap.Association
}

// Dial makes a handshake, as the hub may have forgotten the one before.
func (l *securedLine) Dial(ctx context.Context) (coap.Peer, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.now != nil {
		l.transport.End(l.now)
		l.now = nil
	}
	a, err := l.transport.Associate(ctx, l.hub, l.who)
	if err != nil {
		return nil, fmt.Errorf("load: handshake with %v: %w", l.hub, err)
	}
	l.now = a
	return l.Secured(a, l.hub), nil
}
