package coap

import (
	"context"
	"errors"
	"net/netip"
)

var errNotYet = errors.New("coap: under construction")

// Endpoint is one UDP socket that is CoAP client and server at once.
type Endpoint struct{}

// Listen opens the socket of cfg and starts to serve it.
func Listen(cfg Config) (*Endpoint, error) { return nil, errNotYet }

// LocalAddr is the address and port of the socket.
func (e *Endpoint) LocalAddr() netip.AddrPort { return netip.AddrPort{} }

// Peer is the peer at addr, known or not.
func (e *Endpoint) Peer(addr netip.AddrPort) Peer { return nil }

// Stats are the counters of all peers together; RTT stays 0.
func (e *Endpoint) Stats() Stats { return Stats{} }

// Close ends every request with ErrClosed, closes the socket and joins the
// Endpoint's goroutines.
func (e *Endpoint) Close() error { return nil }

// Ping asks the peer for a sign of life (CoAP ping, RFC 7252 section 4.3).
func (e *Endpoint) Ping(ctx context.Context, peer Peer) error { return errNotYet }

// Start sends req as Peer.Do does and returns at once. done is called exactly once,
// from any goroutine, and must not block.
func (e *Endpoint) Start(ctx context.Context, peer Peer, req *Request, done func(*Response, error)) *Call {
	return nil
}

// Call is a request on its way.
type Call struct{}

// Retransmit sends the call's unacknowledged message again now, without a change
// to its timer: the fast retransmit of a caller that saw a later one answered.
func (c *Call) Retransmit() {}

// Cancel ends the call with context.Canceled, if it has not ended.
func (c *Call) Cancel() {}

// Found is an answer to Discover.
type Found struct {
	Peer  Peer
	Links []Link
}

// Discover asks all CoAP nodes on the interfaces (all usable ones when none is
// named) for their links that match query, for instance "rt=vap-client-registry",
// and calls found for each node's answer until ctx ends or found returns false.
func (e *Endpoint) Discover(ctx context.Context, interfaces []string, query string, found func(Found) bool) error {
	return errNotYet
}
