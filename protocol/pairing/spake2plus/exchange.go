package spake2plus

import (
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"math/big"
)

// ErrConfirm says that the other side has another password, identity or context, or that
// somebody changed a message.
var ErrConfirm = errors.New("spake2plus: the other side could not prove that it has the same password")

// Prover is the side with the password, for one exchange.
type Prover struct {
	hidden
	p prover[*p256Point]
}

// NewProver begins an exchange; rand is the source of its secret.
func NewProver(s *Secret, rand io.Reader) (*Prover, error) {
	x, err := p256().scalar(rand)
	if err != nil {
		return nil, err
	}
	p, err := p256().newProver(s.w0, s.w1, x)
	return &Prover{p: p}, err
}

// Share is shareP, 65 bytes, to be sent to the verifier.
func (p *Prover) Share() []byte { return p.p.share }

// Finish checks the verifier's answer. When the verifier has the record it returns
// confirmP, to be sent to it, and the key of 32 bytes. Otherwise the error is ErrConfirm,
// or says that shareV is no share; nothing must be sent then.
func (p *Prover) Finish(session Session, shareV, confirmV []byte) (confirmP, key []byte, err error) {
	return p.p.finish(session, shareV, confirmV)
}

// Verifier is the side with the record, for one exchange.
type Verifier struct {
	hidden
	v       verifier[*p256Point]
	session Session
	keys    keys
}

// NewVerifier begins an exchange; rand is the source of its secret.
func NewVerifier(session Session, r *Record, rand io.Reader) (*Verifier, error) {
	y, err := p256().scalar(rand)
	if err != nil {
		return nil, err
	}
	return &Verifier{v: p256().newVerifier(r.w0, r.l, y), session: session}, nil
}

// Answer answers the prover's share with shareV, 65 bytes, and confirmV, 32 bytes. It is
// called once.
func (v *Verifier) Answer(shareP []byte) (shareV, confirmV []byte, err error) {
	shareV, v.keys, err = v.v.answer(v.session, shareP)
	return shareV, v.keys.confirmV, err
}

// Finish checks confirmP and returns the key of 32 bytes. Otherwise the error is
// ErrConfirm.
func (v *Verifier) Finish(confirmP []byte) (key []byte, err error) {
	if v.keys.confirmP == nil || !hmac.Equal(v.keys.confirmP, confirmP) {
		return nil, ErrConfirm
	}
	return v.keys.shared, nil
}

// scalar draws from 1 to order-1: candidates are rejected until one fits, which tells
// nothing of the one that does. RFC 9383 allows 0 as well, which nobody will miss.
func (s suite[P]) scalar(rand io.Reader) ([]byte, error) {
	b := make([]byte, s.scalarSize())
	for {
		if _, err := io.ReadFull(rand, b); err != nil {
			return nil, fmt.Errorf("spake2plus: no random numbers: %w", err)
		}
		b[0] &= 0xff >> (8*len(b) - s.order.BitLen())
		v := new(big.Int).SetBytes(b)
		if v.Sign() > 0 && v.Cmp(s.order) < 0 {
			return b, nil
		}
	}
}

// prover and verifier are the two sides with any suite (RFC 9383 section 3.3).
type prover[P point[P]] struct {
	suite     suite[P]
	w0, w1, x []byte
	share     []byte
}

func (s suite[P]) newProver(w0, w1, x []byte) (prover[P], error) {
	share, err := s.blind(x, w0, s.constant(s.m))
	if err != nil {
		return prover[P]{}, fmt.Errorf("spake2plus: %w", err)
	}
	return prover[P]{s, w0, w1, x, share.Bytes()}, nil
}

// points are Z = x*(Y - w0*N) and V = w1*(Y - w0*N).
func (p prover[P]) points(shareV []byte) (z, v P, err error) {
	y, err := p.suite.decode(shareV)
	if err != nil {
		return z, v, err
	}
	if y, err = p.suite.unblind(y, p.w0, p.suite.negated(p.suite.n)); err != nil {
		return z, v, err
	}
	if z, err = p.suite.newPoint().ScalarMult(y, p.x); err != nil {
		return z, v, err
	}
	v, err = p.suite.newPoint().ScalarMult(y, p.w1)
	return z, v, err
}

func (p prover[P]) finish(session Session, shareV, confirmV []byte) (confirmP, key []byte, err error) {
	z, v, err := p.points(shareV)
	if err != nil {
		return nil, nil, err
	}
	k, err := p.suite.schedule(p.suite.transcript(session, p.share, shareV, z, v, p.w0), p.share, shareV)
	if err != nil {
		return nil, nil, err
	}
	if !hmac.Equal(k.confirmV, confirmV) {
		return nil, nil, ErrConfirm
	}
	return k.confirmP, k.shared, nil
}

type verifier[P point[P]] struct {
	suite suite[P]
	w0    []byte
	l     P
	y     []byte
}

func (s suite[P]) newVerifier(w0 []byte, l P, y []byte) verifier[P] {
	return verifier[P]{s, w0, l, y}
}

// points are Z = y*(X - w0*M) and V = y*L.
func (r verifier[P]) points(shareP []byte) (z, v P, err error) {
	x, err := r.suite.decode(shareP)
	if err != nil {
		return z, v, err
	}
	if x, err = r.suite.unblind(x, r.w0, r.suite.negated(r.suite.m)); err != nil {
		return z, v, err
	}
	if z, err = r.suite.newPoint().ScalarMult(x, r.y); err != nil {
		return z, v, err
	}
	v, err = r.suite.newPoint().ScalarMult(r.l, r.y)
	return z, v, err
}

func (r verifier[P]) answer(session Session, shareP []byte) (shareV []byte, k keys, err error) {
	z, v, err := r.points(shareP)
	if err != nil {
		return nil, k, err
	}
	share, err := r.suite.blind(r.y, r.w0, r.suite.constant(r.suite.n))
	if err != nil {
		return nil, k, err
	}
	shareV = share.Bytes()
	k, err = r.suite.schedule(r.suite.transcript(session, shareP, shareV, z, v, r.w0), shareP, shareV)
	return shareV, k, err
}
