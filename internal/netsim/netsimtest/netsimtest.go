// Package netsimtest gives tests endpoints on a network in memory that treats all alike.
package netsimtest

import (
	"net/netip"
	"sync"
	"testing"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
)

// Silence is an impairment that nothing passes.
func Silence() netsim.Impairment { return netsim.Impairment{Loss: 1} }

// Network is a network in memory. What its endpoints send is impaired on its way.
type Network struct {
	net *netsim.Network

	mu      sync.Mutex
	how     netsim.Impairment
	sockets []*netsim.Socket
}

// New makes a Network.
func New(how netsim.Impairment) *Network { return &Network{net: netsim.NewNetwork(1), how: how} }

// Set changes what becomes of all that is sent from now on.
func (n *Network) Set(tb testing.TB, how netsim.Impairment) {
	tb.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.how = how
	for _, s := range n.sockets {
		if err := s.Set(netsim.Up, func(i *netsim.Impairment) { *i = how }); err != nil {
			tb.Fatal(err)
		}
	}
}

// Endpoint opens an endpoint at addr, whose other settings are those of cfg. The caller
// closes it.
func (n *Network) Endpoint(tb testing.TB, addr string, cfg coap.Config) *coap.Endpoint {
	tb.Helper()
	n.mu.Lock()
	defer n.mu.Unlock()
	s, err := n.net.Open(netip.MustParseAddrPort(addr), n.how, netsim.Impairment{})
	if err != nil {
		tb.Fatal(err)
	}
	n.sockets = append(n.sockets, s)
	cfg.Conn = s
	e, err := coap.Listen(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}
