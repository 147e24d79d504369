package hub

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"time"

	"vapd/hub/api"
	"vapd/hub/clients"
	"vapd/hub/store"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

// anyPort is a free port of the loopback network.
func anyPort() netip.AddrPort { return netip.MustParseAddrPort("127.0.0.1:0") }

// strangers makes everybody come from another machine, as far as the hub knows.
func strangers(c *Config) {
	c.Local = func(netip.Addr) bool { return false }
	registry, err := clients.Open(clients.Config{
		Store: c.Store.Bucket(store.Clients), Tokens: clients.RandomTokens{},
		Approval: clients.ApproveAsk, RequirePaired: !c.Open, Local: c.Local, Now: time.Now,
	})
	if err != nil {
		panic(err) // it was opened before
	}
	c.Registry = registry
}

// openMode is strangers for a hub in open mode.
func openMode(c *Config) {
	c.Open = true
	strangers(c)
}

// device is a satellite with what pairing and encryption need, and no more.
type device struct {
	*clientregistry.Client
	t         *testing.T
	me        pairing.Satellite
	transport *dtls.Transport
	endpoint  *coap.Endpoint
	rotation  *pairing.Rotation

	mu   sync.Mutex
	disk func() error    // is called before a new key is kept
	ring pairing.Keyring // on its disk
	used pairing.Pairing // in the present association
}

func newDevice(t *testing.T, id string, ring pairing.Keyring, log *slog.Logger) *device {
	t.Helper()
	d := &device{t: t, me: pairing.Satellite{ID: id, Name: "name of " + id}, ring: ring, disk: func() error { return nil }}
	var err error
	if d.transport, err = dtls.Listen(dtls.Config{Addr: anyPort(), Plain: true, Logger: log}); err != nil {
		t.Fatal(err)
	}
	mux := new(coap.Mux)
	if d.endpoint, err = coap.Listen(coap.Config{Conn: d.transport, Handler: mux.Serve, Logger: log}); err != nil {
		t.Fatal(err)
	}
	d.Client = clientregistry.NewClient(clientregistry.ClientConfig{
		ID: id, Name: d.me.Name, Logger: log, Notified: func(vap.Capability) bool { return true },
		Capabilities: []vap.Offer{
			{Name: vap.CapVoice, Version: 1}, {Name: vap.CapHeard, Version: 1}, {Name: vap.CapListen, Version: 1},
		},
	})
	d.Register(mux)
	if d.rotation, err = pairing.NewRotation(pairing.RotationConfig{Pairing: d.pairingOf, Offer: d.offer, Logger: log}); err != nil {
		t.Fatal(err)
	}
	d.rotation.Register(mux)
	t.Cleanup(d.close)
	return d
}

func (d *device) close() {
	d.rotation.Close()
	if err := d.endpoint.Close(); err != nil {
		d.t.Error(err)
	}
}

func (d *device) pairingOf(peer coap.Peer) (pairing.Pairing, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.used, peer.Identity() == d.used.Identity()
}

func (d *device) offer(p pairing.Pairing) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.disk(); err != nil {
		return err
	}
	d.ring = d.ring.Offer(p.Key)
	return nil
}

func (d *device) keys() pairing.Keyring {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ring
}

// pair pairs with a hub in one of the ways, which keep the key when they return nil.
func (d *device) pair(h *Hub, way pairing.Way) error {
	var p pairing.Pairing
	var err error
	switch way {
	case pairing.ByPush:
		p, err = d.push(h, true)
	case pairing.ByCode:
		p, err = d.code(h)
	case pairing.ByFile:
		p, err = d.file(h)
	}
	if err != nil {
		return err
	}
	if p.HubID != h.cfg.ID {
		return errors.New("paired with " + p.HubID)
	}
	return d.offer(p)
}

