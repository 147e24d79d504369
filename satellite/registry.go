package satellite

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"

	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/discovery"
	"vapd/protocol/dtls"
	"vapd/protocol/vap"
	"vapd/satellite/keyring"
	"vapd/satellite/link"
)

// registry is the client registry as the link sees it.
type registry struct {
	client   *clientregistry.Client
	endpoint *coap.Endpoint
	dtls     *dtls.Transport
	keys     *keyring.Keyring
}

// Identify implements link.Registry.
func (r registry) Identify(ctx context.Context, addr netip.AddrPort) (link.Hub, error) {
	hub, err := discovery.Ask(ctx, r.endpoint.Peer(addr))
	return link.Hub{ID: hub.ID, Secured: hub.Secured}, err
}

// Connect implements link.Registry.
func (r registry) Connect(ctx context.Context, hub link.Hub, token string) (vap.Connected, error) {
	if !r.keys.Paired(hub.ID) {
		return r.client.Connect(ctx, r.endpoint.Peer(hub.Addr), token)
	}
	peer, err := r.associate(ctx, hub)
	if err != nil {
		return vap.Connected{}, err
	}
	answer, err := r.client.Connect(ctx, peer, token)
	answer.HubID = "" // the key says which hub it is
	return answer, err
}

// associate shakes hands with a hub that the satellite is paired with. Nobody else can.
func (r registry) associate(ctx context.Context, hub link.Hub) (coap.Peer, error) {
	addr := netip.AddrPortFrom(hub.Addr.Addr(), cmp.Or(hub.Secured, dtls.DefaultPort))
	var errs error
	for _, p := range r.keys.Of(hub.ID) {
		a, err := r.dtls.Associate(ctx, addr, dtls.Credentials{Identity: p.Identity(), Key: p.Key[:]})
		if err == nil {
			// A key that worked and can't be kept alone works the next time as well.
			return r.endpoint.Secured(a, addr), r.keys.Worked(p)
		}
		errs = errors.Join(errs, err)
	}
	if errors.Is(errs, dtls.ErrRefused) {
		return nil, fmt.Errorf("%w: %w", link.ErrKey, errs)
	}
	return nil, errs
}

// Ping implements link.Registry.
func (r registry) Ping(ctx context.Context) error { return r.client.Ping(ctx) }

// plain says whether the satellite may go to addr without encryption.
func (s *Satellite) plain(addr netip.Addr) bool { return s.cfg.Unencrypted || s.cfg.Local(addr) }
