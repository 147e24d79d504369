package discovery

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
)

// Resolver looks host names up, as net.Resolver does.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Configured finds the hub at hostPort ("hub.lan:5683", "192.168.1.2:5683",
// "[fe80::1%eth0]:5683") under that name: every address of the host, IPv4 first.
func Configured(hostPort string, resolver Resolver) Finder {
	return func(ctx context.Context, found func(Candidate)) error {
		host, service, err := net.SplitHostPort(hostPort)
		if err != nil {
			return fmt.Errorf("discovery: hub address %q: want HOST:PORT: %w", hostPort, err)
		}
		port, err := strconv.ParseUint(service, 10, 16)
		if err != nil {
			return fmt.Errorf("discovery: hub address %q: the port must be a number up to 65535", hostPort)
		}
		addrs, err := lookup(ctx, resolver, host)
		if err != nil {
			return fmt.Errorf("discovery: hub address %q: %w", hostPort, err)
		}
		for _, a := range addrs {
			found(Candidate{Name: hostPort, Addr: netip.AddrPortFrom(a, uint16(port))})
		}
		return nil
	}
}

func lookup(ctx context.Context, resolver Resolver, host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	addrs, err := resolver.LookupNetIP(ctx, "ip", host)
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return addrs, err
}
