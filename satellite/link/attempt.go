package link

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"vapd/protocol/vap"
)

// attempt is one round of tries.
type attempt struct {
	link    *Link
	ctx     context.Context
	tried   map[netip.AddrPort]bool
	ignored Hub // another one than the satellite's own, or none
	hub     Hub // that took the satellite, or refused it most clearly
	answer  vap.Connected
	err     error
}

// connect1 makes one attempt: the hub that was just paired, that took the satellite last,
// that was tried last, then, if it is time to search, all that can be found. The error is
// the most telling one.
func (l *Link) connect1(ctx context.Context) (Hub, vap.Connected, error) {
	a := attempt{link: l, ctx: ctx, tried: make(map[netip.AddrPort]bool)}
	for _, h := range []Hub{l.takePreferred(), l.home, l.Status().Hub} {
		h.ID = "" // its address may be another hub's by now
		if h.Addr.IsValid() && a.try(h) {
			return a.hub, a.answer, nil
		}
	}
	if !l.search.due() {
		return a.hub, a.answer, a.why()
	}
	scan, cancel := context.WithTimeout(ctx, scanTime)
	defer cancel()
	found := make(chan Hub, 16)
	failed := make(chan error, 1)
	go func() {
		defer close(found)
		failed <- l.cfg.Find(scan, func(h Hub) {
			select {
			case found <- h:
			case <-scan.Done():
			}
		})
	}()
	took := false
	for h := range found {
		if took = a.try(h); took {
			break
		}
	}
	cancel()
	for range found { // joins the search
	}
	if err := <-failed; err != nil && len(a.tried) == 0 {
		a.err = fmt.Errorf("link: looking for a hub: %w", err)
	}
	if took {
		return a.hub, a.answer, nil
	}
	l.search.searched()
	return a.hub, a.answer, a.why()
}

// try introduces the satellite to h, if it is one of its hubs.
func (a *attempt) try(h Hub) bool {
	if a.tried[h.Addr] {
		return false
	}
	a.tried[h.Addr] = true
	_, err := a.link.way(h.Addr)
	if err == nil {
		h, err = a.link.identify(a.ctx, h)
	}
	if err == nil && !a.link.own(h) {
		a.link.ignore(h)
		a.ignored = h
		delete(a.tried, h.Addr) // its search may know it by another id
		return false
	}
	if err == nil && !a.link.cfg.Keys.Paired(h.ID) && !a.link.cfg.Plain(h.Addr.Addr()) {
		err = ErrUnpaired
	}
	var answer vap.Connected
	if err == nil {
		wait := connectWait
		if a.link.cfg.Keys.Paired(h.ID) {
			wait = associateWait
		}
		ctx, cancel := context.WithTimeout(a.ctx, wait)
		defer cancel()
		answer, err = a.link.cfg.Registry.Connect(ctx, h, a.link.tokens.of(h.ID))
	}
	if err != nil {
		a.refused(h, fmt.Errorf("link: hub %s at %v: %w", h.Name, h.Addr, explain(err)))
		return false
	}
	h = h.identified(answer.HubID)
	a.hub, a.answer = h, answer
	a.link.keepToken(h, answer.Token)
	return true
}

// identify finds out which hub h is, if it was found without its id. A foreign hub that
// has none is known by its address.
func (l *Link) identify(ctx context.Context, h Hub) (Hub, error) {
	if h.ID == "" {
		ctx, cancel := context.WithTimeout(ctx, identifyWait)
		defer cancel()
		it, err := l.cfg.Registry.Identify(ctx, h.Addr)
		if err != nil {
			return h, err
		}
		h.ID, h.Secured = it.ID, it.Secured
	}
	id := h.ID
	h.ID = h.Addr.String()
	return h.identified(id), nil
}

// own reports whether h is a hub that the satellite goes to: the one that its owner
// named, one that it has a key or token of, or any while it has none at all.
func (l *Link) own(h Hub) bool {
	none := l.cfg.Keys.Empty() && l.tokens.empty()
	return h.Configured || none || l.cfg.Keys.Paired(h.ID) || l.tokens.of(h.ID) != ""
}

// notOurs is why a hub is ignored.
const notOurs = "it is not this satellite's (to go there, pair the satellite with it)"

// ignore tells once of a hub that is not the satellite's.
func (l *Link) ignore(h Hub) {
	if l.ignored[h.ID] || len(l.ignored) >= maxTokens {
		return
	}
	l.ignored[h.ID] = true
	l.cfg.Logger.Info("link: another hub is ignored", "hub", h.Name, "id", h.ID, "address", h.Addr, "why", notOurs)
}

// refused keeps the most telling of several refusals: to wait for an approval is more
// than to be unpaired or denied, and those are more than silence.
func (a *attempt) refused(h Hub, err error) {
	rank := func(err error) int {
		state, _ := judge(err)
		return map[State]int{Searching: 0, Denied: 1, Unpaired: 2, Pending: 3}[state]
	}
	if a.err == nil || rank(err) > rank(a.err) {
		a.hub, a.err = h, err
	}
}

// why is what stands between the satellite and a hub.
func (a *attempt) why() error {
	err := a.err
	if err == nil {
		err = errors.New("link: no hub found: is it running, in the same network? (or set its address: hub = \"HOST:5683\")")
	}
	if a.ignored.Addr.IsValid() {
		err = fmt.Errorf("%w; hub %s at %v is ignored: %s", err, a.ignored.Name, a.ignored.Addr, notOurs)
	}
	return err
}

// explain adds the remedy where only a person has one.
func explain(err error) error {
	var refusal *vap.Error
	if errors.As(err, &refusal) {
		switch refusal.Type {
		case vap.TypePairingRequired:
			return fmt.Errorf("%w: %w", ErrUnpaired, err)
		case vap.TypeApprovalPending:
			return fmt.Errorf("%w: approve it with 'vapd hub clients approve'", err)
		case vap.TypeToken, vap.TypeIDExists:
			return fmt.Errorf("%w: if this satellite was set up anew, use 'vapd hub clients forget'", err)
		}
	}
	return err
}

func (l *Link) keepToken(h Hub, token string) {
	if token == "" {
		return
	}
	if err := l.tokens.keep(h.ID, token); err != nil {
		// The hub lets a satellite in that never used its token, so this is no lockout.
		l.cfg.Logger.Error("the hub's token is not saved: after a restart it may refuse this satellite", "error", err)
	}
}
