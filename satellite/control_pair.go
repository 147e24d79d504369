package satellite

import (
	"context"
	"errors"
	"strings"

	"vapd/protocol/control"
	"vapd/protocol/pairing"
)

// registerPairing serves the methods of pairing. Whoever reaches the control socket may
// do what a person at the device may: it is for the satellite's own user.
func (s *Satellite) registerPairing(mux *control.Mux) {
	event(s, mux, control.MethodPairUp, func(p control.PairOrder) (Event, error) {
		o, err := pairOrder(p)
		return PairAsked{o}, err
	})
	event(s, mux, control.MethodPairCancel, func(struct{}) (Event, error) { return PairCancelled{}, nil })
	event(s, mux, control.MethodAgree, func(p control.PairingDigits) (Event, error) {
		if state := s.seen.Load(); state.Pairing != PairComparing || plainDigits(p.Digits) != plainDigits(state.Code.Digits) {
			return nil, errors.New("satellite: that is not the code that it shows now")
		}
		return AgreePressed{}, nil
	})
	control.Handle(mux, control.MethodPairKey, func(_ context.Context, p control.PairingFile) (struct{}, error) {
		f, err := pairing.ParseKeyFile([]byte(p.Text))
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.Import(f)
	})
	control.Handle(mux, control.MethodUnpairHub, func(_ context.Context, p control.PairedHub) (control.PairedHub, error) {
		h, err := s.unpair(p.ID)
		return s.viewPaired(h), err
	})
}

// pairOrder reads an order. Its errors quote nothing of the code.
func pairOrder(p control.PairOrder) (PairOrder, error) {
	o := PairOrder{Address: p.Hub}
	if p.Code == "" {
		return o, nil
	}
	if !strings.Contains(p.Code, ":") {
		var err error
		o.Code, err = pairing.ParsePasscode(p.Code)
		return o, err
	}
	i, err := pairing.ParseInvitation(p.Code)
	o.Code, o.HubID = i.Passcode, i.HubID
	if o.Address == "" {
		o.Address = i.Address
	}
	return o, err
}

func plainDigits(s string) string { return strings.ReplaceAll(s, " ", "") }
