package skill

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vapd/protocol/discovery"
	"vapd/protocol/pairing"
	"vapd/protocol/pairing/keyring"
)

func TestHostPort(t *testing.T) {
	for in, want := range map[string]string{
		"hub.lan": "hub.lan:5683", "hub.lan:5700": "hub.lan:5700", "192.0.2.1": "192.0.2.1:5683", "192.0.2.1:1": "192.0.2.1:1",
		"2001:db8::1": "[2001:db8::1]:5683", "[2001:db8::1]": "[2001:db8::1]:5683", "[fe80::1%eth0]:5700": "[fe80::1%eth0]:5700",
		"fe80::1%eth0": "[fe80::1%eth0]:5683",
	} {
		if got := hostPort(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// ring is a keyring with a key of each hub.
func ring(t *testing.T, hubs ...string) *keyring.Keyring {
	t.Helper()
	k, err := keyring.Open(empty{})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range hubs {
		if err := k.Offer(pairing.Pairing{HubID: id, ID: pairing.SkillID("org.example.dice"), Key: pairing.Key{1}}); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

func TestOfSeveralHubs(t *testing.T) {
	hub := func(id string, n byte) discovery.Candidate {
		return discovery.Candidate{ID: id, Name: "the " + id, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 5683)}
	}
	a, b, foreign := hub("a", 1), hub("b", 2), hub("", 3)
	for name, c := range map[string]struct {
		found []discovery.Candidate
		keys  []string
		want  discovery.Candidate
		err   []string
	}{
		"none":                       {nil, nil, discovery.Candidate{}, []string{"no hub answers", "VAP_HUB"}},
		"one":                        {[]discovery.Candidate{a}, nil, a, nil},
		"one that says nothing":      {[]discovery.Candidate{foreign}, nil, foreign, nil},
		"two":                        {[]discovery.Candidate{b, a}, nil, discovery.Candidate{}, []string{`"the a" at 192.0.2.1:5683, "the b" at 192.0.2.2:5683`, "VAP_HUB"}},
		"two, paired with one":       {[]discovery.Candidate{b, a}, []string{"a"}, a, nil},
		"two, paired with both":      {[]discovery.Candidate{b, a, foreign}, []string{"a", "b"}, discovery.Candidate{}, []string{`"the a" at 192.0.2.1:5683, "the b" at 192.0.2.2:5683:`}},
		"another than that paired":   {[]discovery.Candidate{b}, []string{"a"}, discovery.Candidate{}, []string{"the hub that it is paired with does not answer", "the b", "VAP_HUB"}},
		"none, and paired with some": {nil, []string{"a"}, discovery.Candidate{}, []string{"no hub answers"}},
	} {
		got, err := only(c.found, ring(t, c.keys...))
		if got != c.want || (err != nil) != (c.err != nil) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		for _, want := range c.err {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", name, err, want)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	const id = "org.example.dice"
	dir := filepath.Join(t.TempDir(), "state")
	k, err := OpenKeys(id, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	file := func(hub, skill string) pairing.KeyFile {
		return pairing.KeyFile{Pairing: pairing.Pairing{HubID: hub, HubName: "the " + hub, ID: skill, Key: pairing.Key{1}}, Address: "192.0.2.1:5683"}
	}
	for _, other := range []string{id, pairing.SkillID("org.example.weather")} { // a satellite's, another skill's
		if err := k.Import(file("a", other)); err == nil || !strings.Contains(err.Error(), "not for this skill") {
			t.Errorf("a key for %s: %v", other, err)
		}
	}
	if _, err := k.Forget(""); err == nil {
		t.Error("what is not there is forgotten")
	}
	for _, hub := range []string{"a", "b"} {
		if err := k.Import(file(hub, pairing.SkillID(id))); err != nil {
			t.Fatal(err)
		}
	}
	if hubs, err := k.Hubs(); err != nil || len(hubs) != 2 || hubs[0] != (Hub{"a", "the a", "192.0.2.1:5683"}) {
		t.Errorf("%+v, %v", hubs, err)
	}
	if _, err := k.Forget(""); err == nil || !strings.Contains(err.Error(), "a (the a), b (the b)") {
		t.Errorf("one of two: %v", err)
	}
	if h, err := k.Forget("the a"); err != nil || h.ID != "a" {
		t.Errorf("%+v, %v", h, err)
	}
	path := filepath.Join(dir, "pairings.json")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	// What is damaged is told, and pairing again is the remedy.
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Hubs(); err == nil || !strings.Contains(err.Error(), "pair again") {
		t.Errorf("damaged: %v", err)
	}
	if err := k.Import(file("c", pairing.SkillID(id))); err != nil {
		t.Error(err)
	}
	if hubs, err := k.Hubs(); err != nil || len(hubs) != 1 {
		t.Errorf("%+v, %v", hubs, err)
	}
	for _, wrong := range []string{"", "no id", "../../etc", strings.Repeat("x", pairing.MaxSkillID+1)} {
		if _, err := OpenKeys(wrong, dir, nil); err == nil {
			t.Errorf("%q is the id of a skill", wrong)
		}
	}
}
