package pairing

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever is lost, and wherever either side stops, hub and satellite keep a key in common
// once one was used.
func TestKeyringNeverLocksOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var hub, satellite Keyring
		var n byte
		fresh := func() Key { n++; return Key{n} }
		// The first pairing: both have it, or neither counts as paired.
		first := fresh()
		hub, satellite = hub.Offer(first), satellite.Offer(first)
		// connect is what a satellite does until a key works. Each handshake may break off
		// after the hub has finished it, and the satellite not.
		connect := func(t *rapid.T) {
			for range 20 {
				for _, k := range []Key{satellite.Next, satellite.Current} {
					if k == (Key{}) || rapid.IntRange(0, 3).Draw(t, "lost") == 0 {
						continue
					}
					if _, ok := hub.Find(k.ID()); !ok {
						continue
					}
					hub = hub.UsedByPeer(k)
					if rapid.IntRange(0, 3).Draw(t, "last flight lost") == 0 {
						continue
					}
					satellite = satellite.Worked(k)
					return
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"connect": connect,
			// A rotation is stored by the satellite first, a second pairing by the hub. A
			// rotation needs a link, and so a key that worked.
			"agree": func(t *rapid.T) {
				if satellite.Current == (Key{}) {
					t.Skip("no key has worked yet")
				}
				k := fresh()
				stored := rapid.SampledFrom([]string{"satellite", "hub", "both"}).Draw(t, "stored by")
				if stored != "hub" {
					satellite = satellite.Offer(k)
				}
				if stored != "satellite" {
					hub = hub.Offer(k)
				}
			},
			"": func(t *rapid.T) {
				for _, k := range []Key{satellite.Next, satellite.Current} {
					if _, ok := hub.Find(k.ID()); ok && k != (Key{}) {
						return
					}
				}
				t.Fatalf("hub %x %x, satellite %x %x: locked out", hub.Current[:1], hub.Next[:1], satellite.Current[:1], satellite.Next[:1])
			},
		})
	})
}

func TestKeyring(t *testing.T) {
	a, b, c := Key{1}, Key{2}, Key{3}
	var r Keyring
	if _, ok := r.Find(Key{}.ID()); ok {
		t.Error("an empty keyring has the zero key")
	}
	for name, c := range map[string]struct{ got, want Keyring }{
		"first":                   {r.Offer(a), Keyring{Next: a}},
		"offered over one":        {r.Offer(a).Offer(b), Keyring{Next: b}},
		"used":                    {r.Offer(a).UsedByPeer(a), Keyring{Current: a}},
		"rotated":                 {Keyring{Current: a}.Offer(b), Keyring{a, b}},
		"hub, new used":           {Keyring{a, b}.UsedByPeer(b), Keyring{Current: b}},
		"hub, old used":           {Keyring{a, b}.UsedByPeer(a), Keyring{a, b}},
		"hub, none used":          {Keyring{a, b}.UsedByPeer(c), Keyring{a, b}},
		"hub, zero used":          {Keyring{Current: a}.UsedByPeer(Key{}), Keyring{Current: a}},
		"satellite, new worked":   {Keyring{a, b}.Worked(b), Keyring{Current: b}},
		"satellite, old worked":   {Keyring{a, b}.Worked(a), Keyring{Current: a}},
		"satellite, other worked": {Keyring{a, b}.Worked(c), Keyring{a, b}},
		"satellite, zero worked":  {Keyring{Next: b}.Worked(Key{}), Keyring{Next: b}},
	} {
		if c.got != c.want {
			t.Errorf("%s: %x, want %x", name, [2]Key{c.got.Current, c.got.Next}, [2]Key{c.want.Current, c.want.Next})
		}
	}
}
