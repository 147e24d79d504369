package pairing

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"

	"vapd/protocol/coap"
	"vapd/protocol/pairing/spake2plus"
)

func (c *Client) runCode(ctx context.Context, peer coap.Peer, me Satellite, hubID string, code Passcode) (Pairing, error) {
	if err := checkParty("satellite", me.ID, me.Name); err != nil {
		return Pairing{}, err
	}
	if code == (Passcode{}) {
		return Pairing{}, errors.New("pairing: no code: type the eight digits that the hub shows")
	}
	ctx, cancel := context.WithTimeout(ctx, CodeWindow)
	defer cancel()
	prover, err := spake2plus.NewProver(secretOf(code), c.cfg.Rand)
	if err != nil {
		return Pairing{}, err
	}
	first := message{version: Version, id: me.ID, name: me.Name, share: prover.Share()}
	m, err := poll(ctx, peer, pathShare, first.padded(), "hubId", "session", "share", "confirm")
	if err != nil {
		return Pairing{}, err
	}
	if hubID != "" && m.hubID != hubID {
		return Pairing{}, ErrOtherHub
	}
	confirm, shared, err := prover.Finish(codeSession(m.hubID, m.hubName, me.ID, me.Name), m.share, m.confirm)
	if err != nil {
		return Pairing{}, ErrWrongCode
	}
	proof := message{session: m.session, confirm: confirm}
	if _, err := insist(ctx, peer, pathProof, proof.encode(), "version"); err != nil {
		return Pairing{}, err
	}
	return codePairing(shared, m.hubID, m.hubName, me.ID, me.Name)
}

// codePairing derives the key from SPAKE2+'s, which has everything else in its
// transcript, bound to both ids once more.
func codePairing(shared []byte, hubID, hubName, id, name string) (Pairing, error) {
	ids := digest("code ids", []byte(hubID), []byte(id))
	key, err := hkdf.Key(sha256.New, shared, ids, label+"code key", KeySize)
	if err != nil {
		return Pairing{}, err
	}
	return Pairing{HubID: hubID, HubName: hubName, ID: id, Name: name, Key: Key(key)}, nil
}
