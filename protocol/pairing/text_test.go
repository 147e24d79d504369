package pairing

import (
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
	"rsc.io/qr"
)

func TestIdentity(t *testing.T) {
	p := Pairing{ID: "a#b", Key: Key{1}}
	id, keyID, ok := SplitIdentity(p.Identity())
	if !ok || id != "a#b" || keyID != p.Key.ID() {
		t.Errorf("%q is %q and %q, %t", p.Identity(), id, keyID, ok)
	}
	if (Key{1}).ID() == (Key{2}).ID() {
		t.Error("two keys have one id")
	}
	for _, s := range []string{"", "#12345678", "a", "a#1234567", "a#123456789", "12345678"} {
		if id, keyID, ok := SplitIdentity(s); ok {
			t.Errorf("%q is %q and %q", s, id, keyID)
		}
	}
	long := Pairing{ID: strings.Repeat("x", MaxID)}
	if n := len(long.Identity()); n > 128 {
		t.Errorf("an identity has %d bytes, peers need not take more than 128", n)
	}
}

func TestCode(t *testing.T) {
	c := codeFrom([]byte{0, 0, 0, 0, 0, 0, 0x1e, 0x61, 0, 0, 0, 0, 0, 0, 0, 6 + 2})
	if got := c.String(); got != "007 777 (green, yellow, red)" {
		t.Errorf("%s", got)
	}
	if c.Digits() != "007 777" || c.Colours() != [3]Colour{Green, Yellow, Red} {
		t.Errorf("%s %v", c.Digits(), c.Colours())
	}
	seen := make(map[[3]uint8]bool)
	for colour := Red; colour < colourCount; colour++ {
		r, g, b := colour.RGB()
		if seen[[3]uint8{r, g, b}] = true; colour.String() == "" {
			t.Errorf("colour %d has no name", colour)
		}
	}
	if r, g, b := colourCount.RGB(); len(seen) != 6 || r+g+b != 0 || colourCount.String() != "Colour(6)" {
		t.Errorf("%d colours, then %v", len(seen), colourCount)
	}
	if got := codeFrom([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")); got.digits >= 1_000_000 {
		t.Errorf("%v", got)
	}
}

func TestPasscode(t *testing.T) {
	for _, s := range []string{"12345678", "1234 5678", "1234-5678", " 12 34-56 78\r\n"} {
		p, err := ParsePasscode(s)
		if err != nil || p.Reveal() != "1234 5678" {
			t.Errorf("%q is %q, %v", s, p.Reveal(), err)
		}
	}
	for _, s := range []string{"", "1234567", "123456789", "1234567a", "١٢٣٤٥٦٧٨", "+1234567"} {
		if p, err := ParsePasscode(s); err == nil {
			t.Errorf("%q is %q", s, p.Reveal())
		}
	}
	if got := (Passcode{}).Reveal(); got != "" {
		t.Errorf("no code is %q", got)
	}
	rand := chance(5)
	seen := make(map[Passcode]bool)
	for range 1000 {
		p, err := newPasscode(rand)
		if err != nil || len(p.digits) != 8 || seen[p] {
			t.Fatalf("%q, %v", p.digits, err)
		}
		seen[p] = true
	}
	if _, err := newPasscode(iotest.ErrReader(errDisk)); !errors.Is(err, errDisk) {
		t.Error(err)
	}
}

func TestInvitation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		i := Invitation{
			HubID:    rapid.StringMatching(`[ -~äß&=%+#]{1,20}`).Draw(t, "hub"),
			Address:  rapid.StringMatching(`|[a-z.]{1,20}:5683|\[fe80::1%eth0\]:5683`).Draw(t, "address"),
			Passcode: Passcode{rapid.StringMatching(`[0-9]{8}`).Draw(t, "code")},
		}
		again, err := ParseInvitation(i.URI())
		if err != nil || again != i {
			t.Fatalf("%s: %v", i.URI(), err)
		}
	})
	want := "vapd:pair?at=192.0.2.1%3A5683&code=12345678&hub=org.vapd.hub.test"
	if got := (Invitation{hubID, "192.0.2.1:5683", Passcode{"12345678"}}).URI(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, uri := range []string{
		"", "x", "http://x/", "vapd:pair", "vapd:pair?hub=x", "vapd:pair?code=12345678", "vapd://pair?hub=x&code=12345678",
		"vapd:pair?hub=%00&code=12345678", "vapd:pair?hub=x&code=12345678&at=%0a", want + "&x=" + strings.Repeat("x", maxURI),
	} {
		if i, err := ParseInvitation(uri); err == nil {
			t.Errorf("%q is %+v", uri, i)
		}
	}
}

