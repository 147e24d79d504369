package skillregistry

import (
	"context"
	"fmt"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

const (
	// attemptWait bounds each step of an attempt to connect; a hub may take its time to
	// learn a registration.
	attemptWait = 60 * time.Second
	// goodbyeWait is how long the hub is told that the skill leaves.
	goodbyeWait = 2 * time.Second
)

// connection is one connection of a skill to a hub.
type connection struct {
	c   *Client
	hub coap.Peer
	ctx context.Context // ends with the connection
	end context.CancelCauseFunc
}

func (n *connection) post(ctx context.Context, path string, body []byte) (*coap.Response, error) {
	return n.do(ctx, &coap.Request{Code: codes.POST, Path: path, Body: body})
}

// do sends a request to the hub. A response of class 4 or 5 is a *vap.Error.
func (n *connection) do(ctx context.Context, req *coap.Request) (*coap.Response, error) {
	r, err := n.hub.Do(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("skillregistry: %s at %v: %w", req.Path, n.hub.Addr(), err)
	}
	if err := n.refusal(r); err != nil {
		return nil, err
	}
	return r, nil
}

// refusal is the *vap.Error that a response says, or nil. One that says that the hub does
// not know the skill, or not from here, ends the connection.
func (n *connection) refusal(r *coap.Response) error {
	e := vap.ErrorFrom(r)
	if e == nil {
		return nil
	}
	if e.Type == vap.TypeWrongSkillID || e.Type == vap.TypeUnauthorized {
		n.end(e)
	}
	return e
}

// connect introduces the skill, and keeps the token that it may be given.
func (n *connection) connect() (m vap.SkillConnected, err error) {
	cfg := &n.c.cfg
	token, err := cfg.Tokens.Token()
	if err != nil {
		return m, fmt.Errorf("%w: %w", errTokens, err)
	}
	ctx, cancel := context.WithTimeout(n.ctx, attemptWait)
	defer cancel()
	r, err := n.post(ctx, pathConnect, vap.AppendConnect(nil, vap.Connect{
		ID: cfg.ID, Name: cfg.Name, Version: vap.Version, Token: token,
		Capabilities: cfg.Capabilities, HasCapabilities: len(cfg.Capabilities) > 0,
	}))
	if err != nil {
		return m, err
	}
	if m, err = vap.ParseSkillConnected(r.Body); err != nil {
		return m, fmt.Errorf("skillregistry: the answer of %v to connect: %w", n.hub.Addr(), err)
	}
	if m.Token != "" && m.Token != token {
		if err := cfg.Tokens.SetToken(m.Token); err != nil {
			return m, fmt.Errorf("%w: %w", errTokens, err)
		}
	}
	return m, nil
}

// register registers what the skill wants to be asked.
func (n *connection) register(ctx context.Context, nlu []vap.NLU, events []string) error {
	r, err := n.post(ctx, pathRegister, vap.AppendRegisterIntents(nil, vap.Named, vap.RegisterIntents{
		SkillID: n.c.cfg.ID, NLU: nlu, Events: events,
	}))
	if err != nil {
		return err
	}
	if m, err := vap.ParseIntentsRegistered(r.Body); err == nil && len(m.Langs) < len(nlu) {
		n.c.cfg.Logger.Info("the hub does not take all languages of the skill", "skill", n.c.cfg.ID, "taken", m.Langs)
	}
	return nil
}

// observe begins to listen for requests.
func (n *connection) observe() (*coap.Observation, error) {
	established := make(chan struct{}, 1)
	// Not with n's context: that the skill leaves is said by goodbye.
	o := n.c.cfg.Endpoint.ObserveEvents(context.Background(), n.hub, n.resource(codes.GET), func(r *coap.Response, err error) {
		switch {
		case err != nil && r != nil && vap.ErrorFrom(r) != nil:
			n.end(vap.ErrorFrom(r))
		case err != nil:
			n.end(err)
		case len(r.Body) > 0:
			n.requested(r.Body)
		default:
			select {
			case established <- struct{}{}:
			default:
			}
		}
	})
	limit := time.NewTimer(attemptWait)
	defer limit.Stop()
	select {
	case <-established:
		return o, nil
	case <-limit.C:
		n.end(coap.ErrNoReply)
	case <-n.ctx.Done():
	}
	return o, fmt.Errorf("skillregistry: observing at %v: %w", n.hub.Addr(), context.Cause(n.ctx))
}

func (n *connection) resource(method codes.Code) *coap.Request {
	return &coap.Request{Code: method, Path: pathSkills + n.c.cfg.ID}
}

// stay waits until the connection ends. Now and then it asks the hub whether it knows
// that the skill listens: one that was restarted does not.
func (n *connection) stay() error {
	tick := time.NewTicker(n.c.cfg.Keepalive)
	defer tick.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return context.Cause(n.ctx)
		case <-tick.C:
			if err := n.ask(); err != nil && n.ctx.Err() == nil {
				return err
			}
		}
	}
}

// ask asks the hub whether it knows that the skill listens.
func (n *connection) ask() error {
	ctx, cancel := context.WithTimeout(n.ctx, n.c.cfg.Keepalive)
	defer cancel()
	_, err := n.do(ctx, n.resource(codes.GET))
	return err
}

// goodbye says that the skill leaves.
func (n *connection) goodbye() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(n.ctx), goodbyeWait)
	defer cancel()
	if _, err := n.do(ctx, n.resource(codes.DELETE)); err != nil {
		n.c.cfg.Logger.Debug("the hub was not told goodbye", "skill", n.c.cfg.ID, "error", err)
	}
}
