package coap

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// membership is a group on one interface.
type membership struct {
	group  netip.Addr // with the zone, if its scope is the link
	iface  net.Interface
	source netip.Addr // of what is sent to an IPv4 group: by itself the system takes no loopback address
}

// reachable lists the groups on the interfaces that a socket bound to local reaches,
// on the named ones if any are: interfaces that are up and do multicast, and the
// loopback, which lacks the flag but does it.
func reachable(local netip.Addr, names []string) ([]membership, error) {
	ifaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("coap: list the interfaces: %w", err)
	}
	var found []membership
	for _, i := range ifaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&(net.FlagMulticast|net.FlagLoopback) == 0 {
			continue
		}
		if len(names) > 0 && !slices.Contains(names, i.Name) {
			continue
		}
		found = append(found, memberships(i, local)...)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("coap: no interface that is up, does multicast and is reached from %v (asked for: %v)", local, names)
	}
	return found, nil
}

// memberships are the groups of an interface for a socket bound to local.
func memberships(i net.Interface, local netip.Addr) []membership {
	addrs, err := i.Addrs()
	if err != nil {
		return nil
	}
	var v4 netip.Addr
	v6 := false
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		addr := prefix.Addr()
		if !local.IsUnspecified() && addr != local.WithZone("") {
			continue
		}
		switch {
		case addr.Is4() && !v4.IsValid():
			v4 = addr
		case addr.Is6():
			v6 = true
		}
	}
	var found []membership
	if v4.IsValid() && (local.Is4() || local.IsUnspecified()) {
		found = append(found, membership{groupIPv4, i, v4})
	}
	if v6 && local.Is6() {
		found = append(found,
			membership{group: groupIPv6Link.WithZone(i.Name), iface: i},
			membership{group: groupIPv6Site, iface: i})
	}
	return found
}
