package satellite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/discovery"
	"vapd/protocol/pairing"
	"vapd/protocol/pairing/keyring"
	"vapd/satellite/link"
	"vapd/satellite/pair"
)

// ErrReset ends Run when a person at the device wanted it to forget everything: a new
// Satellite is what is left.
var ErrReset = errors.New("satellite: reset by the key")

const (
	pairedShown = 3 * time.Second // how an attempt ended, on the LEDs
	// rekeyAfter is how long after the hub changed the key it is used, at the earliest:
	// the hub has to hear of the satellite's part first.
	rekeyAfter = 5 * time.Second
)

// pairReport is what there is to tell of the attempt that runs, or ran last.
type pairReport struct {
	hub string // its name, or its address; from the network, not proved
	err error
}

// newPairs makes what carries pairings out; find looks for hubs everywhere.
func (s *Satellite) newPairs(find link.Finder) *pair.Runner {
	return pair.New(pair.Config{
		ID: s.cfg.ID, Name: pairingName(s.cfg.Name), Client: pairing.NewClient(pairing.ClientConfig{Logger: s.cfg.Logger}),
		Find: func(address string) pair.Finder {
			f := find
			if address != "" {
				f = s.cfg.At(address)
			}
			return func(ctx context.Context, found func(pair.Hub)) error {
				return f(ctx, func(h link.Hub) { found(pair.Hub{ID: h.ID, Name: h.Name, Addr: h.Addr}) })
			}
		},
		Identify: func(ctx context.Context, addr netip.AddrPort) (string, error) {
			hub, err := discovery.Ask(ctx, s.endpoint.Peer(addr))
			return hub.ID, err
		},
		Peer:     s.endpoint.Peer,
		Keep:     func(p pairing.Pairing, at netip.AddrPort) error { return s.keys.OfferAt(p, at.String()) },
		Observer: pairObserver{s},
		Logger:   s.cfg.Logger,
	})
}

// pairingName is name as a hub takes it.
func pairingName(name string) string {
	if len(name) > pairing.MaxName {
		name = strings.ToValidUTF8(name[:pairing.MaxName], "")
	}
	return name
}

// newRotation takes new keys from the hub that the satellite is connected to, over the
// connection that the present key secures.
func (s *Satellite) newRotation() (*pairing.Rotation, error) {
	return pairing.NewRotation(pairing.RotationConfig{
		Pairing: s.securedBy,
		Offer: func(p pairing.Pairing) error {
			if err := s.keys.Offer(p); err != nil {
				return err
			}
			s.cfg.Logger.Info("the hub has changed the key", "hub", p.HubID)
			s.happen(func() { s.rekey.Reset(rekeyAfter) })
			return nil
		},
		Logger: s.cfg.Logger,
	})
}

// securedBy is the pairing whose key secures the connection to peer, if that is the hub
// that took the satellite.
func (s *Satellite) securedBy(peer coap.Peer) (pairing.Pairing, bool) {
	hub, err := s.client.Hub()
	if err != nil || hub.ID() != peer.ID() || !peer.Verified() {
		return pairing.Pairing{}, false
	}
	for _, p := range s.keys.Of(s.link.Status().Hub.ID) {
		if p.Identity() == peer.Identity() {
			return p, true
		}
	}
	return pairing.Pairing{}, false
}

// useNewKey shakes hands anew, so that the key of before is void; not while somebody
// speaks, or it does.
func (s *Satellite) useNewKey() {
	if s.state.Turn != TurnIdle || s.state.Announcing {
		s.rekey.Reset(rekeyAfter)
		return
	}
	if st := s.link.Status(); st.State == link.Up {
		s.link.Prefer(st.Hub)
	}
}

// pairObserver tells the owner of the state how a pairing goes.
type pairObserver struct{ *Satellite }

func (o pairObserver) Compare(n uint32, hub pair.Hub, code pairing.Code) {
	o.pairing.Store(&pairReport{hub: cmp.Or(hub.Name, hub.Addr.String())})
	o.happen(PairShows{n, PairCode{Digits: code.Digits(), Colours: code.Colours()}})
}

func (o pairObserver) Ended(n uint32, hub pair.Hub, err error) {
	o.pairing.Store(&pairReport{hub: cmp.Or(hub.Name, hub.ID), err: err})
	o.happen(PairEnded{n, err == nil})
	if err != nil {
		o.cfg.Logger.Warn("not paired", "error", err)
		return
	}
	o.cfg.Logger.Info("paired", "hub", hub.Name, "id", hub.ID, "address", hub.Addr)
	o.link.Prefer(link.Hub{ID: hub.ID, Name: hub.Name, Addr: hub.Addr})
}

// carryOutPairing begins what a command of pairing says.
func (s *Satellite) carryOutPairing(c Command) {
	switch c := c.(type) {
	case StartPairing:
		s.pairing.Store(new(pairReport))
		s.pairs.Start(pair.Order{N: c.N, Code: c.Order.Code, HubID: c.Order.HubID, Address: c.Order.Address})
	case AgreePairing:
		s.pairs.Agree()
	case CancelPairing:
		s.pairing.Store(&pairReport{err: errCancelled})
		s.pairs.Cancel()
	case ShowPaired:
		s.pairShown.Reset(pairedShown)
	case Reset:
		s.end(ErrReset)
	}
}

var errCancelled = errors.New("satellite: the pairing was cancelled at the satellite")

// forget makes the satellite one that nobody has used yet, but for its id and for the
// mute bits: a reset opens no microphone.
func (s *Satellite) forget() error {
	first := settings{Volume: s.cfg.Volume.clamp(), KeyMuted: s.state.KeyMuted, NetMuted: s.state.NetMuted}
	return errors.Join(s.timers.CancelAll(), s.keys.Clear(), s.cfg.Tokens.Save(nil), first.save(s.cfg.Settings))
}

// Import takes the key of a file over: the satellite goes to that hub from now on, under
// the id that the file gives it.
func (s *Satellite) Import(f pairing.KeyFile) error {
	if skill, ok := pairing.SplitSkill(f.Pairing.ID); ok {
		return fmt.Errorf("satellite: the key file is for the skill %s: 'vapd skill pair --key FILE' takes it", skill)
	}
	if err := s.keys.OfferAt(f.Pairing, f.Address); err != nil {
		return fmt.Errorf("satellite: the key of hub %s: %w", f.Pairing.HubID, err)
	}
	if at, err := netip.ParseAddrPort(f.Address); err == nil {
		s.link.Prefer(link.Hub{ID: f.Pairing.HubID, Name: f.Pairing.HubName, Addr: at})
	} else {
		s.link.Check()
	}
	return nil
}

// unpair forgets a hub, by its id or its name, and leaves it; "" is the only one.
func (s *Satellite) unpair(name string) (keyring.Hub, error) {
	var found []keyring.Hub
	for _, h := range s.keys.Hubs() {
		if name == "" || name == h.ID || name == h.Name {
			found = append(found, h)
		}
	}
	switch {
	case len(found) == 0 && name == "":
		return keyring.Hub{}, errors.New("satellite: it is paired with no hub")
	case len(found) == 0:
		return keyring.Hub{}, fmt.Errorf("satellite: it is not paired with a hub %q: 'vapd satellite status' lists them", name)
	case len(found) > 1:
		return keyring.Hub{}, fmt.Errorf("satellite: %d hubs fit: name one by its id, as 'vapd satellite status' lists them", len(found))
	}
	_, err := s.keys.Forget(found[0].ID)
	return found[0], errors.Join(err, s.link.Forget(found[0].ID))
}