// push holds the key. The owner at the hub approves when both show the same.
func (d *device) push(h *Hub, approve bool) (pairing.Pairing, error) {
	if _, err := h.Do(d.t.Context(), owner, api.OpenPairing{}); err != nil {
		return pairing.Pairing{}, err
	}
	shown := make(chan string, 1)
	defer h.Watch(func(e control.HubEvent) {
		if e.Kind == control.EventPairing && e.Client == d.me.ID && e.Pairing.Digits != "" {
			shown <- e.Pairing.Digits
		}
	})()
	return pairing.NewClient(pairing.ClientConfig{}).Push(d.t.Context(), d.endpoint.Peer(h.Addr()), d.me,
		func(ctx context.Context, code pairing.Code) error {
			digits := <-shown
			switch {
			case digits != code.Digits():
				return errors.New("the hub shows another code")
			case approve:
				_, err := h.Do(ctx, owner, api.ApprovePairing{Digits: digits})
				return err
			}
			_, err := h.Do(ctx, owner, api.DenyPairing{})
			return err
		})
}

// code types what the hub shows.
func (d *device) code(h *Hub) (pairing.Pairing, error) {
	r, err := h.Do(d.t.Context(), owner, api.OpenPairingCode{})
	if err != nil {
		return pairing.Pairing{}, err
	}
	code, err := pairing.ParsePasscode(r.(control.PairingCode).Code)
	if err != nil {
		return pairing.Pairing{}, err
	}
	return pairing.NewClient(pairing.ClientConfig{}).WithCode(d.t.Context(), d.endpoint.Peer(h.Addr()), d.me, "", code)
}

// file reads the key file.
func (d *device) file(h *Hub) (pairing.Pairing, error) {
	r, err := h.Do(d.t.Context(), owner, api.ExportPairing{ID: d.me.ID, Name: d.me.Name})
	if err != nil {
		return pairing.Pairing{}, err
	}
	f, err := pairing.ParseKeyFile([]byte(r.(control.PairingFile).Text))
	return f.Pairing, err
}

// associate shakes hands under the newest key that works.
func (d *device) associate(h *Hub) (coap.Peer, error) {
	var errs error
	for _, k := range []pairing.Key{d.keys().Next, d.keys().Current} {
		if k == (pairing.Key{}) {
			continue
		}
		p := pairing.Pairing{HubID: h.cfg.ID, ID: d.me.ID, Key: k}
		a, err := d.transport.Associate(d.t.Context(), h.AddrDTLS(), dtls.Credentials{Identity: p.Identity(), Key: k[:]})
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		d.mu.Lock()
		d.ring, d.used = d.ring.Worked(k), p
		d.mu.Unlock()
		return d.endpoint.Secured(a, h.AddrDTLS()), nil
	}
	return nil, errs
}

// enter connects over DTLS.
func (d *device) enter(h *Hub) (vap.Connected, error) {
	peer, err := d.associate(h)
	if err != nil {
		return vap.Connected{}, err
	}
	return d.Connect(d.t.Context(), peer, "")
}

// enterPlainly connects without encryption.
func (d *device) enterPlainly(h *Hub, token string) (vap.Connected, error) {
	return d.Connect(d.t.Context(), d.endpoint.Peer(h.Addr()), token)
}

// paired is a device that is in.
func paired(t *testing.T, h *Hub, id string) *device {
	t.Helper()
	d := newDevice(t, id, pairing.Keyring{}, slog.New(slog.DiscardHandler))
	if err := d.pair(h, pairing.ByFile); err != nil {
		t.Fatal(err)
	}
	if _, err := d.enter(h); err != nil {
		t.Fatal(err)
	}
	return d
}

// is reports whether err is a refusal of that type.
func is(err error, refusal string) bool {
	var e *vap.Error
	return errors.As(err, &e) && e.Type == refusal
}

// known is what the hub says of a client.
func known(t *testing.T, h *Hub, id string) control.HubClient {
	t.Helper()
	list, err := h.Do(t.Context(), owner, api.ListClients{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list.([]control.HubClient) {
		if c.ID == id {
			return c
		}
	}
	return control.HubClient{}
}
