package satellite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/discovery"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
	"vapd/protocol/pairing/keyring"
	"vapd/protocol/vap"
	"vapd/satellite/link"
)

// registry is the client registry as the link sees it.
// Its methods are called by the link, one at a time.
type registry struct {
	client   *clientregistry.Client
	endpoint *coap.Endpoint
	dtls     *dtls.Transport
	keys     *keyring.Keyring
	failed   map[string]int // tries in a row without an association, by hub id
	logger   *slog.Logger
}

// Identify implements link.Registry.
func (r *registry) Identify(ctx context.Context, addr netip.AddrPort) (link.Hub, error) {
	hub, err := discovery.Ask(ctx, r.endpoint.Peer(addr))
	return link.Hub{ID: hub.ID, Secured: hub.Secured}, err
}

// Connect implements link.Registry.
func (r *registry) Connect(ctx context.Context, hub link.Hub, token string) (vap.Connected, error) {
	if !r.keys.Paired(hub.ID) {
		return r.client.Connect(ctx, r.endpoint.Peer(hub.Addr), token)
	}
	peer, as, err := r.associate(ctx, hub)
	if err != nil {
		r.failed[hub.ID]++
		return vap.Connected{}, err
	}
	delete(r.failed, hub.ID)
	answer, err := r.client.ConnectAs(ctx, peer, as, token)
	answer.HubID = "" // the key says which hub it is
	return answer, err
}

// Times for one key.
const (
	// keyWait is for the only one, or the last: a hub that refuses it takes 5 s to say so.
	keyWait = 8 * time.Second
	// otherWait is for one after which there is another: a hub that has it finishes within
	// two repetitions.
	otherWait = 2 * time.Second
)

// associate shakes hands with a hub that the satellite is paired with. Nobody else can. as
// is the satellite's id there.
//
// Of two keys the newer one is tried first, and the other one soon after it: which of them
// the hub has is not known after a crash, and people wait.
func (r *registry) associate(ctx context.Context, hub link.Hub) (peer coap.Peer, as string, err error) {
	addr := netip.AddrPortFrom(hub.Addr.Addr(), cmp.Or(hub.Secured, dtls.DefaultPort))
	pairings := r.keys.Of(hub.ID)
	if len(pairings) == 0 {
		return nil, "", link.ErrUnpaired // for a moment
	}
	var silent *pairing.Pairing // tried without an answer
	for i := range pairings {
		p := pairings[(i+r.failed[hub.ID])%len(pairings)]
		wait := otherWait
		if i == len(pairings)-1 {
			wait = keyWait
		}
		if peer, err = r.associate1(ctx, addr, p, wait); err == nil {
			return peer, p.ID, nil
		}
		if !errors.Is(err, dtls.ErrRefused) {
			silent = &p
		}
	}
	if errors.Is(err, dtls.ErrRefused) && silent != nil {
		// The hub is there, and does not have the last one: the other one had bad luck.
		if peer, err = r.associate1(ctx, addr, *silent, keyWait); err == nil {
			return peer, silent.ID, nil
		}
	}
	if errors.Is(err, dtls.ErrRefused) {
		err = fmt.Errorf("%w: %w", link.ErrKey, err)
	}
	return nil, "", err
}

// associate1 tries one key.
func (r *registry) associate1(ctx context.Context, addr netip.AddrPort, p pairing.Pairing, wait time.Duration) (coap.Peer, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	a, err := r.dtls.Associate(ctx, addr, dtls.Credentials{Identity: p.Identity(), Key: p.Key[:]})
	if err != nil {
		return nil, err
	}
	if err := r.keys.Worked(p); err != nil {
		r.logger.Error("that a key works is not noted: both are tried again", "hub", p.HubID, "error", err)
	}
	return r.endpoint.Secured(a, addr), nil
}

// Ping implements link.Registry.
func (r *registry) Ping(ctx context.Context) error { return r.client.Ping(ctx) }

// plain says whether the satellite may go to addr without encryption.
func (s *Satellite) plain(addr netip.Addr) bool { return s.cfg.Unencrypted || s.cfg.Local(addr) }
