package load

import (
	"context"
	"net/netip"

	"vapd/protocol/coap"
)

// Transport opens the sockets of satellites.
type Transport interface {
	// Open opens one for satellite n, whose requests from the hub mux answers.
	Open(n int, id string, mux *coap.Mux) (Line, error)
}

// Line is a satellite's socket.
type Line interface {
	// Dial makes a connection to the hub, in the place of the one before.
	Dial(ctx context.Context) (coap.Peer, error)
	Close() error
}

// Plain is a Transport of CoAP over UDP.
type Plain struct{ Hub netip.AddrPort }

// Open implements Transport.
func (p Plain) Open(n int, _ string, mux *coap.Mux) (Line, error) {
	e, err := coap.Listen(coap.Config{Addr: localAddr(p.Hub, n), Handler: mux.Serve})
	if err != nil {
		return nil, err
	}
	return plainLine{e, p.Hub}, nil
}

type plainLine struct {
	*coap.Endpoint
	hub netip.AddrPort
}

func (l plainLine) Dial(context.Context) (coap.Peer, error) { return l.Peer(l.hub), nil }

// hosts is how many addresses of the loopback network satellites are spread over.
const hosts = 200

// localAddr is where satellite n comes from: a free port, and on this machine one of
// many addresses, as a hub may count by address.
func localAddr(hub netip.AddrPort, n int) netip.AddrPort {
	switch a := hub.Addr().Unmap(); {
	case a.Is4() && a.IsLoopback():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 1, byte(1 + n%hosts)}), 0)
	case a.Is4():
		return netip.AddrPortFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.AddrPortFrom(netip.IPv6Unspecified(), 0)
}
