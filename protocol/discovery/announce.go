package discovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/grandcat/zeroconf"
)

// Announcement is a hub as DNS-SD shows it.
type Announcement struct {
	ID   string // for the TXT record
	Name string // at most 63 bytes
	// Addr is the hub's socket. Only addresses that it serves are announced: of an
	// unspecified one those of its family, of "::" those of both.
	Addr    netip.AddrPort
	Version string // VAP's, for the TXT record
	Secured uint16 // port for CoAP over DTLS, for the TXT record; 0: none
	// Registries are those that the hub has.
	Registries []Registry
	// Interfaces names those on which it is announced; none is all that are up and do
	// multicast.
	Interfaces []string
	Logger     *slog.Logger
}

// lookEvery is how often the addresses of the machine are looked at. A hub starts
// before the network has given it an address, and gets another after a router's
// restart.
const lookEvery = 5 * time.Second

// Run announces the hub's registries, under both names of each service, until ctx ends, then takes the
// announcement back. When the machine's addresses change, it announces anew. Two hubs of
// one name in a network can't be told apart by DNS-SD.
func (a Announcement) Run(ctx context.Context) error {
	if n := len(a.Name); n == 0 || n > 63 || a.Addr.Port() == 0 {
		return fmt.Errorf("discovery: announcing %q at %v: want a name of 1 to 63 bytes and a port", a.Name, a.Addr)
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var servers []*zeroconf.Server
	defer func() { withdraw(servers) }()
	for last := "not looked yet"; ; {
		if now := a.place(); now.String() != last {
			last = now.String()
			withdraw(servers)
			servers = a.announce(now)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func withdraw(servers []*zeroconf.Server) {
	for _, s := range servers {
		s.Shutdown() // says goodbye
	}
}

// announce makes one announcement. What fails is logged and tried again when the
// addresses change.
func (a Announcement) announce(p place) (servers []*zeroconf.Server) {
	if len(p.ips) == 0 {
		a.Logger.Info("discovery: not announced yet", "why", p)
		return nil
	}
	host, err := os.Hostname()
	txt := []string{"txtvers=1", "vapVersion=" + a.Version, "path=/vap", "id=" + a.ID}
	if a.Secured != 0 {
		txt = append(txt, "coaps="+strconv.Itoa(int(a.Secured)))
	}
	for _, r := range a.Registries {
		for _, name := range r.services() {
			server, e := zeroconf.RegisterProxy(escape(a.Name), name, domain, int(a.Addr.Port()), host, p.ips, txt, p.interfaces)
			if e != nil {
				err = errors.Join(err, e)
				continue
			}
			servers = append(servers, server)
		}
	}
	if err != nil {
		a.Logger.Warn("discovery: not announced: satellites and skills need the hub's address", "error", err)
		return servers
	}
	a.Logger.Info("discovery: announced", "name", a.Name, "id", a.ID, "port", a.Addr.Port(), "where", p)
	return servers
}

// place is where a hub can be reached.
type place struct {
	interfaces []net.Interface
	ips        []string
	err        error // why it is nowhere
}

// String is all of it, to be logged, and to see a change.
func (p place) String() string {
	if p.err != nil {
		return p.err.Error()
	}
	var words []string
	for _, i := range p.interfaces {
		words = append(words, i.Name)
	}
	return strings.Join(append(words, p.ips...), " ")
}

// place is where the hub can be reached at this moment.
func (a Announcement) place() (p place) {
	interfaces, err := usable(a.Interfaces)
	if err != nil {
		return place{err: err}
	}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			continue // it went away just now
		}
		if ips := a.served(addrs); len(ips) > 0 {
			p.interfaces, p.ips = append(p.interfaces, i), append(p.ips, ips...)
		}
	}
	if len(p.ips) == 0 {
		p.err = fmt.Errorf("discovery: no network interface has an address that %v serves", a.Addr)
	}
	return p
}

// served are the addresses of an interface that the hub's socket serves; a link-local
// IPv6 address only where there is no other.
func (a Announcement) served(addrs []net.Addr) []string {
	var ips, linkLocal []string
	global := false
	for _, one := range addrs {
		prefix, err := netip.ParsePrefix(one.String())
		addr := prefix.Addr()
		switch {
		case err != nil, addr.IsLoopback(), !a.serves(addr):
		case addr.Is6() && addr.IsLinkLocalUnicast():
			linkLocal = append(linkLocal, addr.String())
		default:
			ips = append(ips, addr.String())
			global = global || addr.Is6()
		}
	}
	if !global {
		ips = append(ips, linkLocal...)
	}
	return ips
}

func (a Announcement) serves(addr netip.Addr) bool {
	switch own := a.Addr.Addr(); own {
	case netip.IPv6Unspecified():
		return true
	case netip.IPv4Unspecified():
		return addr.Is4()
	default:
		return addr == own.WithZone("")
	}
}
