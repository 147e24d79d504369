package discovery

import (
	"context"
	"fmt"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

// Searcher asks all CoAP nodes for links; a *coap.Endpoint does.
type Searcher interface {
	Discover(ctx context.Context, interfaces []string, query string, found func(coap.Found) bool) error
}

// Multicast finds hubs with the registry that answer CoAP multicast on the named interfaces, or on all
// usable ones (RFC 7252 section 8).
func (r Registry) Multicast(s Searcher, interfaces ...string) Finder {
	return func(ctx context.Context, found func(Candidate)) error {
		return s.Discover(ctx, interfaces, r.query(), func(f coap.Found) bool {
			if c, ok := r.fromLinks(f.Peer, f.Links); ok {
				found(c)
			}
			return true
		})
	}
}

// Ask asks the one hub at peer who it is. A peer that answers anything else than the
// link of a client registry, which says who a hub is, has neither ID nor Name; an error
// says that it does not answer.
func Ask(ctx context.Context, peer coap.Peer) (Candidate, error) {
	r, err := peer.Do(ctx, &coap.Request{Code: codes.GET, Path: ".well-known/core", Query: []string{Clients.query()}})
	if err != nil {
		return Candidate{}, fmt.Errorf("discovery: asking who it is: %w", err)
	}
	links, _ := coap.ParseLinks(r.Body) // a refusal has none
	c, _ := Clients.fromLinks(peer, links)
	return c, nil
}

// fromLinks is the hub whose registry is among links: its name is the link's title, its id
// our attribute hubId, its port for DTLS our attribute coaps. Only the link of a client
// registry has them.
func (r Registry) fromLinks(peer coap.Peer, links []coap.Link) (c Candidate, ok bool) {
	c.Addr = peer.Addr()
	for _, l := range links {
		if l.Has("rt", r.resource()) {
			c.Name, _ = l.Get("title")
			c.ID, _ = l.Get("hubId")
			port, _ := l.Get("coaps")
			c.Secured = parsePort(port)
			return c, true
		}
	}
	return c, false
}
