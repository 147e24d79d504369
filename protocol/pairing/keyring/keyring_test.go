package keyring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vapd/internal/durable"
	"vapd/protocol/pairing"
)

func key(b byte) (k pairing.Key) {
	for i := range k {
		k[i] = b
	}
	return k
}

func pairingOf(hub string, b byte) pairing.Pairing {
	return pairing.Pairing{HubID: hub, HubName: "Hub", ID: "org.vapd.satellite.a", Key: key(b)}
}

func open(t *testing.T, path string) *Keyring {
	t.Helper()
	k, err := Open(durable.File{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// The newer key is tried first, and only one that worked drops the other, also over a
// restart in between.
func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pairings.json")
	steps := []struct {
		name string
		do   func(*Keyring) error
		want []byte // of the keys, in their order
	}{
		{"nothing yet", func(*Keyring) error { return nil }, nil},
		{"paired", func(k *Keyring) error { return k.Offer(pairingOf("hub", 1)) }, []byte{1}},
		{"used", func(k *Keyring) error { return k.Worked(pairingOf("hub", 1)) }, []byte{1}},
		{"another is offered", func(k *Keyring) error { return k.Offer(pairingOf("hub", 2)) }, []byte{2, 1}},
		{"and never used", func(k *Keyring) error { return k.Offer(pairingOf("hub", 3)) }, []byte{3, 1}},
		{"a key that nobody has", func(k *Keyring) error { return k.Worked(pairingOf("hub", 9)) }, []byte{3, 1}},
		{"the new one works", func(k *Keyring) error { return k.Worked(pairingOf("hub", 3)) }, []byte{3}},
		{"the hub did not get it", func(k *Keyring) error {
			return errors.Join(k.Offer(pairingOf("hub", 4)), k.Worked(pairingOf("hub", 3)))
		}, []byte{3}},
		{"another hub", func(k *Keyring) error { return k.Offer(pairingOf("other", 5)) }, []byte{3}},
		{"is forgotten", func(k *Keyring) error { _, err := k.Forget("other"); return err }, []byte{3}},
		{"a key file names the satellite anew", func(k *Keyring) error {
			p := pairingOf("hub", 6)
			p.ID = "org.vapd.satellite.b"
			return k.Offer(p)
		}, []byte{6}},
		{"all are forgotten", (*Keyring).Clear, nil},
	}
	for _, s := range steps {
		if err := s.do(open(t, path)); err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		var got []byte
		for _, p := range open(t, path).Of("hub") {
			got = append(got, p.Key[0])
		}
		if string(got) != string(s.want) {
			t.Errorf("%s: keys %v, want %v", s.name, got, s.want)
		}
	}
}

func TestKeysAreKeptFromOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pairings.json")
	k := open(t, path)
	if err := k.Offer(pairingOf("hub", 7)); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if text := fmt.Sprintf("%v %+v %#v", k.Hubs(), k.Hubs(), k.Of("hub")); strings.Contains(text, "7 7") || strings.Contains(text, "0x7, 0x7") {
		t.Errorf("a key is printed: %s", text)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON":    "x",
		"version":    `{"version":2}`,
		"short key":  `{"version":1,"hubs":[{"id":"h","as":"a","current_key":"AAAA"}]}`,
		"no key":     `{"version":1,"hubs":[{"id":"h","as":"a"}]}`,
		"no id":      `{"version":1,"hubs":[{"as":"a","current_key":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}]}`,
		"not base64": `{"version":1,"hubs":[{"id":"h","as":"a","current_key":"SECRET?"}]}`,
	} {
		path := filepath.Join(t.TempDir(), "pairings.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		k, err := Open(durable.File{Path: path})
		if err == nil || !k.Empty() || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%s: %v, empty %v", name, err, k.Empty())
		}
		if err := k.Offer(pairingOf("hub", 1)); err != nil {
			t.Errorf("%s: pairing again: %v", name, err)
		}
	}
}

func TestNotMoreHubsThanCanBeKept(t *testing.T) {
	k := open(t, filepath.Join(t.TempDir(), "pairings.json"))
	for i := range maxHubs {
		if err := k.Offer(pairingOf(fmt.Sprint(i), 1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Offer(pairingOf("one more", 1)); !errors.Is(err, ErrFull) {
		t.Errorf("one more: %v", err)
	}
	if err := k.Offer(pairingOf("3", 2)); err != nil {
		t.Errorf("one that is known: %v", err)
	}
}

// What can't be saved is not there: the hub must not hear of it.
func TestNothingIsKeptThatIsNotSaved(t *testing.T) {
	k := open(t, filepath.Join(t.TempDir(), "missing", "pairings.json"))
	if err := k.Offer(pairingOf("hub", 1)); err == nil || !k.Empty() {
		t.Errorf("%v, empty %v", err, k.Empty())
	}
}

func FuzzDecode(f *testing.F) {
	good, err := encode([]Hub{{ID: "h", Name: "Hub", As: "a", Keys: pairing.Keyring{Current: key(1), Next: key(2)}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, data []byte) {
		hubs, err := decode(data)
		if err != nil {
			return
		}
		again, err := encode(hubs)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode(again); err != nil {
			t.Errorf("what was written is not read: %v", err)
		}
	})
}
