package hub

import (
	"context"
	"errors"
	"fmt"

	"vapd/hub/api"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
)

// errNothingToCompare says that no satellite waits for its code to be compared.
var errNothingToCompare = errors.New("no satellite shows this code: look at the code that the hub shows now")

// security is the mode as it is shown.
func security(open bool) string {
	if open {
		return "open"
	}
	return "paired"
}

// pair carries out the commands of pairing; false says that c is none.
func (h *Hub) pair(ctx context.Context, c api.Command) (api.Result, error, bool) {
	switch c := c.(type) {
	case api.ListPairings:
		return h.desk.look(), nil, true
	case api.OpenPairing:
		return nil, h.pairing.OpenPush(), true
	case api.OpenPairingCode:
		i, err := h.pairing.OpenCode(c.Address)
		if err != nil {
			return nil, err, true
		}
		return control.PairingCode{Code: i.Passcode.Reveal(), URI: i.URI()}, nil, true
	case api.ApprovePairing:
		return nil, h.approvePairing(c.Digits), true
	case api.DenyPairing:
		h.pairing.Deny()
		return nil, nil, true
	case api.ClosePairing:
		way := pairing.ByPush
		if c.Code {
			way = pairing.ByCode
		}
		h.pairing.Cancel(way, "the owner closed it")
		return nil, nil, true
	case api.ExportPairing:
		if _, skill := pairing.SplitSkill(c.ID); skill {
			return nil, fmt.Errorf("hub: %q is no id of a satellite: 'vapd hub skills pair' is for skills", c.ID), true
		}
		f, err := h.pairing.Export(pairing.Satellite{ID: c.ID, Name: c.Name}, c.Address)
		if err != nil {
			return nil, err, true
		}
		return control.PairingFile{Text: string(f.Encode())}, nil, true
	case api.UnpairClient:
		return nil, h.revoke(c.ID, h.cfg.Registry.Unpair(c.ID)), true
	case api.LostClient:
		return nil, h.revoke(c.ID, h.cfg.Registry.Revoke(c.ID)), true
	case api.RotateKey:
		return nil, h.rotate(ctx, c.ID), true
	}
	return nil, nil, false
}

// approvePairing approves the code that a satellite shows, if it is the one of digits.
func (h *Hub) approvePairing(digits string) error {
	code, ok := h.desk.compared(digits)
	if !ok {
		return errNothingToCompare
	}
	return h.pairing.Approve(code)
}

// revoke ends what a client has open after err, nil, voided its keys.
func (h *Hub) revoke(id string, err error) error {
	if err := h.expel(id, err); err != nil {
		return err
	}
	h.doors.revoke(id, "")
	return nil
}

// rotate agrees a new key with a client that is connected under its present one.
func (h *Hub) rotate(ctx context.Context, id string) error {
	peer, ok := h.server.Peer(id)
	if !ok || !peer.Verified() {
		return fmt.Errorf("hub: %q is not connected by its key: a key is replaced while the satellite is there", id)
	}
	return h.pairing.Rotate(ctx, peer)
}

// pairingTold passes on what happens in a pairing.
func (h *Hub) pairingTold(e pairing.Event) {
	p := &control.PairingEvent{What: string(e.Kind), Way: string(e.Way), Replaces: e.Replaces, TriesLeft: e.TriesLeft}
	if e.Kind == pairing.Compare {
		p.Digits = e.Code.Digits()
		for _, c := range e.Code.Colours() {
			p.Colours = append(p.Colours, c.String())
		}
	}
	id, skill := pairing.SplitSkill(e.ID)
	p.Skill = skill
	shown := control.HubEvent{Kind: control.EventPairing, Client: id, Name: e.Name, Why: e.Reason, Pairing: p}
	if e.From.IsValid() {
		shown.Address = e.From.String()
	}
	h.auditPairing(e)
	h.desk.told(e, shown)
	h.watchers.tell(shown)
}

// pairStream pairs one satellite while somebody watches (control.TopicPair).
func (h *Hub) pairStream(ctx context.Context, start control.PairingStart, send func(control.PairingStep)) error {
	way, open := pairing.ByPush, api.Command(api.OpenPairing{})
	switch {
	case start.Skill:
		way, open = pairing.ByCode, api.OpenSkillPairing{}
	case start.Code:
		way, open = pairing.ByCode, api.OpenPairingCode{Address: start.Address}
	}
	var opened, closed bool
	over := make(chan struct{})
	defer h.Watch(func(e control.HubEvent) {
		if e.Kind != control.EventPairing || e.Pairing.Way != string(way) {
			return
		}
		kind := pairing.Kind(e.Pairing.What)
		opened = opened || kind == pairing.Opened
		if !opened || closed { // what comes before is the end of another's, or follows it
			return
		}
		send(control.PairingStep{Event: &e})
		if closed = kind == pairing.Paired || kind == pairing.Closed; closed {
			close(over)
		}
	})()
	result, err := h.Do(ctx, owner, open)
	if err != nil {
		return err
	}
	if code, ok := result.(control.PairingCode); ok {
		send(control.PairingStep{Code: &code})
	}
	select {
	case <-over:
	case <-ctx.Done():
		_, err = h.Do(context.WithoutCancel(ctx), owner, api.ClosePairing{Code: way == pairing.ByCode})
	}
	return err
}
