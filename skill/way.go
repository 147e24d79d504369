package skill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/discovery"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
	"vapd/protocol/pairing/keyring"
	"vapd/protocol/vap"
)

// keyWait is for one key: a hub that refuses it takes five seconds to say so.
const keyWait = 8 * time.Second

// way is the skill's way to its hub: found anew before each attempt to connect, on one
// goroutine.
type way struct {
	skill     string
	keys      keyFile
	tokens    *tokens
	finder    finder
	transport *dtls.Transport
	logger    *slog.Logger

	hub discovery.Candidate // that find found

	mu   sync.Mutex
	used pairing.Pairing // whose key secures the connection to hub; zero: none does
}

// find is skillregistry.ClientConfig.Find.
func (w *way) find(ctx context.Context) (coap.Peer, error) {
	keys, err := w.locate(ctx)
	if err != nil {
		return nil, err
	}
	w.tokens.hub = hubKey(w.hub)
	w.use(pairing.Pairing{})
	if keys.Paired(w.hub.ID) {
		a, addr, err := w.associate(ctx, keys)
		if err != nil {
			return nil, err
		}
		return w.finder.end.Secured(a, addr), nil
	}
	if !keys.Empty() && !w.hub.Addr.Addr().IsLoopback() {
		return nil, fmt.Errorf("skill: hub %s is not the one that it is paired with, and it goes nowhere else without encryption: %s", names([]discovery.Candidate{w.hub}), pairRemedy(w.skill))
	}
	return w.finder.end.Peer(w.hub.Addr), nil
}

// locate finds hub.
func (w *way) locate(ctx context.Context) (*keyring.Keyring, error) {
	keys, err := w.keys.open()
	if err == nil {
		w.hub, err = w.finder.choose(ctx, keys)
	}
	return keys, err
}

// associate shakes hands with the hub, which nobody else can. Of two keys, the newer one
// is tried first: which of them the hub has is not known after a crash.
func (w *way) associate(ctx context.Context, keys *keyring.Keyring) (*coap.Association, netip.AddrPort, error) {
	addr := netip.AddrPortFrom(w.hub.Addr.Addr(), cmp.Or(w.hub.Secured, dtls.DefaultPort))
	err := errors.New("no key")
	for _, p := range keys.Of(w.hub.ID) {
		var a *coap.Association
		if a, err = w.associate1(ctx, addr, p); err == nil {
			if err := w.keys.worked(p); err != nil {
				w.logger.Error("that a key works is not noted: both are tried again", "hub", p.HubID, "error", err)
			}
			w.use(p)
			return a, addr, nil
		}
	}
	if errors.Is(err, dtls.ErrRefused) {
		err = fmt.Errorf("%w; if the hub does not know the key any more: %s", err, pairRemedy(w.skill))
	}
	return nil, addr, err
}

func (w *way) associate1(ctx context.Context, addr netip.AddrPort, p pairing.Pairing) (*coap.Association, error) {
	ctx, cancel := context.WithTimeout(ctx, keyWait)
	defer cancel()
	return w.transport.Associate(ctx, addr, dtls.Credentials{Identity: p.Identity(), Key: p.Key[:]})
}

func (w *way) use(p pairing.Pairing) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.used = p
}

// securedBy is the pairing whose key secures the connection to peer, if that is the hub.
func (w *way) securedBy(peer coap.Peer) (pairing.Pairing, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.used, w.used != pairing.Pairing{} && w.used.Identity() == peer.Identity()
}

// connected tells of a hub that took the skill.
func (w *way) connected(vap.SkillConnected) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.logger.Info("connected", "skill", w.skill, "hub", cmp.Or(w.hub.Name, w.hub.ID), "address", w.hub.Addr, "encrypted", w.used != pairing.Pairing{})
}

// pairRemedy says how a skill gets a key.
func pairRemedy(skill string) string {
	return fmt.Sprintf("a hub takes skills from other machines only with a key: run 'vapd hub skills pair' there, then 'vapd skill pair %s --code DIGITS' here", skill)
}
