package hubtest

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

// Paired describes a hub that speaks only to satellites that it is paired with.
type Paired struct {
	ID string
	// Plain and Secured are its sockets, for plain CoAP and for DTLS.
	Plain, Secured coap.Config
	Keys           *Keys
	// Told is told of every step of a pairing, and may call Pairing's methods.
	Told   func(*Hub, pairing.Event)
	Script Script
}

// NewPaired starts a hub with both doors.
func NewPaired(cfg Paired) (*Hub, error) {
	transport, err := dtls.Listen(dtls.Config{
		Addr: cfg.Secured.Addr, Conn: cfg.Secured.Conn,
		Keys: func(identity string) ([]byte, bool) {
			key, ok := cfg.Keys.Key(identity)
			return key[:], ok
		},
	})
	if err != nil {
		return nil, err
	}
	h := &Hub{script: cfg.Script}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.Server = clientregistry.NewServer(clientregistry.ServerConfig{
		Policy: trusting{h, cfg.Keys}, ID: cfg.ID, Secured: transport.LocalAddr().Port(),
	})
	h.Pairing, err = pairing.NewServer(pairing.Config{
		HubID: cfg.ID, HubName: "home", Keys: cfg.Keys,
		Told: func(e pairing.Event) {
			if cfg.Told != nil {
				cfg.Told(h, e)
			}
		},
	})
	if err != nil {
		return nil, errors.Join(err, transport.Close())
	}
	inside, outside := new(coap.Mux), new(coap.Mux)
	h.Server.Register(inside)
	h.Server.Register(outside)
	h.Pairing.Register(outside)
	cfg.Secured.Conn, cfg.Secured.Handler = transport, inside.Serve
	if h.secured, err = coap.Listen(cfg.Secured); err != nil {
		return nil, errors.Join(err, transport.Close())
	}
	cfg.Plain.Handler = strangers(outside.Serve)
	if h.endpoint, err = coap.Listen(cfg.Plain); err != nil {
		return nil, errors.Join(err, h.secured.Close())
	}
	return h, nil
}

// strangers may find the hub and pair with it.
func strangers(serve coap.Handler) coap.Handler {
	return func(peer coap.Peer, req *coap.Request, reply func(*coap.Response)) {
		if req.Path == ".well-known/core" || strings.HasPrefix(req.Path, "vap/pairing/") {
			serve(peer, req, reply)
			return
		}
		reply((&vap.Error{Code: codes.Unauthorized, Type: vap.TypePairingRequired}).Response())
	}
}

// trusting is a Policy that lets a satellite in under the id of its key only.
type trusting struct {
	*Hub
	keys *Keys
}

// Connect implements clientregistry.Policy.
func (t trusting) Connect(peer coap.Peer, req vap.Connect, elsewhere bool, reply func(vap.Connected, error)) {
	if id, _, ok := pairing.SplitIdentity(peer.Identity()); !ok || id != req.ID {
		reply(vap.Connected{}, &vap.Error{Code: codes.Unauthorized, Type: vap.TypeUnauthorized})
		return
	}
	t.keys.used(peer.Identity())
	t.Hub.Connect(peer, req, elsewhere, reply)
}

// Keys keeps a hub's keys in memory, over its restarts.
type Keys struct {
	mu    sync.Mutex
	rings map[string]pairing.Keyring // by satellite
}

// NewKeys has none.
func NewKeys() *Keys { return &Keys{rings: make(map[string]pairing.Keyring)} }

// Offer implements pairing.Keys.
func (k *Keys) Offer(p pairing.Pairing) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rings[p.ID] = k.rings[p.ID].Offer(p.Key)
	return nil
}

// Replace implements pairing.Keys.
func (k *Keys) Replace(id string, old, next pairing.Key) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if found, ok := k.rings[id].Find(old.ID()); !ok || found != old {
		return errors.New("hubtest: the key is void")
	}
	k.rings[id] = k.rings[id].Offer(next)
	return nil
}

// Paired implements pairing.Keys.
func (k *Keys) Paired(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rings[id] != pairing.Keyring{}
}

// Key implements pairing.Keys.
func (k *Keys) Key(identity string) (pairing.Key, bool) {
	id, keyID, _ := pairing.SplitIdentity(identity)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rings[id].Find(keyID)
}

// Ring is the keyring of a satellite.
func (k *Keys) Ring(id string) pairing.Keyring {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rings[id]
}

// Forget voids the keys of a satellite.
func (k *Keys) Forget(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.rings, id)
}

func (k *Keys) used(identity string) {
	id, keyID, _ := pairing.SplitIdentity(identity)
	k.mu.Lock()
	defer k.mu.Unlock()
	if key, ok := k.rings[id].Find(keyID); ok {
		k.rings[id] = k.rings[id].UsedByPeer(key)
	}
}

var (
	_ pairing.Keys          = (*Keys)(nil)
	_ clientregistry.Policy = trusting{}
)
