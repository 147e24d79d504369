package discovery

import (
	"context"
	"errors"
	"net/netip"
	"sync"
)

// Candidate is a hub that may be there.
type Candidate struct {
	// ID is which hub it is, whatever its name and address, or "" when it did not say.
	ID string
	// Name is what the hub calls itself, or "" when it did not say.
	Name string
	// Addr is where it may be reached; an IPv6 link-local address has its zone.
	Addr netip.AddrPort
	// Secured is the port at the same address for CoAP over DTLS, or 0 when the hub
	// named none.
	Secured uint16
	// Version is the VAP version that the hub announced, or "".
	Version string
}

// Finder looks for hubs until ctx ends, or until it has looked everywhere. It calls
// found for each as it is found, from one goroutine at a time; found may be told of one
// hub more than once. An error says why it could not look at all.
type Finder func(ctx context.Context, found func(Candidate)) error

// maxCandidates bounds what one search tells of: more is a flood.
const maxCandidates = 256

// All looks with every finder at the same time and tells of each name and address
// once. The error is that of the finders that could not look.
func All(finders ...Finder) Finder {
	return func(ctx context.Context, found func(Candidate)) error {
		once := newOnce(found)
		errs := make([]error, len(finders))
		var wg sync.WaitGroup
		for i, find := range finders {
			wg.Go(func() { errs[i] = find(ctx, once.tell) })
		}
		wg.Wait()
		return errors.Join(errs...)
	}
}

// once tells of each hub once, from one goroutine at a time.
type once struct {
	mu    sync.Mutex
	told  map[Candidate]bool
	found func(Candidate)
}

func newOnce(found func(Candidate)) *once {
	return &once{told: make(map[Candidate]bool), found: found}
}

func (o *once) tell(c Candidate) {
	o.mu.Lock()
	defer o.mu.Unlock()
	key := Candidate{Name: c.Name, Addr: c.Addr}
	if o.told[key] || len(o.told) >= maxCandidates {
		return
	}
	o.told[key] = true
	o.found(c)
}
