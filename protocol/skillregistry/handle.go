package skillregistry

import (
	"errors"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// requested takes a request of the hub, on the goroutine that reads the socket.
func (n *connection) requested(body []byte) {
	c := n.c
	req, err := vap.ParseSkillRequest(body)
	if err != nil {
		c.cfg.Logger.Warn("the hub sent a request that can't be read", "skill", c.cfg.ID, "error", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != n {
		return // Run may have joined all goroutines
	}
	select {
	case c.running <- struct{}{}:
		c.wg.Go(func() {
			defer func() { <-c.running }()
			n.answer(req, n.handle(req))
		})
	default:
		c.cfg.Logger.Warn("a request was refused, as many are handled", "skill", c.cfg.ID, "request", req.ID)
		n.answer(req, Answer{Code: codes.ServiceUnavailable})
	}
}

// handle asks the skill.
func (n *connection) handle(req vap.SkillRequest) Answer {
	cfg := &n.c.cfg
	if req.Type == vap.RequestCanYouAnswer {
		return Answer{Confidence: clamp(cfg.CanAnswer(n.ctx, req))}
	}
	a, err := cfg.Handle(n.ctx, req)
	if err == nil {
		return a
	}
	cfg.Logger.Warn("a request failed", "skill", cfg.ID, "request", req.ID, "intent", req.Intent+req.Event, "error", err)
	a.Code = codes.InternalServerError
	if e, ok := errors.AsType[*vap.Error](err); ok {
		a.Code = e.Code
	}
	return a
}

// clamp makes NaN, which is no confidence, 0.
func clamp(confidence float32) float32 {
	if !(confidence > 0) {
		return 0
	}
	return min(confidence, 1)
}

// answer sends an answer, and does not wait for what becomes of it: when it does not
// arrive the connection is lost as well.
func (n *connection) answer(req vap.SkillRequest, a Answer) {
	item := vap.NotificationItem{
		Type: vap.ItemRequested, RequestID: req.ID, Capabilities: a.Capabilities, Code: a.Code, KeepOpen: a.KeepOpen,
	}
	if req.Type == vap.RequestCanYouAnswer {
		item = vap.NotificationItem{Type: req.Type, RequestID: req.ID, Confidence: a.Confidence, Code: a.Code}
	}
	message := &coap.Request{Code: codes.POST, Path: pathNotification, Body: vap.AppendSkillNotification(nil, vap.Named, vap.SkillNotification{
		SkillID: n.c.cfg.ID, Items: []vap.NotificationItem{item},
	})}
	n.hub.Start(n.ctx, message, func(r *coap.Response, err error) {
		if err == nil {
			err = n.refusal(r)
		}
		if err != nil && n.ctx.Err() == nil {
			n.c.cfg.Logger.Info("an answer was not taken", "skill", n.c.cfg.ID, "request", req.ID, "error", err)
		}
	})
}
