package dtls

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	pion "github.com/pion/dtls/v3"

	"vapd/protocol/coap"
)

// ErrRefused says that the other side knows another key for the identity, or none. It is
// a hint: who says so is not authenticated.
var ErrRefused = errors.New("dtls: the server refuses identity or key: pair again")

// attemptFor is how long a client waits for a server, which may have forgotten it for
// lack of room, before it begins anew: longer than a refusal takes.
const attemptFor = 6 * time.Second

// Associate shakes hands with the server at addr, as a client, and returns the
// association; Endpoint.Secured makes its peer. An older one with addr ends then. It
// returns ErrRefused when the server knows no such key, or ctx's error when it does not
// answer; Config.HandshakeTimeout bounds it in any case.
func (t *Transport) Associate(ctx context.Context, addr netip.AddrPort, c Credentials) (*coap.Association, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	path := coap.Path{Peer: netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())}
	ctx, cancel := context.WithTimeout(ctx, t.cfg.HandshakeTimeout)
	defer cancel()
	for {
		a, err := t.attempt(ctx, path, c)
		switch {
		case err == nil:
			return &a.Association, nil
		case ctx.Err() != nil && !errors.Is(err, ErrRefused):
			err = ctx.Err() // pion's says less
		case errors.Is(err, errAstray), errors.Is(err, context.DeadlineExceeded): // of the attempt
			continue
		}
		return nil, fmt.Errorf("dtls: handshake with %v as %q: %w", addr, c.Identity, err)
	}
}

// errAstray says that the server does not know of the handshake (any more).
var errAstray = errors.New("dtls: the server was restarted in the middle of the handshake")

// attempt shakes hands once.
func (t *Transport) attempt(ctx context.Context, path coap.Path, c Credentials) (*association, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptFor)
	defer cancel()
	h := t.newHandshake(path, true)
	h.cancel, h.identity = cancel, c.Identity
	if err := t.begin(h); err != nil {
		return nil, err
	}
	defer t.wg.Done()
	conn, err := pion.ClientWithOptions(h.pipe, h.pipe.addr,
		pion.WithCipherSuites(suites()...),
		pion.WithPSK(func([]byte) ([]byte, error) { return c.Key, nil }),
		pion.WithPSKIdentityHint([]byte(c.Identity)),
		pion.WithExtendedMasterSecret(pion.RequireExtendedMasterSecret),
		// Ask for a connection id, and need none: a server is known by its address.
		pion.WithConnectionIDGenerator(pion.OnlySendCIDGenerator()),
		pion.WithFlightInterval(flightInterval),
		pion.WithMTU(mtu),
		pion.WithLoggerFactory(pionLogger{t.cfg.Logger}),
	)
	var a *association
	if err == nil {
		a, err = h.run(ctx, conn)
	}
	if alert := h.alert.Load() - 1; err != nil && alert >= 0 {
		err = fmt.Errorf("%w (alert %d)", ErrRefused, alert)
		if alert == unexpectedMessage {
			err = errAstray
		}
	}
	err = t.finished(ctx, h, a, err)
	t.mu.Lock()
	t.forget(h)
	t.mu.Unlock()
	return a, err
}

// begin gives the address to a client's handshake.
func (t *Transport) begin(h *handshake) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return errClosed
	}
	if old := t.handshakes[h.path.Peer]; old != nil && !old.done {
		return errors.New("another handshake with it is under way: wait for its end")
	}
	t.handshakes[h.path.Peer] = h
	t.wg.Add(1)
	return nil
}

// warned takes down an alert of the server. Anybody may have sent it, so the handshake
// gets some more time to prove it wrong.
func (h *handshake) warned(body []byte) {
	if len(body) != 2 || body[0] != fatal || !h.alert.CompareAndSwap(0, int32(body[1])+1) {
		return
	}
	more := 3 * flightInterval
	if body[1] == unexpectedMessage { // it begins anew then: less is lost
		more = 2 * flightInterval
	}
	time.AfterFunc(more, h.cancel)
}
