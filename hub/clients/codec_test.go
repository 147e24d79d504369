package clients

import (
	"maps"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vapd/protocol/pairing"
)

func TestWhatIsKeptIsWhatWasKnown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		moment := rapid.Custom(func(t *rapid.T) time.Time { return time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "s"), 0).UTC() })
		key := rapid.Custom(func(t *rapid.T) (k pairing.Key) {
			copy(k[:], rapid.SliceOfN(rapid.Byte(), 0, pairing.KeySize).Draw(t, "key"))
			return k
		})
		var address netip.Addr
		_ = address.UnmarshalBinary(rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")) // four bytes are one
		seen := moment.Draw(t, "last")
		want := client{
			ID: rapid.String().Draw(t, "id"), Name: rapid.String().Draw(t, "name"), State: Approved,
			TokenHash: rapid.SliceOfN(rapid.Byte(), 1, 32).Draw(t, "hash"), TokenUsed: rapid.Bool().Draw(t, "used"),
			Keys:    pairing.Keyring{Current: key.Draw(t, "current"), Next: key.Draw(t, "next")},
			Address: address, FirstSeen: moment.Draw(t, "first"), LastSeen: seen, kept: seen,
		}
		got, err := decode(want.ID, encode(&want))
		if err != nil {
			t.Fatal(err)
		}
		if string(got.TokenHash) != string(want.TokenHash) {
			t.Fatalf("hash %x became %x", want.TokenHash, got.TokenHash)
		}
		got.TokenHash, want.TokenHash = nil, nil
		if got.ID != want.ID || got.Name != want.Name || got.Keys != want.Keys || got.Address != want.Address ||
			got.TokenUsed != want.TokenUsed || got.FirstSeen != want.FirstSeen || got.LastSeen != want.LastSeen {
			t.Fatalf("%+v became %+v", want, got)
		}
	})
}

func TestImportOfClientsJSON(t *testing.T) {
	const old = `{"version":1,"clients":[
		{"id":"a","name":"hall","state":"approved","token_sha256":"aGFzaCBvZiB0","token_used":true,"address":"192.0.2.7","first_seen":"2025-01-02T03:04:05Z","last_seen":"2025-01-02T03:04:05Z"},
		{"id":"b","name":"","state":"denied","token_used":false,"address":"","first_seen":"2025-01-02T03:04:05Z","last_seen":"2025-01-02T03:04:05Z"},
		{"id":"c","name":"","state":"pending","token_used":false,"address":"192.0.2.9","first_seen":"2025-01-02T03:04:05Z","last_seen":"2025-01-02T03:04:05Z"}]}`
	f := open(t, ApproveAsk)
	if err := Import(f.store, []byte(old)); err != nil {
		t.Fatal(err)
	}
	f.reopen(t, ApproveAsk)
	if list := f.List(); len(list) != 2 || list[0].ID != "a" || list[0].State != Approved || list[0].Name != "hall" || list[1].State != Denied {
		t.Errorf("clients %+v", list)
	}
	if token, err := f.visit(from("a", kitchen, "t")); token != "" || err != nil {
		t.Errorf("the token from before: %q, %v", token, err)
	}
	for _, data := range []string{"{", `{"version":2}`, `{"version":1,"clients":[{"address":"nowhere"}]}`} {
		m := &memory{data: map[string][]byte{}}
		if err := Import(m, []byte(data)); err == nil || len(m.data) > 0 {
			t.Errorf("%s was taken", data)
		}
	}
}

func TestARecordThatMakesNoSenseIsAnError(t *testing.T) {
	for _, data := range []string{"", "{", `{"address":"nowhere"}`, `{"key":"AAAA"}`} {
		if _, err := Open(Config{Store: &memory{data: map[string][]byte{"a": []byte(data)}}}); err == nil {
			t.Errorf("%q was taken", data)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"name":"b","state":"approved","token_sha256":"aGFzaA==","token_used":true,"address":"192.0.2.7"}`))
	f.Add([]byte(`{"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","address":""}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decode("a", data)
		if err != nil {
			return
		}
		again, err := decode("a", encode(c))
		if err != nil || again.Keys != c.Keys || again.Name != c.Name {
			t.Fatalf("%+v became %+v, %v", c, again, err)
		}
	})
}

func FuzzImport(f *testing.F) {
	f.Add([]byte(`{"version":1,"clients":[{"id":"a","name":"b","state":"approved","token_sha256":"aGFzaA==","token_used":true,"address":"192.0.2.7"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &memory{data: make(map[string][]byte)}
		if Import(m, data) != nil {
			return
		}
		delete(m.data, "") // the store refuses it
		for id, record := range maps.All(m.data) {
			if _, err := decode(id, record); err != nil {
				t.Fatalf("what was imported can't be read: %v", err)
			}
		}
	})
}
