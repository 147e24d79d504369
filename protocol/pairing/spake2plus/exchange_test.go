package spake2plus

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"

	"filippo.io/nistec"
	"pgregory.net/rapid"
)

var session = Session{[]byte("test"), []byte("satellite"), []byte("hub")}

func record(t testing.TB, password string) *Record {
	t.Helper()
	r, err := NewRecord(Derive([]byte(password), []byte("salt")))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func pair(t testing.TB, password string, r *Record) (*Prover, *Verifier) {
	t.Helper()
	p, err := NewProver(Derive([]byte(password), []byte("salt")), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewVerifier(session, r, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return p, v
}

func TestExchange(t *testing.T) {
	var keys [2][]byte
	r := record(t, "12345678")
	for i := range keys {
		p, v := pair(t, "12345678", r)
		shareV, confirmV, err := v.Answer(p.Share())
		if err != nil {
			t.Fatal(err)
		}
		confirmP, key, err := p.Finish(session, shareV, confirmV)
		if err != nil {
			t.Fatal(err)
		}
		same, err := v.Finish(confirmP)
		if err != nil || !bytes.Equal(key, same) || len(key) != 32 {
			t.Fatalf("keys %x and %x: %v", key, same, err)
		}
		keys[i] = key
	}
	if bytes.Equal(keys[0], keys[1]) {
		t.Error("two exchanges made the same key")
	}
}

// Neither side takes the other for right when anything differs.
func TestRefusals(t *testing.T) {
	r := record(t, "12345678")
	for name, c := range map[string]struct {
		password string
		session  Session
		change   func(shareV, confirmV []byte)
	}{
		"password":  {"12345679", session, nil},
		"context":   {"12345678", Session{[]byte("tesT"), session.Prover, session.Verifier}, nil},
		"prover":    {"12345678", Session{session.Context, []byte("satellit"), []byte("ehub")}, nil},
		"verifier":  {"12345678", Session{session.Context, session.Prover, []byte("HUB")}, nil},
		"confirmV":  {"12345678", session, func(_, confirmV []byte) { confirmV[31] ^= 1 }},
		"no shareV": {"12345678", session, func(shareV, _ []byte) { clear(shareV) }},
	} {
		t.Run(name, func(t *testing.T) {
			p, v := pair(t, c.password, r)
			shareV, confirmV, err := v.Answer(p.Share())
			if err != nil {
				t.Fatal(err)
			}
			if c.change != nil {
				c.change(shareV, confirmV)
			}
			confirmP, key, err := p.Finish(c.session, shareV, confirmV)
			if err == nil || confirmP != nil || key != nil {
				t.Errorf("the prover has %x, %x, %v", confirmP, key, err)
			}
			for _, guess := range [][]byte{nil, {}, make([]byte, 32), confirmV} {
				if key, err := v.Finish(guess); !errors.Is(err, ErrConfirm) || key != nil {
					t.Errorf("the verifier took %x: %x, %v", guess, key, err)
				}
			}
		})
	}
	_, v := pair(t, "12345678", r)
	if _, err := v.Finish(nil); !errors.Is(err, ErrConfirm) {
		t.Errorf("a verifier that answered nothing: %v", err)
	}
}

func TestPointsThatAreNone(t *testing.T) {
	p, v := pair(t, "12345678", record(t, "12345678"))
	good := p.Share()
	point, err := nistec.NewP256Point().SetBytes(good)
	if err != nil {
		t.Fatal(err)
	}
	off := bytes.Clone(good)
	off[64] ^= 1
	tooLarge := append([]byte{4}, bytes.Repeat([]byte{0xff}, 64)...)
	// w0*M and w0*N: what is left after unblinding is the identity.
	w0 := Derive([]byte("12345678"), []byte("salt")).w0
	bare := func(constant []byte) []byte {
		q, err := nistec.NewP256Point().ScalarMult(p256().constant(constant), w0)
		if err != nil {
			t.Fatal(err)
		}
		return q.Bytes()
	}
	for name, share := range map[string][]byte{
		"nothing":          nil,
		"identity":         {0},
		"long identity":    make([]byte, 65),
		"compressed":       point.BytesCompressed(),
		"hybrid":           append([]byte{6}, good[1:]...),
		"short":            good[:64],
		"long":             append(bytes.Clone(good), 0),
		"not on the curve": off,
		"not in the field": tooLarge,
		"w0*M":             bare(p256().m),
		"w0*N":             bare(p256().n),
	} {
		if shareV, confirmV, err := v.Answer(share); name != "w0*N" && (!errors.Is(err, errPoint) || shareV != nil || confirmV != nil) {
			t.Errorf("%s: the verifier answers %x, %x, %v", name, shareV, confirmV, err)
		}
		if confirmP, key, err := p.Finish(session, share, make([]byte, 32)); name != "w0*M" && (!errors.Is(err, errPoint) || confirmP != nil || key != nil) {
			t.Errorf("%s: the prover has %x, %x, %v", name, confirmP, key, err)
		}
	}
}

// M and N are made as RFC 9383 appendix B says, so nobody knows their logarithms.
func TestConstants(t *testing.T) {
	for letter, want := range map[string][]byte{"M": p256().m, "N": p256().n} {
		if got := generate(t, "1.2.840.10045.3.1.7 point generation seed ("+letter+")"); !bytes.Equal(got, want) {
			t.Errorf("%s is %x, want %x", letter, got, want)
		}
		sum := p256().constant(want)
		if sum.Add(sum, p256().negated(want)); sum.IsInfinity() != 1 {
			t.Errorf("%s and its negation make %x", letter, sum.Bytes())
		}
	}
}

// generate is appendix B for P-256: the first of the hash's iterations that is a point.
func generate(t *testing.T, seed string) []byte {
	t.Helper()
	hashed := []byte(seed)
	next := func() []byte {
		h := p256().hash()
		h.Write(hashed)
		hashed = h.Sum(nil)
		return hashed
	}
	first := next()
	for range 1000 {
		second := next()
		b := append(bytes.Clone(first), second[0])
		b[0] = b[0]&1 | 2
		if _, err := nistec.NewP256Point().SetBytes(b); err == nil {
			return b
		}
		first = second
	}
	t.Fatal("no point")
	return nil
}

func TestScalar(t *testing.T) {
	s := p256()
	over := s.order.FillBytes(make([]byte, 32))
	under := new(big.Int).Sub(s.order, big.NewInt(1)).FillBytes(make([]byte, 32))
	zero := make([]byte, 32)
	got, err := s.scalar(io.MultiReader(bytes.NewReader(over), bytes.NewReader(zero), bytes.NewReader(under)))
	if err != nil || !bytes.Equal(got, under) {
		t.Errorf("after the order and zero comes %x, %v", got, err)
	}
	if _, err := s.scalar(iotest.ErrReader(io.ErrUnexpectedEOF)); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("without random numbers: %v", err)
	}
	if _, err := NewProver(Derive([]byte("x"), nil), iotest.ErrReader(io.EOF)); err == nil {
		t.Error("a prover without random numbers")
	}
	if _, err := NewVerifier(session, record(t, "x"), iotest.ErrReader(io.EOF)); err == nil {
		t.Error("a verifier without random numbers")
	}
}

func TestReduce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), kdfSize, kdfSize).Draw(t, "b")
		order := p256().order
		got := new(big.Int).SetBytes(reduce(b, order))
		rest := new(big.Int).Sub(new(big.Int).SetBytes(b), got)
		if got.Cmp(order) >= 0 || rest.Sign() < 0 || rest.Mod(rest, order).Sign() != 0 {
			t.Fatalf("%x modulo the order is %x", b, got)
		}
	})
}

