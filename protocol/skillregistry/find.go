package skillregistry

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"vapd/protocol/coap"
)

// searchWait is how long a search waits for the first hub.
const searchWait = 10 * time.Second

var errNoHub = errors.New("skillregistry: no hub answers on this network: say its address")

// At is a ClientConfig.Find for a hub whose address is known.
func At(e *coap.Endpoint, hub netip.AddrPort) func(context.Context) (coap.Peer, error) {
	return func(context.Context) (coap.Peer, error) { return e.Peer(hub), nil }
}

// Search is a ClientConfig.Find that asks all CoAP nodes on the interfaces, or on all that
// can be used, and takes the first hub that answers. Whoever answers is shown the skill's
// token: on a network where that matters, use an address and DTLS.
func Search(e *coap.Endpoint, interfaces ...string) func(context.Context) (coap.Peer, error) {
	return func(ctx context.Context) (coap.Peer, error) {
		ctx, cancel := context.WithTimeout(ctx, searchWait)
		defer cancel()
		var hub coap.Peer
		err := e.Discover(ctx, interfaces, "rt="+resourceType, func(f coap.Found) bool {
			hub = f.Peer
			return false
		})
		if err == nil && hub == nil {
			err = errNoHub
		}
		if err != nil {
			return nil, fmt.Errorf("searching for a hub: %w", err)
		}
		return hub, nil
	}
}
