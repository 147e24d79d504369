package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"vapd/internal/doctor"
	"vapd/protocol/coap"
	"vapd/protocol/discovery"
)

// Network is how a check reaches hubs: a *coap.Endpoint of its own.
type Network interface {
	discovery.Searcher
	Peer(addr netip.AddrPort) coap.Peer
	Ping(ctx context.Context, peer coap.Peer) error
}

// Search looks for hubs, once for all checks that need them.
type Search struct {
	Network Network
	// DNSSD finds hubs by multicast DNS; default discovery.DNSSD().
	DNSSD discovery.Finder
	// Configured finds the hub of the setting hub, and then no other is looked for; nil
	// when there is none.
	Configured discovery.Finder
	// Known are addresses where a hub was: of the link that is up, or of pairings.
	Known []netip.AddrPort
	// Longest is for how long each way is searched; default 4 s, as mDNS asks again after
	// 1 and 3 s.
	Longest time.Duration

	once  sync.Once
	found found
}

// found is what a search found.
type found struct {
	dnssd, multicast, unicast []discovery.Candidate
	noInterface               bool
	silent                    []netip.AddrPort // asked, and did not answer
	unresolved                error            // of Configured
}

const (
	others  = time.Second // after the first hub, for others
	askTime = 2 * time.Second
)

// look searches at the first call.
func (s *Search) look(ctx context.Context) *found {
	s.once.Do(func() {
		if s.DNSSD == nil {
			s.DNSSD = discovery.Clients.DNSSD()
		}
		search, cancel := context.WithTimeout(ctx, cmp.Or(s.Longest, 4*time.Second))
		defer cancel()
		asked := slices.Clone(s.Known)
		if s.Configured != nil {
			var all []discovery.Candidate
			all, s.found.unresolved = collect(search, s.Configured)
			for _, c := range all {
				asked = append(asked, c.Addr)
			}
		} else {
			s.found.everywhere(search, s.DNSSD, discovery.Clients.Multicast(s.Network))
			for _, c := range slices.Concat(s.found.dnssd, s.found.multicast) {
				asked = append(asked, c.Addr)
			}
		}
		s.ask(ctx, asked)
	})
	return &s.found
}

// everywhere searches both ways at the same time.
func (f *found) everywhere(ctx context.Context, dnssd, multicast discovery.Finder) {
	var wg sync.WaitGroup
	var err error
	wg.Go(func() { f.dnssd, err = collect(ctx, dnssd) })
	wg.Go(func() { f.multicast, _ = collect(ctx, multicast) }) // as err
	wg.Wait()
	f.noInterface = errors.Is(err, discovery.ErrNoInterface)
}

// collect is what a finder finds until ctx ends, or soon after the first; more than a house
// has is a flood.
func collect(ctx context.Context, find discovery.Finder) (all []discovery.Candidate, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	err = find(ctx, func(c discovery.Candidate) {
		if len(all) == 0 {
			time.AfterFunc(others, cancel)
		}
		if len(all) < 64 && !slices.Contains(all, c) {
			all = append(all, c)
		}
	})
	return all, err
}

// ask asks each address who it is, at the same time.
func (s *Search) ask(ctx context.Context, addrs []netip.AddrPort) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	slices.SortFunc(addrs, netip.AddrPort.Compare)
	for _, a := range slices.Compact(addrs) {
		wg.Go(func() {
			c, err := discovery.Ask(ctx, s.Network.Peer(a))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				s.found.silent = append(s.found.silent, a)
				return
			}
			c.Addr = a
			s.found.unicast = append(s.found.unicast, c)
		})
	}
	wg.Wait()
}

// hub is one that answers, the one of Known or the setting first.
func (f *found) hub(known []netip.AddrPort) (discovery.Candidate, bool) {
	for _, c := range f.unicast {
		if slices.Contains(known, c.Addr) {
			return c, true
		}
	}
	if len(f.unicast) > 0 {
		return f.unicast[0], true
	}
	return discovery.Candidate{}, false
}

// Discovery checks that hubs are found.
type Discovery struct{ Search *Search }

// Name implements doctor.Check.
func (Discovery) Name() string { return "discovery" }

// Run implements doctor.Check.
func (d Discovery) Run(ctx context.Context) doctor.Finding {
	f := d.Search.look(ctx)
	hub, answers := f.hub(d.Search.Known)
	switch {
	case f.unresolved != nil:
		return doctor.Finding{State: doctor.Bad, What: f.unresolved.Error(), Remedy: "set hub to the hub's address, as in \"192.168.1.2:5683\", or leave it out to have it found"}
	case f.noInterface && !answers:
		return doctor.Finding{State: doctor.Bad, What: "no network interface is up", Remedy: "connect the machine: 'ip link', 'nmcli device'"}
	case len(f.unicast)+len(f.silent) == 0:
		return doctor.Finding{
			State: doctor.Bad, What: "no hub is found: neither mDNS nor CoAP multicast is answered",
			Remedy: "start the hub in the same network ('systemctl start vapd-hub'); if it runs, the network holds multicast back (guest network, 'AP isolation'): set hub = \"ADDRESS:5683\"",
		}
	case !answers:
		return doctor.Finding{
			State: doctor.Bad, What: fmt.Sprintf("the hub at %s does not answer", words(f.silent)),
			Remedy: "see that it runs ('vapd hub status' there), and that no firewall holds back UDP 5683 and 5684",
		}
	case len(f.dnssd)+len(f.multicast) > 0:
		return doctor.Finding{State: doctor.OK, What: fmt.Sprintf("hub %s at %v, by %s", printable(hub.Name), hub.Addr, f.ways())}
	case d.Search.Configured != nil, hub.Addr.Addr().IsLoopback():
		return doctor.Finding{State: doctor.OK, What: fmt.Sprintf("hub %s at %v, as configured", printable(hub.Name), hub.Addr)}
	}
	return doctor.Finding{
		State: doctor.Warn, What: fmt.Sprintf("multicast is blocked: hub %s answers at %v, but neither mDNS nor CoAP multicast reaches it", printable(hub.Name), hub.Addr),
		Remedy: fmt.Sprintf("let the access point pass multicast ('AP isolation' off, 'IGMP snooping' off), or set hub = \"%v\"", hub.Addr),
	}
}

func (f *found) ways() string {
	var ways []string
	if len(f.dnssd) > 0 {
		ways = append(ways, "mDNS")
	}
	if len(f.multicast) > 0 {
		ways = append(ways, "CoAP multicast")
	}
	return strings.Join(ways, " and ")
}

func words(addrs []netip.AddrPort) string {
	all := make([]string, len(addrs))
	for i, a := range addrs {
		all[i] = a.String()
	}
	return strings.Join(all, ", ")
}

// printable is a name from the network, with quotes where it needs them.
func printable(name string) string {
	if name == "" {
		return "without a name"
	}
	return fmt.Sprintf("%q", name)
}
