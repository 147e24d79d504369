// Package network watches the machine's own network: interfaces that go up and down,
// addresses and routes that come and go. On Linux the kernel tells (rtnetlink(7)); where
// it does not, the interfaces are looked at every second.
package network

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Watcher notices what changes. Make it with New, then call Run once.
type Watcher struct {
	log     *slog.Logger
	changed chan struct{} // one slot
}

// New makes a Watcher.
func New(log *slog.Logger) *Watcher {
	return &Watcher{log: log, changed: make(chan struct{}, 1)}
}

// Changed is rung after interfaces, addresses or routes changed: at once, and then ten
// times a second at most. It has one slot, and one reader.
func (w *Watcher) Changed() <-chan struct{} { return w.changed }

// Times of the watcher.
const (
	pollEvery = time.Second
	settle    = 100 * time.Millisecond // between two rings
)

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) {
	e := events{bell: make(chan struct{}, 1)}
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		if err := listen(ctx, &e); ctx.Err() == nil {
			w.log.Info("network: the kernel does not tell of changes, so interfaces are looked at every second", "why", err)
			poll(ctx, &e)
		}
	})
	w.watch(ctx, &e)
}

// watch rings when something changed: the kernel tells of links and addresses whenever a
// router advertises itself.
func (w *Watcher) watch(ctx context.Context, e *events) {
	before, routes := interfaces(), e.routes.Load()
	for {
		select {
		case <-ctx.Done():
			return
		case <-e.bell:
		}
		if now, r := interfaces(), e.routes.Load(); now != before || r != routes {
			before, routes = now, r
			select {
			case w.changed <- struct{}{}:
			default:
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(settle):
		}
	}
}

// events are what there is to look at.
type events struct {
	bell   chan struct{} // one slot
	routes atomic.Uint64 // how many of them changed
}

func (e *events) ring() {
	select {
	case e.bell <- struct{}{}:
	default:
	}
}

func poll(ctx context.Context, e *events) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			e.ring()
		}
	}
}

// interfaces describes the interfaces: whether they are up, and their addresses.
func interfaces() string {
	all, err := net.Interfaces()
	if err != nil {
		return err.Error()
	}
	var lines []string
	for _, i := range all {
		addrs, _ := i.Addrs() // it may be gone again
		line := fmt.Sprint(i.Index, i.Name, i.Flags&(net.FlagUp|net.FlagRunning), addrs)
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Way is the local address from which datagrams to addr leave. The error says why none
// can: there is no route, or its interface is down or has no carrier. It sends nothing.
func (*Watcher) Way(to netip.AddrPort) (netip.Addr, error) {
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	socket, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("network: no way to %v: %w: is this machine connected?", to.Addr(), err)
	}
	defer socket.Close()
	from := socket.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	if from.IsLoopback() || from.WithZone("") == to.Addr().WithZone("") {
		return from, nil // it does not leave the machine
	}
	return from, usable(from)
}

// usable says what is wrong with the interface that has the address addr.
func usable(addr netip.Addr) error {
	all, err := net.Interfaces()
	if err != nil {
		return nil // nothing is known to be wrong
	}
	for _, i := range all {
		addrs, _ := i.Addrs()
		if !slices.ContainsFunc(addrs, func(a net.Addr) bool {
			p, err := netip.ParsePrefix(a.String())
			return err == nil && p.Addr().WithZone("") == addr.WithZone("") && (addr.Zone() == "" || addr.Zone() == i.Name)
		}) {
			continue
		}
		switch {
		case i.Flags&net.FlagUp == 0:
			return fmt.Errorf("network: interface %s is down", i.Name)
		case i.Flags&net.FlagRunning == 0:
			return fmt.Errorf("network: interface %s has no carrier: is its cable plugged in, is it in the Wi-Fi?", i.Name)
		}
		return nil
	}
	return nil
}
