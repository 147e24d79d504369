package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/grandcat/zeroconf"
)

const domain = "local."

// A search asks anew after firstRound, then after twice that, up to longestRound: a
// lost question is asked again soon, an interface that came up is used, and zeroconf,
// which tells of each hub once, tells what the first answer left out.
const (
	firstRound   = time.Second
	longestRound = 8 * time.Second
)

// ErrNoInterface says that no network interface can be used.
var ErrNoInterface = errors.New("discovery: no network interface is up that does multicast")

// DNSSD finds hubs with the registry by multicast DNS (RFC 6762, 6763) on the named interfaces, or on all
// that are up and do multicast. Of a hub it tells IPv4 addresses first; a link-local
// IPv6 address, with its zone, only when the hub has no other.
func (r Registry) DNSSD(interfaces ...string) Finder {
	return func(ctx context.Context, found func(Candidate)) error {
		once := newOnce(found)
		for wait := firstRound; ; wait = min(2*wait, longestRound) {
			err := r.round(ctx, wait, interfaces, once.tell)
			if ctx.Err() != nil {
				return err
			}
		}
	}
}

// round searches for the given time, for both names and over IPv4 and IPv6, with fresh
// sockets.
func (r Registry) round(ctx context.Context, wait time.Duration, names []string, found func(Candidate)) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	interfaces, err := usable(names)
	if err != nil {
		<-ctx.Done()
		return err
	}
	s := &scan{interfaces: interfaces, found: found, reachable: make(map[string]bool)}
	var wg sync.WaitGroup
	var failed [4]error
	for i := range failed {
		name := r.services()[i/2]
		traffic := []zeroconf.IPType{zeroconf.IPv4, zeroconf.IPv6}[i%2]
		wg.Go(func() { failed[i] = s.browse(ctx, name, traffic) })
	}
	wg.Wait()
	s.tellLinkLocal()
	<-ctx.Done()
	if slices.Contains(failed[:], nil) {
		return nil // a machine without IPv6, say
	}
	return fmt.Errorf("discovery: DNS-SD: %w", errors.Join(failed[:]...))
}

// usable lists the interfaces of those names, or all, that are up and do multicast.
func usable(names []string) ([]net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("discovery: listing network interfaces: %w", err)
	}
	const want = net.FlagUp | net.FlagMulticast
	all = slices.DeleteFunc(all, func(i net.Interface) bool {
		return i.Flags&want != want || (len(names) > 0 && !slices.Contains(names, i.Name))
	})
	if len(all) == 0 && len(names) > 0 {
		return nil, fmt.Errorf("%w: of %s", ErrNoInterface, strings.Join(names, ", "))
	}
	if len(all) == 0 {
		return nil, ErrNoInterface
	}
	return all, nil
}

// scan is what one round knows.
type scan struct {
	interfaces []net.Interface
	found      func(Candidate)

	mu        sync.Mutex
	reachable map[string]bool // names with an address that needs no zone
	linkLocal []Candidate
}

// browse asks for one service over IPv4 or IPv6 until ctx ends. It joins zeroconf's
// goroutines but those that read a closed socket.
func (s *scan) browse(ctx context.Context, name string, traffic zeroconf.IPType) error {
	resolver, err := zeroconf.NewResolver(zeroconf.SelectIfaces(s.interfaces), zeroconf.SelectIPTraffic(traffic))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	entries := make(chan *zeroconf.ServiceEntry)
	// zeroconf closes entries when ctx ends or Browse fails, and waits for its reader.
	err = resolver.Browse(ctx, name, domain, entries)
	for e := range entries {
		s.entry(e)
	}
	return err
}

// entry tells of the addresses of e that can be reached without a zone, and remembers
// the others.
func (s *scan) entry(e *zeroconf.ServiceEntry) {
	if e.Port <= 0 || e.Port > 65535 {
		return
	}
	c := Candidate{
		ID: text(e.Text, "id"), Name: unescape(e.Instance), Version: text(e.Text, "vapVersion"),
		Secured: parsePort(text(e.Text, "coaps")),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range addresses(e) {
		c.Addr = netip.AddrPortFrom(a, uint16(e.Port))
		if !a.IsLinkLocalUnicast() || a.Is4() {
			s.reachable[c.Name] = true
			s.found(c)
		} else if len(s.linkLocal) < maxCandidates {
			s.linkLocal = append(s.linkLocal, c)
		}
	}
}

// maxAddresses bounds the addresses of one hub that are tried.
const maxAddresses = 8

// addresses are those of e that a hub can have, IPv4 first.
func addresses(e *zeroconf.ServiceEntry) []netip.Addr {
	var addrs []netip.Addr
	for _, ip := range slices.Concat(e.AddrIPv4, e.AddrIPv6) {
		a, ok := netip.AddrFromSlice(ip)
		a = a.Unmap()
		if !ok || a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() || slices.Contains(addrs, a) {
			continue
		}
		addrs = append(addrs, a)
	}
	return addrs[:min(len(addrs), maxAddresses)]
}

// tellLinkLocal tells of hubs that have nothing but link-local IPv6 addresses. DNS-SD
// does not say on which interface the answer came, so each may be the zone.
func (s *scan) tellLinkLocal() {
	for _, c := range s.linkLocal {
		if s.reachable[c.Name] {
			continue
		}
		for _, i := range s.interfaces {
			zoned := c
			zoned.Addr = netip.AddrPortFrom(c.Addr.Addr().WithZone(i.Name), c.Addr.Port())
			s.found(zoned)
		}
	}
}

// parsePort is a port as hubs write it, or 0.
func parsePort(s string) uint16 {
	port, err := strconv.ParseUint(s, 10, 16)
	if err != nil {
		return 0
	}
	return uint16(port)
}

// text is the value of a key of a TXT record (RFC 6763 section 6.4: whatever its case).
func text(record []string, key string) string {
	for _, pair := range record {
		if k, v, _ := strings.Cut(pair, "="); strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}
