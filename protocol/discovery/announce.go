package discovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/grandcat/zeroconf"
)

// Announcement is a hub as DNS-SD shows it.
type Announcement struct {
	Name    string // at most 63 bytes
	Port    uint16 // UDP
	Version string // VAP's, for the TXT record
	// Interfaces names those on which it is announced; none is all that are up and do
	// multicast.
	Interfaces []string
	Logger     *slog.Logger
}

// lookEvery is how often the addresses of the machine are looked at. A hub starts
// before the network has given it an address, and gets another after a router's
// restart.
const lookEvery = 5 * time.Second

// Run announces the hub under both names of the service until ctx ends, then takes the
// announcement back. When the machine's addresses change, it announces anew. Two hubs of
// one name in a network can't be told apart by DNS-SD.
func (a Announcement) Run(ctx context.Context) error {
	if n := len(a.Name); n == 0 || n > 63 || a.Port == 0 {
		return fmt.Errorf("discovery: announcing %q at port %d: want a name of 1 to 63 bytes and a port", a.Name, a.Port)
	}
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var now announced
	defer func() { now.withdraw() }()
	for {
		if where := addressesOf(a.Interfaces); where != now.where {
			now.withdraw()
			now = a.announce(where)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// announced is an announcement that is out.
type announced struct {
	where   string // the addresses it was made with
	servers []*zeroconf.Server
}

func (n announced) withdraw() {
	for _, s := range n.servers {
		s.Shutdown() // says goodbye
	}
}

// announce makes one announcement. What fails is logged and tried again when the
// addresses change.
func (a Announcement) announce(where string) announced {
	n := announced{where: where}
	interfaces, err := usable(a.Interfaces)
	if errors.Is(err, ErrNoInterface) {
		a.Logger.Info("discovery: not announced yet", "why", err)
		return n
	}
	txt := []string{"txtvers=1", "vapVersion=" + a.Version, "path=/vap"}
	for _, name := range []string{service, serviceAlias} {
		server, e := zeroconf.Register(escape(a.Name), name, domain, int(a.Port), txt, interfaces)
		if e != nil {
			err = errors.Join(err, e)
			continue
		}
		n.servers = append(n.servers, server)
	}
	if err != nil {
		a.Logger.Warn("discovery: not announced: satellites need the hub's address", "error", err)
		return n
	}
	a.Logger.Info("discovery: announced", "name", a.Name, "port", a.Port, "addresses", where)
	return n
}

// addressesOf are the addresses of the usable interfaces in words, to see a change.
func addressesOf(names []string) string {
	interfaces, err := usable(names)
	if err != nil {
		return err.Error()
	}
	var all []string
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil {
			continue // it went away just now
		}
		for _, a := range addrs {
			all = append(all, i.Name+" "+a.String())
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}
