package skillregistry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Run connects, serves requests until ctx ends, and says goodbye. It connects again when
// the hub is away or was restarted. It returns nil after ctx ended, or the hub's
// *vap.Error, or the token store's error, when trying again is of no use. It joins all
// goroutines of the Client, so a Handle that does not heed its ctx holds it up.
func (c *Client) Run(ctx context.Context) error {
	defer c.wg.Wait()
	wait := c.cfg.Backoff
	for {
		began := time.Now()
		err := c.connection1(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if hopeless(err) {
			return fmt.Errorf("skill %q: %w", c.cfg.ID, err)
		}
		if time.Since(began) > c.cfg.MaxBackoff {
			wait = c.cfg.Backoff
		}
		pause, log := wait/2+rand.N(wait/2+1), c.cfg.Logger
		if e, ok := errors.AsType[*vap.Error](err); ok {
			pause = max(pause, e.RetryAfter)
			if e.Type == vap.TypeUnauthorized {
				log = log.With("hint", "does it run twice? or the hub's owner disconnected it")
			}
		}
		log.Info("not connected to a hub", "skill", c.cfg.ID, "error", err, "again in", pause.Round(time.Millisecond))
		wait = min(2*wait, c.cfg.MaxBackoff)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// errTokens is an error of the token store.
var errTokens = errors.New("skillregistry: the skill's token store")

// hopeless reports whether somebody has to do something before trying again is of use.
func hopeless(err error) bool {
	if errors.Is(err, errTokens) || errors.Is(err, coap.ErrTooLarge) {
		return true
	}
	e, ok := errors.AsType[*vap.Error](err)
	if !ok {
		return false
	}
	switch e.Type {
	case vap.TypeVersion, vap.TypeConnectionDenied, vap.TypeToken, vap.TypePairingRequired,
		vap.TypeMissingEntity, vap.TypeMissingSlot, vap.TypeMalformed, vap.TypeMissingField:
		return true
	}
	return e.Code == codes.RequestEntityTooLarge // which the hub's endpoint says without a type
}

// connection1 is one connection from its beginning to its end, and says why it ended.
func (c *Client) connection1(ctx context.Context) error {
	hub, err := c.cfg.Find(ctx)
	if err != nil {
		return fmt.Errorf("skillregistry: finding the hub: %w", err)
	}
	n := &connection{c: c, hub: hub}
	n.ctx, n.end = context.WithCancelCause(ctx)
	defer n.end(nil)
	connected, err := n.connect()
	if err != nil {
		return err
	}
	defer func() {
		if ctx.Err() != nil {
			n.goodbye()
		}
	}()
	c.mu.Lock()
	nlu, events := c.nlu, c.events
	c.mu.Unlock()
	registering, cancel := context.WithTimeout(n.ctx, attemptWait)
	defer cancel()
	if err := n.register(registering, nlu, events); err != nil {
		return err
	}
	c.attach(n)
	defer c.attach(nil)
	observation, err := n.observe()
	defer observation.Forget()
	if err != nil {
		return err
	}
	if c.cfg.Connected != nil {
		c.cfg.Connected(connected)
	}
	return n.stay()
}
