package discovery

import (
	"context"

	"vapd/protocol/coap"
)

// registryQuery asks for the client registry (RFC 6690 section 4.1).
const registryQuery = "rt=vap-client-registry"

// Searcher asks all CoAP nodes for links; a *coap.Endpoint does.
type Searcher interface {
	Discover(ctx context.Context, interfaces []string, query string, found func(coap.Found) bool) error
}

// Multicast finds hubs that answer CoAP multicast on the named interfaces, or on all
// usable ones (RFC 7252 section 8). A hub's name is the title of its link.
func Multicast(s Searcher, interfaces ...string) Finder {
	return func(ctx context.Context, found func(Candidate)) error {
		return s.Discover(ctx, interfaces, registryQuery, func(f coap.Found) bool {
			for _, l := range f.Links {
				if l.Has("rt", "vap-client-registry") {
					name, _ := l.Get("title")
					found(Candidate{Name: name, Addr: f.Peer.Addr()})
					break
				}
			}
			return true
		})
	}
}
