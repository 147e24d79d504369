package spake2plus

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/sha512"
	_ "embed"
	"encoding/hex"
	"hash"
	"math/big"
	"strings"
	"testing"

	"filippo.io/nistec"
)

//go:embed testdata/rfc9383.txt
var rfc9383 string

// vector is one of RFC 9383's, by its own names.
type vector map[string]string

func vectors(t *testing.T) []vector {
	t.Helper()
	var all []vector
	for line := range strings.Lines(rfc9383) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), " = ")
		switch {
		case !ok:
			continue
		case name == "context":
			all = append(all, vector{})
		}
		all[len(all)-1][name] = value
	}
	if len(all) != 7 {
		t.Fatalf("%d vectors, the RFC has 7", len(all))
	}
	return all
}

func (v vector) bytes(t *testing.T, name string) []byte {
	t.Helper()
	b, err := hex.DecodeString(v[name])
	if err != nil || len(b) == 0 {
		t.Fatalf("%s: %q: %v", name, v[name], err)
	}
	return b
}

func (v vector) session() Session {
	return Session{[]byte(v["context"]), []byte(v["idProver"]), []byte(v["idVerifier"])}
}

// Every vector of the RFC's appendix C, by the code that P-256 with SHA-256 uses as well.
func TestVectors(t *testing.T) {
	p384 := func(h func() hash.Hash) suite[*nistec.P384Point] {
		return suite[*nistec.P384Point]{
			newPoint: nistec.NewP384Point,
			m:        unhex(t, "030ff0895ae5ebf6187080a82d82b42e2765e3b2f8749c7e05eba366434b363d3dc36f15314739074d2eb8613fceec2853"),
			n:        unhex(t, "02c72cf2e390853a1c1c4ad816a62fd15824f56078918f43f922ca21518f9c543bb252c5490214cf9aa3f0baab4b665c10"),
			order:    elliptic.P384().Params().N,
			hash:     h, mac: hmacOf(h), macKey: h().Size(),
		}
	}
	p521 := suite[*nistec.P521Point]{
		newPoint: nistec.NewP521Point,
		m:        unhex(t, "02003f06f38131b2ba2600791e82488e8d20ab889af753a41806c5db18d37d85608cfae06b82e4a72cd744c719193562a653ea1f119eef9356907edc9b56979962d7aa"),
		n:        unhex(t, "0200c7924b9ec017f3094562894336a53c50167ba8c5963876880542bc669e494b2532d76c5b53dfb349fdf69154b9e0048c58a42e8ed04cef052a3bc349d95575cd25"),
		order:    elliptic.P521().Params().N,
		hash:     sha512.New, mac: hmacOf(sha512.New), macKey: sha512.Size,
	}
	p256of := func(h func() hash.Hash, mac func(key, data []byte) []byte, macKey int) suite[*p256Point] {
		s := p256()
		s.hash, s.mac, s.macKey = h, mac, macKey
		return s
	}
	run := map[string]func(*testing.T, vector){
		"P256-SHA256-HKDF-SHA256-HMAC-SHA256":  func(t *testing.T, v vector) { try(t, p256(), v) },
		"P256-SHA512-HKDF-SHA512-HMAC-SHA512":  func(t *testing.T, v vector) { try(t, p256of(sha512.New, hmacOf(sha512.New), sha512.Size), v) },
		"P384-SHA256-HKDF-SHA256-HMAC-SHA256":  func(t *testing.T, v vector) { try(t, p384(sha256.New), v) },
		"P384-SHA512-HKDF-SHA512-HMAC-SHA512":  func(t *testing.T, v vector) { try(t, p384(sha512.New), v) },
		"P521-SHA512-HKDF-SHA512-HMAC-SHA512":  func(t *testing.T, v vector) { try(t, p521, v) },
		"P256-SHA256-HKDF-SHA256-CMAC-AES-128": func(t *testing.T, v vector) { try(t, p256of(sha256.New, cmac, 16), v) },
		"P256-SHA512-HKDF-SHA512-CMAC-AES-128": func(t *testing.T, v vector) { try(t, p256of(sha512.New, cmac, 16), v) },
	}
	for _, v := range vectors(t) {
		name := strings.TrimSuffix(strings.TrimPrefix(v["context"], "SPAKE2+-"), " Test Vectors")
		if run[name] == nil {
			t.Errorf("no suite %q", name)
			continue
		}
		t.Run(name, func(t *testing.T) { run[name](t, v) })
	}
}

// try runs both sides with the numbers of v and compares all that it names. K_main and
// the keys of the confirmations are in the confirmations.
func try[P point[P]](t *testing.T, s suite[P], v vector) {
	check := func(name string, got []byte) {
		t.Helper()
		if want := v.bytes(t, name); !bytes.Equal(got, want) {
			t.Errorf("%s is\n%x, want\n%x", name, got, want)
		}
	}
	w0, w1 := v.bytes(t, "w0"), v.bytes(t, "w1")
	l, err := s.newPoint().ScalarBaseMult(w1)
	if err != nil {
		t.Fatal(err)
	}
	check("L", l.Bytes())
	p, err := s.newProver(w0, w1, v.bytes(t, "x"))
	if err != nil {
		t.Fatal(err)
	}
	check("shareP", p.share)
	r := s.newVerifier(w0, l, v.bytes(t, "y"))
	shareV, k, err := r.answer(v.session(), p.share)
	if err != nil {
		t.Fatal(err)
	}
	check("shareV", shareV)
	check("confirmV", k.confirmV)
	check("confirmP", k.confirmP)
	check("K_shared", k.shared)

	for who, points := range map[string]func() (P, P, error){
		"prover":   func() (P, P, error) { return p.points(shareV) },
		"verifier": func() (P, P, error) { return r.points(p.share) },
	} {
		z, pv, err := points()
		if err != nil {
			t.Fatalf("%s: %v", who, err)
		}
		check("Z", z.Bytes())
		check("V", pv.Bytes())
		check("TT", s.transcript(v.session(), p.share, shareV, z, pv, w0))
	}
	confirmP, key, err := p.finish(v.session(), shareV, k.confirmV)
	if err != nil {
		t.Fatal(err)
	}
	check("confirmP", confirmP)
	check("K_shared", key)
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// cmac is CMAC with AES (RFC 4493, NIST SP 800-38B), for two of the vectors.
func cmac(key, data []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	double := func(b []byte) []byte {
		v := new(big.Int).Lsh(new(big.Int).SetBytes(b), 1)
		if v.Bit(128) == 1 {
			v.SetBit(v, 128, 0)
			v.Xor(v, big.NewInt(0x87))
		}
		return v.FillBytes(make([]byte, aes.BlockSize))
	}
	zero := make([]byte, aes.BlockSize)
	block.Encrypt(zero, zero)
	mask := double(zero)
	if len(data) == 0 || len(data)%aes.BlockSize != 0 {
		mask = double(mask)
		data = append(bytes.Clone(data), 0x80)
		data = append(data, make([]byte, (aes.BlockSize-len(data)%aes.BlockSize)%aes.BlockSize)...)
	}
	data = bytes.Clone(data)
	last := data[len(data)-aes.BlockSize:]
	for i := range last {
		last[i] ^= mask[i]
	}
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(data, data)
	return data[len(data)-aes.BlockSize:]
}
