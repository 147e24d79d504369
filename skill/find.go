package skill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/discovery"
	"vapd/protocol/pairing/keyring"
)

const (
	// port is that of a hub whose address has none.
	port = "5683"
	// localWait is how long the hub of this machine may take to answer from memory, askWait
	// one elsewhere, and searchTime that of all that are in the network.
	localWait  = time.Second
	askWait    = 2 * time.Second
	searchTime = 3 * time.Second
	// maxAsked bounds the addresses of one search that are asked who they are.
	maxAsked = 32
)

// errNoHub is for a network in which no hub is found.
var errNoHub = errors.New("skill: no hub answers on this machine or in this network: is it running? (or say where it is: VAP_HUB=HOST)")

// finder finds the hub.
type finder struct {
	address string // host and port, or host, that somebody named; "" looks for it
	end     *coap.Endpoint
}

// choose finds the hub to go to, whose ID is empty when it does not say who it is.
func (f finder) choose(ctx context.Context, keys *keyring.Keyring) (discovery.Candidate, error) {
	if f.address != "" {
		return f.first(ctx, hostPort(f.address))
	}
	local, cancel := context.WithTimeout(ctx, localWait)
	defer cancel()
	hub, err := f.ask(local, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 5683))
	if err == nil && (keys.Empty() || keys.Paired(hub.ID)) {
		return hub, nil
	}
	all, err := f.search(ctx, keys)
	if err != nil && len(all) == 0 {
		return discovery.Candidate{}, fmt.Errorf("%w: %w", errNoHub, err)
	}
	return only(all, keys)
}

// hostPort is a host and port as VAP_HUB may have them.
func hostPort(address string) string {
	host, bracketed := strings.CutSuffix(strings.TrimPrefix(address, "["), "]")
	_, err := netip.ParseAddr(address)
	if err != nil && !bracketed && strings.Contains(address, ":") {
		return address
	}
	return net.JoinHostPort(host, port)
}

// first is the hub that answers at one of the addresses of a host.
func (f finder) first(ctx context.Context, address string) (hub discovery.Candidate, err error) {
	err = fmt.Errorf("skill: %s has no address", address)
	looked := discovery.Configured(address, net.DefaultResolver)(ctx, func(c discovery.Candidate) {
		if err == nil || ctx.Err() != nil {
			return
		}
		asked, cancel := context.WithTimeout(ctx, askWait)
		defer cancel()
		if hub, err = f.ask(asked, c.Addr); err != nil {
			err = fmt.Errorf("skill: no hub answers at %s: %w", address, err)
		}
	})
	return hub, cmp.Or(looked, err)
}

func (f finder) ask(ctx context.Context, addr netip.AddrPort) (discovery.Candidate, error) {
	return discovery.Ask(ctx, f.end.Peer(addr))
}

// search finds the hubs of the network, once each, until one is there of which there is a
// key: others may then be as they like.
func (f finder) search(ctx context.Context, keys *keyring.Keyring) (all []discovery.Candidate, err error) {
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	finders := []discovery.Finder{discovery.Skills.Multicast(f.end), discovery.Skills.DNSSD()}
	for _, h := range keys.Hubs() {
		if h.Address != "" {
			finders = append(finders, discovery.Configured(h.Address, net.DefaultResolver))
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	asked := make(map[netip.AddrPort]bool)
	err = discovery.All(finders...)(ctx, func(c discovery.Candidate) {
		if asked[c.Addr] || len(asked) >= maxAsked {
			return
		}
		asked[c.Addr] = true
		wg.Go(func() {
			hub, err := f.ask(ctx, c.Addr)
			if err != nil {
				return
			}
			hub.Name = cmp.Or(hub.Name, c.Name)
			mu.Lock()
			defer mu.Unlock()
			if !slices.ContainsFunc(all, func(h discovery.Candidate) bool { return hubKey(h) == hubKey(hub) }) {
				all = append(all, hub)
			}
			if keys.Paired(hub.ID) {
				cancel()
			}
		})
	})
	wg.Wait()
	return all, err
}

// hubKey tells hubs apart; one that has no id is known by its address.
func hubKey(h discovery.Candidate) string { return cmp.Or(h.ID, h.Addr.String()) }

// only is the hub of those that were found to which the skill goes.
func only(all []discovery.Candidate, keys *keyring.Keyring) (discovery.Candidate, error) {
	mine := all
	if !keys.Empty() {
		mine = slices.DeleteFunc(slices.Clone(all), func(h discovery.Candidate) bool { return !keys.Paired(h.ID) })
	}
	switch {
	case len(mine) == 1:
		return mine[0], nil
	case len(all) == 0:
		return discovery.Candidate{}, errNoHub
	case len(mine) == 0:
		return discovery.Candidate{}, fmt.Errorf("skill: the hub that it is paired with does not answer, only %s: name another with VAP_HUB=HOST, after 'vapd skill unpair' or pairing with it", names(all))
	}
	return discovery.Candidate{}, fmt.Errorf("skill: there are several hubs, %s: say which, with VAP_HUB=HOST", names(mine))
}

// names are those of hubs, and where they are.
func names(all []discovery.Candidate) string {
	words := make([]string, len(all))
	for i, h := range all {
		words[i] = fmt.Sprintf("%q at %v", cmp.Or(h.Name, h.ID), h.Addr)
	}
	slices.Sort(words)
	return strings.Join(words, ", ")
}
