package clientregistry

import (
	"bytes"
	"context"
	"net/netip"
	"sync"
	"testing"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
	"vapd/protocol/dtls"
)

// secured makes a station of DTLS on the transports that listen describes. hub is where
// satellites find it.
func secured(listen func(n int) (dtls.Config, error), opened func(n int, at netip.AddrPort), hub func() netip.AddrPort) station {
	key := bytes.Repeat([]byte{7}, 32)
	var mu sync.Mutex
	transports := make(map[*coap.Endpoint]*dtls.Transport)
	return station{
		open: func(n int, mux *coap.Mux) (*coap.Endpoint, error) {
			cfg, err := listen(n)
			if err != nil {
				return nil, err
			}
			if n < 0 {
				cfg.Keys = func(string) ([]byte, bool) { return key, true }
			}
			transport, err := dtls.Listen(cfg)
			if err != nil {
				return nil, err
			}
			opened(n, transport.LocalAddr())
			e, err := coap.Listen(coap.Config{Conn: transport, Handler: mux.Serve})
			mu.Lock()
			defer mu.Unlock()
			transports[e] = transport
			return e, err
		},
		peer: func(ctx context.Context, e *coap.Endpoint) (coap.Peer, error) {
			mu.Lock()
			transport := transports[e]
			mu.Unlock()
			a, err := transport.Associate(ctx, hub(), dtls.Credentials{Identity: e.LocalAddr().String(), Key: key})
			if err != nil {
				return nil, err
			}
			return e.Secured(a, hub()), nil
		},
	}
}

// securedInMemory is inMemory, secured.
func securedInMemory(n *netsim.Network, how netsim.Impairment) station {
	hub := netip.MustParseAddrPort(hubAddr)
	return secured(func(i int) (dtls.Config, error) {
		socket, err := openInMemory(n, i, how)
		return dtls.Config{Conn: socket}, err
	}, func(int, netip.AddrPort) {}, func() netip.AddrPort { return hub })
}

// securedOverProxy is overProxy, secured.
func securedOverProxy(tb testing.TB, how netsim.Impairment) station {
	tb.Helper()
	proxy := openProxy(tb, how)
	return secured(func(int) (dtls.Config, error) {
		return dtls.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0")}, nil
	}, func(n int, at netip.AddrPort) {
		if n < 0 {
			proxy.SetHub(at)
		}
	}, proxy.Addr)
}
