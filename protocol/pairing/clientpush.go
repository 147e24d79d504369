package pairing

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// post sends one request and reads its answer, of which it needs the named fields.
func post(ctx context.Context, peer coap.Peer, path string, body []byte, needs ...string) (message, error) {
	resp, err := peer.Do(ctx, &coap.Request{Code: codes.POST, Path: path, Body: body})
	if errors.Is(err, context.DeadlineExceeded) {
		return message{}, fmt.Errorf("%w: %w", ErrClosed, err)
	}
	if err != nil {
		return message{}, fmt.Errorf("pairing: %w", err)
	}
	if e := vap.ErrorFrom(resp); e != nil {
		if e.Type == typeClosed || e.Code == codes.NotFound {
			return message{}, ErrClosed
		}
		return message{}, e
	}
	m, e := decode(resp.Body)
	if e == nil {
		e = m.need(needs...)
	}
	if e != nil {
		return message{}, fmt.Errorf("pairing: the answer of %s is not one of pairing version %d: %w", peer.ID(), Version, e)
	}
	return m, nil
}

// poll posts again and again while the hub waits for its owner or has no time.
func poll(ctx context.Context, peer coap.Peer, path string, body []byte, needs ...string) (message, error) {
	for {
		m, err := post(ctx, peer, path, body, needs...)
		var e *vap.Error
		if !errors.As(err, &e) || e.RetryAfter <= 0 {
			return m, err
		}
		if err := sleep(ctx, e.RetryAfter); err != nil {
			return message{}, err
		}
	}
}

// insist polls with a last message, which the hub may take any number of times: what is
// lost is sent again, since the hub may have stored the key already.
func insist(ctx context.Context, peer coap.Peer, path string, body []byte, needs ...string) (message, error) {
	for {
		m, err := poll(ctx, peer, path, body, needs...)
		if !errors.Is(err, coap.ErrNoReply) {
			return m, err
		}
		if err := sleep(ctx, pollPush); err != nil {
			return message{}, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrClosed, ctx.Err())
	case <-time.After(d):
		return nil
	}
}

func (c *Client) runPush(ctx context.Context, peer coap.Peer, me Satellite, compare Comparer) (Pairing, error) {
	if err := checkParty("satellite", me.ID, me.Name); err != nil {
		return Pairing{}, err
	}
	t, err := c.beginPush(ctx, peer, me)
	if err != nil {
		return Pairing{}, err
	}
	s, err := c.exchangeKeys(ctx, peer, t)
	if err != nil {
		return Pairing{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, PushWindow)
	defer cancel()
	return c.finishPush(ctx, cancel, peer, s, compare)
}

// finishPush lets the person compare while it asks the hub, which shows the code only now.
func (c *Client) finishPush(ctx context.Context, cancel func(), peer coap.Peer, s pushSecrets, compare Comparer) (Pairing, error) {
	compared := make(chan error, 1)
	go func() {
		err := compare(ctx, s.code)
		if err != nil {
			cancel() // the hub need not be asked any more
		}
		compared <- err
	}()
	m, err := insist(ctx, peer, pathConfirm, message{session: s.session, confirm: s.satelliteConfirm}.encode(), "confirm")
	if err == nil && !hmac.Equal(m.confirm, s.hubConfirm) {
		err = ErrForged
	}
	if err != nil {
		cancel() // the person need not compare any more
	}
	refused := <-compared
	switch {
	case refused != nil && !errors.Is(refused, context.Canceled) && !errors.Is(refused, context.DeadlineExceeded):
		return Pairing{}, fmt.Errorf("pairing: the codes were not confirmed at the satellite: %w", refused)
	case err != nil:
		return Pairing{}, err
	case refused != nil:
		return Pairing{}, fmt.Errorf("%w: %w", ErrClosed, refused)
	}
	return s.pairing, nil
}

// beginPush says hello until the owner has opened a window, and gets the hub's commitment.
func (c *Client) beginPush(ctx context.Context, peer coap.Peer, me Satellite) (t pushTranscript, err error) {
	ctx, cancel := context.WithTimeout(ctx, PushWindow)
	defer cancel()
	m, err := poll(ctx, peer, pathHello, message{version: Version, id: me.ID, name: me.Name}.padded(), "hubId", "session", "commitment")
	if err != nil {
		return t, err
	}
	return pushTranscript{
		hubID: m.hubID, hubName: m.hubName, id: me.ID, name: me.Name, session: m.session, commitment: m.commitment,
	}, nil
}

// exchangeKeys sends the satellite's key and checks that the hub's is the one that it had
// committed to.
func (c *Client) exchangeKeys(ctx context.Context, peer coap.Peer, t pushTranscript) (s pushSecrets, err error) {
	private, err := newPrivate(c.cfg.Rand)
	if err != nil {
		return s, err
	}
	t.satelliteKey = private.PublicKey().Bytes()
	if t.satelliteNonce, err = random(c.cfg.Rand, nonceSize); err != nil {
		return s, err
	}
	m, err := poll(ctx, peer, pathKey, message{session: t.session, key: t.satelliteKey, nonce: t.satelliteNonce}.encode(), "key", "nonce")
	if err != nil {
		return s, err
	}
	if !hmac.Equal(t.commitment, commitmentTo(t.session, m.key, m.nonce)) {
		return s, ErrForged
	}
	t.hubKey, t.hubNonce = m.key, m.nonce
	shared, err := agree(private, m.key)
	if err != nil {
		return s, fmt.Errorf("%w: %w", ErrForged, err)
	}
	return t.derive(shared)
}
