package spake2plus

import (
	"crypto/elliptic"
	"crypto/sha256"
	"errors"
	"hash"
	"math/big"

	"filippo.io/nistec"
)

// point is one of nistec's types.
type point[P any] interface {
	Add(a, b P) P
	ScalarMult(q P, scalar []byte) (P, error)
	ScalarBaseMult(scalar []byte) (P, error)
	SetBytes([]byte) (P, error)
	Bytes() []byte
	IsInfinity() int
}

// suite is a ciphersuite (RFC 9383 section 4): a group of prime order, so that the
// cofactor is 1 and every point of the curve is in it, and the functions.
type suite[P point[P]] struct {
	newPoint func() P
	m, n     []byte // the constants M and N, compressed
	order    *big.Int
	hash     func() hash.Hash
	mac      func(key, data []byte) []byte
	macKey   int // bytes
}

// p256 is the suite of everything that is exported. M and N are those of section 4.
func p256() suite[*p256Point] {
	return suite[*p256Point]{
		newPoint: func() *p256Point { return nistec.NewP256Point() },
		m: []byte("\x02\x88\x6e\x2f\x97\xac\xe4\x6e\x55\xba\x9d\xd7\x24\x25\x79\xf2\x99" +
			"\x3b\x64\xe1\x6e\xf3\xdc\xab\x95\xaf\xd4\x97\x33\x3d\x8f\xa1\x2f"),
		n: []byte("\x03\xd8\xbb\xd6\xc6\x39\xc6\x29\x37\xb0\x4d\x99\x7f\x38\xc3\x77\x07" +
			"\x19\xc6\x29\xd7\x01\x4d\x49\xa2\x4b\x4f\x98\xba\xa1\x29\x2b\x49"),
		order:  elliptic.P256().Params().N,
		hash:   sha256.New,
		mac:    hmacOf(sha256.New),
		macKey: sha256.Size,
	}
}

type p256Point = nistec.P256Point

// scalarSize is the size of a scalar, and of a coordinate, in bytes.
func (s suite[P]) scalarSize() int { return (s.order.BitLen() + 7) / 8 }

var errPoint = errors.New("spake2plus: no point of the curve, or the identity")

// decode reads an uncompressed point. Nothing else is a share: nistec takes compressed
// points and the identity as well.
func (s suite[P]) decode(b []byte) (p P, err error) {
	if len(b) != 1+2*s.scalarSize() || b[0] != 4 {
		return p, errPoint
	}
	if p, err = s.newPoint().SetBytes(b); err != nil || p.IsInfinity() == 1 {
		return p, errPoint
	}
	return p, nil
}

// constant is M or N.
func (s suite[P]) constant(compressed []byte) P {
	p, err := s.newPoint().SetBytes(compressed)
	if err != nil {
		panic("spake2plus: " + err.Error()) // a constant of this package
	}
	return p
}

// negated is -M or -N: the other point with the same x coordinate.
func (s suite[P]) negated(compressed []byte) P {
	other := append([]byte{compressed[0] ^ 1}, compressed[1:]...)
	return s.constant(other)
}

// blind is scalar*P + w0*constant.
func (s suite[P]) blind(scalar, w0 []byte, constant P) (P, error) {
	base, err := s.newPoint().ScalarBaseMult(scalar)
	if err != nil {
		return base, err
	}
	mask, err := s.newPoint().ScalarMult(constant, w0)
	if err != nil {
		return mask, err
	}
	return base.Add(base, mask), nil
}

// unblind is share - w0*constant, given -constant. The identity is refused: who sent
// such a share knows w0, and would choose the result.
func (s suite[P]) unblind(share P, w0 []byte, negated P) (P, error) {
	mask, err := s.newPoint().ScalarMult(negated, w0)
	if err != nil {
		return mask, err
	}
	p := mask.Add(share, mask)
	if p.IsInfinity() == 1 {
		return p, errPoint
	}
	return p, nil
}
