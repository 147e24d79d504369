package pairing

import (
	"context"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Rotate agrees a new key with the satellite at peer, which must be an association that
// its present key secures. The new key goes to Keys.Replace and is valid beside the old one
// until it is used (Keyring); the satellite uses it at its next handshake. When Rotate
// fails nothing is lost: the old key stays, and Rotate may be called again.
//
// X25519 inside DTLS, so that who recorded everything and learns the old key later does
// not get the new one, whatever the cipher suite. The old key goes in as well.
func (s *Server) Rotate(ctx context.Context, peer coap.Peer) error {
	id, _, named := SplitIdentity(peer.Identity())
	old, known := s.cfg.Keys.Key(peer.Identity())
	if !peer.Verified() || !named || !known {
		return fmt.Errorf("pairing: %s is no paired satellite on a secured link: connect it, then rotate its key", peer.ID())
	}
	if err := s.rotate(ctx, peer, Pairing{HubID: s.cfg.HubID, HubName: s.cfg.HubName, ID: id, Key: old}); err != nil {
		return fmt.Errorf("pairing: rotating the key of %s: %w", id, err)
	}
	s.happened(Event{Kind: Rotated, ID: id, From: peer.Addr()})
	return nil
}

func (s *Server) rotate(ctx context.Context, peer coap.Peer, p Pairing) error {
	private, err := newPrivate(s.cfg.Rand)
	if err != nil {
		return err
	}
	mine := private.PublicKey().Bytes()
	answer, err := post(ctx, peer, pathRotate, message{version: Version, hubID: p.HubID, key: mine}.encode(), "key")
	if err != nil {
		return err
	}
	next, err := nextKey(p, private, answer.key, mine, answer.key)
	if err != nil {
		return err
	}
	return s.cfg.Keys.Replace(p.ID, p.Key, next)
}

// nextKey is the key after p.Key: HKDF of the X25519 result with p.Key as salt, bound to
// both ids and both public keys.
func nextKey(p Pairing, private *ecdh.PrivateKey, peer, hubKey, satelliteKey []byte) (k Key, err error) {
	shared, err := agree(private, peer)
	if err != nil {
		return k, fmt.Errorf("the other side sent a key that is none: %w", err)
	}
	seen := digest("rotate", []byte(p.HubID), []byte(p.ID), hubKey, satelliteKey)
	b, err := hkdf.Key(sha256.New, shared, p.Key[:], label+"rotate key"+string(seen), KeySize)
	if err != nil {
		return k, err
	}
	return Key(b), nil
}

// RotationConfig is what a Rotation needs.
type RotationConfig struct {
	// Pairing is that whose key secures the link to peer; false for a peer that is not
	// the hub.
	Pairing func(peer coap.Peer) (Pairing, bool)
	// Offer adds p.Key to the keyring of hub p.HubID (Keyring.Offer). When it returns
	// nil that is on the disk.
	Offer  func(p Pairing) error
	Rand   io.Reader    // default crypto/rand
	Logger *slog.Logger // default: nothing is logged
}

// Rotation is the satellite's side of Server.Rotate.
type Rotation struct {
	cfg  RotationConfig
	desk desk
}

// NewRotation makes a Rotation. Register it on the mux of the endpoint that speaks DTLS,
// and Close it when the satellite ends.
func NewRotation(cfg RotationConfig) (*Rotation, error) {
	if cfg.Pairing == nil || cfg.Offer == nil {
		return nil, errors.New("pairing: a rotation needs the pairings and a place for new keys: set Pairing and Offer")
	}
	setDefaults(&cfg.Rand, &cfg.Logger)
	return &Rotation{cfg: cfg}, nil
}

// Register serves vap/pairing/rotate.
func (r *Rotation) Register(mux *coap.Mux) { mux.Handle(codes.POST, pathRotate, r.serve) }

// Close joins all goroutines. Requests from now on are refused.
func (r *Rotation) Close() {
	r.desk.shut()
	r.desk.wait()
}

func (r *Rotation) serve(peer coap.Peer, req *coap.Request, reply func(*coap.Response)) {
	m, e := decode(req.Body)
	if e == nil {
		e = m.need("version", "hubId", "key")
	}
	p, ok := r.cfg.Pairing(peer)
	switch {
	case !ok || !peer.Verified():
		e = &vap.Error{Code: codes.Unauthorized, Type: vap.TypeUnauthorized}
	case e != nil:
	case m.version != Version || m.hubID != p.HubID:
		e = malformed("hubId")
	default:
		e = r.desk.take()
	}
	if e != nil {
		reply(e.Response())
		return
	}
	go func() {
		defer r.desk.done()
		body, err := r.accept(p, m)
		r.desk.leave() // before the hub can ask again
		if err != nil {
			r.cfg.Logger.Error("the hub's new key could not be taken; the old one stays", "hub", p.HubID, "error", err)
			e := &vap.Error{Code: codes.InternalServerError, Type: vap.TypeInternal}
			reply(e.Response())
			return
		}
		reply(&coap.Response{Code: codes.Changed, Body: body})
	}()
}

// accept stores the new key before the hub learns of it.
func (r *Rotation) accept(p Pairing, m message) (answer []byte, err error) {
	private, err := newPrivate(r.cfg.Rand)
	if err != nil {
		return nil, err
	}
	mine := private.PublicKey().Bytes()
	if p.Key, err = nextKey(p, private, m.key, m.key, mine); err != nil {
		return nil, err
	}
	if err := r.cfg.Offer(p); err != nil {
		return nil, fmt.Errorf("pairing: storing: %w", err)
	}
	return message{key: mine}.encode(), nil
}
