package hub

import (
	"errors"
	"log/slog"
	"net/netip"
	"strings"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

// doors are the hub's sockets. Plain CoAP is for discovery, for pairing and for the
// hub's own machine; for everybody else, in open mode only. The other door is DTLS.
type doors struct {
	plain, secured *coap.Endpoint
	transport      *dtls.Transport
}

// maxBody bounds what a client sends in blocks, in bytes.
const maxBody = 1 << 20

// maxPeers is how many peers a door remembers: each client twice, as one that comes back
// is a new peer, and the others that the package in question has room for by default.
func maxPeers(clients int) int { return 2*clients + 16384 }

// listenDTLS opens the socket for DTLS, where whoever has a key comes in.
func listenDTLS(cfg Config) (*dtls.Transport, error) {
	return dtls.Listen(dtls.Config{
		Addr: cfg.ListenDTLS, Conn: cfg.ConnDTLS, Logger: cfg.Logger, MaxAssociations: maxPeers(cfg.MaxClients),
		Keys: func(identity string) ([]byte, bool) {
			key, ok := cfg.keys().Key(identity)
			return key[:], ok
		},
	})
}

// registrar serves resources.
type registrar interface{ Register(mux *coap.Mux) }

// openDoors opens the endpoints for what is served everywhere, and pair. The doors own
// transport.
func openDoors(cfg Config, transport *dtls.Transport, served []registrar, pair *pairing.Server) (d doors, err error) {
	d.transport = transport
	door := coap.Config{MaxBody: maxBody, MaxPeers: maxPeers(cfg.MaxClients), Logger: cfg.Logger}
	secured, plain := new(coap.Mux), new(coap.Mux)
	for _, s := range served {
		s.Register(secured)
		s.Register(plain)
	}
	inner := door
	inner.Conn, inner.Handler = transport, secured.Serve
	d.secured, err = coap.Listen(inner)
	if err != nil {
		return d, errors.Join(err, d.close())
	}
	pair.Register(plain)
	outer := door
	outer.Addr, outer.Conn, outer.Groups, outer.Handler = cfg.Listen, cfg.Conn, cfg.Groups, plain.Serve
	outer.Trusted = cfg.Local // nobody elsewhere can send from there
	if !cfg.Open {
		outer.Handler = pairedOnly(plain.Serve, cfg.Local)
	}
	d.plain, err = coap.Listen(outer)
	if err != nil {
		return d, errors.Join(err, d.close())
	}
	return d, nil
}

func (d doors) close() error {
	var errs []error
	if d.plain != nil {
		errs = append(errs, d.plain.Close())
	}
	switch {
	case d.secured != nil: // closes the transport
		errs = append(errs, d.secured.Close())
	case d.transport != nil:
		errs = append(errs, d.transport.Close())
	}
	return errors.Join(errs...)
}

// revoke ends the associations of the keys of a pairing's id, but for that of the identity
// valid, if not empty.
func (d doors) revoke(id, valid string) {
	d.transport.Revoke(func(identity string) bool {
		of, _, ok := pairing.SplitIdentity(identity)
		return ok && of == id && identity != valid
	})
}

// pairedOnly lets through, of what comes without encryption from another machine, only
// discovery and pairing. What comes to a group is the Mux's to be silent about.
func pairedOnly(serve coap.Handler, local func(netip.Addr) bool) coap.Handler {
	refusal := (&vap.Error{Code: codes.Unauthorized, Type: vap.TypePairingRequired}).Response()
	return func(peer coap.Peer, req *coap.Request, reply func(*coap.Response)) {
		if public(req.Path) || req.Multicast || local(peer.Addr().Addr()) {
			serve(peer, req, reply)
			return
		}
		reply(refusal)
	}
}

// public reports whether a path is for strangers as well.
func public(path string) bool {
	return path == ".well-known/core" || strings.HasPrefix(path, "vap/pairing/")
}

// warnOpen says loudly that the hub is open.
func warnOpen(log *slog.Logger, addr netip.AddrPort) {
	log.Warn("OPEN: satellites connect without encryption, and everybody on the network can listen and speak in their name",
		"address", addr, "remedy", `pair the satellites ('vapd hub pair'), then set security = "paired"`)
}