// The secret of a password is the same for ever: both sides may be of other versions.
func TestDerive(t *testing.T) {
	a, again := Derive([]byte("12345678"), []byte("salt")), Derive([]byte("12345678"), []byte("salt"))
	if !bytes.Equal(a.w0, again.w0) || !bytes.Equal(a.w1, again.w1) || bytes.Equal(a.w0, a.w1) {
		t.Errorf("%x %x, then %x %x", a.w0, a.w1, again.w0, again.w1)
	}
	if b := Derive([]byte("12345678"), []byte("other")); bytes.Equal(a.w0, b.w0) {
		t.Error("the salt changes nothing")
	}
	// By Python's hashlib.pbkdf2_hmac and its integers.
	if got, want := fmt.Sprintf("%x %x", a.w0, a.w1), "d47393cc6d74a130456ade1bcf0eec9cdd99198e848e90f22da1a8ec59b62c2a "+
		"10744e0ca2879af3d756ea8957be60e718a40bd1cd015dd31ff6466a5fe77ec4"; got != want {
		t.Errorf("w0 and w1 are %s, want %s", got, want)
	}
}

func TestNothingShows(t *testing.T) {
	p, v := pair(t, "12345678", record(t, "12345678"))
	for _, x := range []any{p, *p, v, *v, record(t, "1"), *record(t, "1"), Derive(nil, nil), *Derive(nil, nil)} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			if got := fmt.Sprintf(verb, x); !strings.Contains(got, "(secret)") || len(got) > 12 {
				t.Errorf("%s of %T is %s", verb, x, got)
			}
		}
	}
}

// Whatever a peer sends, nothing panics, and what it did not earn it does not get.
func FuzzShares(f *testing.F) {
	p, v := pair(f, "12345678", record(f, "12345678"))
	shareV, confirmV, err := v.Answer(p.Share())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Share(), make([]byte, 32))
	f.Add(shareV, confirmV[:31])
	f.Add([]byte{0}, []byte{})
	f.Add(make([]byte, 65), confirmV)
	secret, other := Derive([]byte("12345678"), nil), record(f, "87654321")
	f.Fuzz(func(t *testing.T, share, confirm []byte) {
		p, err := NewProver(secret, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		v, err := NewVerifier(session, other, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if _, key, err := p.Finish(session, share, confirm); err == nil {
			t.Fatalf("a key %x", key)
		}
		if shareV, _, err := v.Answer(share); (err == nil) != (len(shareV) == 65) {
			t.Fatalf("%x, %v", shareV, err)
		}
		if key, err := v.Finish(confirm); err == nil {
			t.Fatalf("a key %x", key)
		}
	})
}

func BenchmarkExchange(b *testing.B) {
	r := record(b, "12345678")
	s := Derive([]byte("12345678"), []byte("salt"))
	for b.Loop() {
		p, _ := NewProver(s, rand.Reader)
		v, _ := NewVerifier(session, r, rand.Reader)
		shareV, confirmV, _ := v.Answer(p.Share())
		confirmP, _, err := p.Finish(session, shareV, confirmV)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := v.Finish(confirmP); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDerive(b *testing.B) {
	for b.Loop() {
		Derive([]byte("12345678"), []byte("salt"))
	}
}