// What is drawn has every module of the code, and a margin.
func TestQR(t *testing.T) {
	text := Invitation{hubID, "192.168.178.23:5683", Passcode{"12345678"}}.URI()
	drawn, err := QR(text)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(drawn, "\n"), "\n")
	side := code.Size + 2*quiet
	if len(lines) != (side+1)/2 {
		t.Fatalf("%d lines for %d modules", len(lines), side)
	}
	for row, line := range lines {
		line, begins := strings.CutPrefix(line, "\x1b[30;107m")
		line, ends := strings.CutSuffix(line, "\x1b[0m")
		cells := []rune(line)
		if !begins || !ends || len(cells) != side {
			t.Fatalf("line %d: %q", row, line)
		}
		for column, cell := range cells {
			x, y := column-quiet, 2*row-quiet
			top, bottom := cell == '█' || cell == '▀', cell == '█' || cell == '▄'
			if top != code.Black(x, y) || bottom != code.Black(x, y+1) {
				t.Fatalf("module %d, %d is drawn %q", x, y, cell)
			}
		}
	}
	if len(lines) > 30 || side > 60 {
		t.Errorf("%d columns and %d lines do not fit a terminal", side, len(lines))
	}
	if _, err := QR(strings.Repeat("x", 4000)); err == nil {
		t.Error("4000 bytes in a QR code")
	}
}

func TestKeyFile(t *testing.T) {
	h := newHub(t, newStore())
	k, err := h.Export(Satellite{ID: satelliteID, Name: `the "kitchen"`}, "192.0.2.1:5683")
	if err != nil {
		t.Fatal(err)
	}
	if key, ok := h.keys.Key(k.Pairing.Identity()); !ok || key != k.Pairing.Key {
		t.Error("the hub does not have the key that it wrote")
	}
	h.expect(t, Paired)
	path := filepath.Join(t.TempDir(), "kitchen.vapdkey")
	if err := k.Save(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	if again, err := ReadKeyFile(path); err != nil || again != k {
		t.Errorf("read %v: %v", again, err)
	}
	if err := k.Save(filepath.Join(path, "x")); err == nil || strings.Contains(err.Error(), base64.StdEncoding.EncodeToString(k.Pairing.Key[:])) {
		t.Errorf("saved below a file: %v", err)
	}
	if _, err := ReadKeyFile(path + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := h.Export(Satellite{}, ""); err == nil {
		t.Error("a key file for nobody")
	}
	h.keys.err = errDisk
	if _, err := h.Export(me, ""); !errors.Is(err, errDisk) {
		t.Error(err)
	}
}

// One changed character anywhere is noticed, unless it is in a comment.
func TestDamagedKeyFile(t *testing.T) {
	k := KeyFile{Pairing{hubID, "home", satelliteID, "kitchen", Key{1, 2, 3}}, "192.0.2.1:5683"}
	text := k.Encode()
	if again, err := ParseKeyFile(text); err != nil || again != k {
		t.Fatal(err)
	}
	body := strings.Index(string(text), "version")
	rapid.Check(t, func(t *rapid.T) {
		changed := []byte(string(text))
		at := rapid.IntRange(body, len(text)-2).Draw(t, "at")
		changed[at] = rapid.ByteRange(' ', '~').Filter(func(b byte) bool { return b != changed[at] }).Draw(t, "b")
		if got, err := ParseKeyFile(changed); err == nil && got != k {
			t.Fatalf("byte %d as %q is taken", at, changed[at])
		}
	})
	for name, c := range map[string][2]string{
		"version":     {"version = 1", "version = 2"},
		"check":       {"check = '", "check = '0"},
		"key":         {"key = '", "key = 'A"},
		"no key":      {"key = ", "kee = "},
		"another set": {"hub = ", "wifi = 1\nhub = "},
		"no TOML":     {"hub = ", "hub "},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(text), c[0], c[1], 1)
			if changed == string(text) {
				t.Fatalf("no %q in %s", c[0], text)
			}
			if _, err := ParseKeyFile([]byte(changed)); err == nil {
				t.Error("taken")
			}
		})
	}
	if _, err := ParseKeyFile(make([]byte, maxKeyFile+1)); err == nil {
		t.Error("a file of any size is taken")
	}
}

func TestWhoIsRefused(t *testing.T) {
	for _, c := range []Config{
		{Keys: newStore()},
		{HubID: "x\n", Keys: newStore()},
		{HubID: strings.Repeat("x", MaxID+1), Keys: newStore()},
		{HubID: "x", HubName: strings.Repeat("x", MaxName+1), Keys: newStore()},
		{HubID: "x"},
	} {
		if _, err := NewServer(c); err == nil {
			t.Errorf("a server of %q, %q", c.HubID, c.HubName)
		}
	}
	if _, err := NewRotation(RotationConfig{}); err == nil {
		t.Error("a rotation of nothing")
	}
	c := NewClient(ClientConfig{})
	if _, err := c.Push(t.Context(), nil, Satellite{}, nil); err == nil {
		t.Error("nobody was paired")
	}
	if _, err := c.WithCode(t.Context(), nil, Satellite{ID: "\xff"}, "", Passcode{"12345678"}); err == nil {
		t.Error("an id that is no text was paired")
	}
	if _, err := c.WithCode(t.Context(), nil, me, "", Passcode{}); err == nil {
		t.Error("paired without a code")
	}
}
