package hub

import (
	"errors"
	"log/slog"
	"testing"

	"vapd/hub/api"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

// rotate asks the hub for a new key of d.
func rotate(t *testing.T, h *Hub, d *device) error {
	t.Helper()
	_, err := h.Do(t.Context(), owner, api.RotateKey{ID: d.me.ID})
	return err
}

// mustEnter fails unless d comes in, and hub and satellite then have one key, the same.
func mustEnter(t *testing.T, h *Hub, d *device) pairing.Key {
	t.Helper()
	if _, err := d.enter(h); err != nil {
		t.Fatal(err)
	}
	k := d.keys()
	if c := known(t, h, d.me.ID); c.Key != "paired" || !c.Encrypted || k.Next != (pairing.Key{}) {
		t.Fatalf("the hub: %+v; the satellite has another key: %v", c, k.Next != pairing.Key{})
	}
	return k.Current
}

func TestRotate(t *testing.T) {
	t.Parallel()
	h := start(t, "", strangers)
	d := newDevice(t, "org.example.kitchen", pairing.Keyring{}, slog.New(slog.DiscardHandler))
	if err := rotate(t, h, d); err == nil {
		t.Error("the key of a satellite that nobody knows is rotated")
	}
	if err := d.pair(h, pairing.ByFile); err != nil {
		t.Fatal(err)
	}
	first := mustEnter(t, h, d)
	old, err := d.Hub()
	if err != nil {
		t.Fatal(err)
	}
	if err := rotate(t, h, d); err != nil {
		t.Fatal(err)
	}
	if c := known(t, h, d.me.ID); c.Key != "rotating" || !c.Connected || c.Name != d.me.Name {
		t.Errorf("before the new key is used: %+v", c)
	}
	if err := d.Ping(t.Context()); err != nil {
		t.Errorf("the connection under the old key: %v", err)
	}
	if second := mustEnter(t, h, d); second == first {
		t.Error("the key is the same")
	}
	if err := d.Ping(t.Context()); err != nil {
		t.Errorf("the connection under the new key: %v", err)
	}
	if _, err := d.Connect(t.Context(), old, ""); err == nil {
		t.Error("the old key's connection stands")
	}
	as := pairing.Pairing{ID: d.me.ID, Key: first}
	thief := newDevice(t, d.me.ID, pairing.Keyring{}, slog.New(slog.DiscardHandler))
	if _, err := thief.transport.Associate(t.Context(), h.AddrDTLS(), dtls.Credentials{Identity: as.Identity(), Key: first[:]}); !errors.Is(err, dtls.ErrRefused) {
		t.Errorf("the old key: %v", err)
	}
}

// A crash of either side, at any step of a rotation, leaves both with a key in common.
func TestACrashWhileTheKeyIsReplaced(t *testing.T) {
	crash := errors.New("crash")
	for name, c := range map[string]struct {
		hub       bool // before it kept the new key
		satellite bool // before it did
		same      bool // the key is the old one afterwards
	}{
		"both, before the new key is used":   {},
		"the hub, before it kept it":         {hub: true, same: true},
		"the satellite, before it kept it":   {satellite: true, same: true},
		"both, before either of them did so": {hub: true, satellite: true, same: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			h, stop := startIn(t, dir, "", strangers)
			defer func() { stop() }()
			d := newDevice(t, "org.example.kitchen", pairing.Keyring{}, slog.New(slog.DiscardHandler))
			if err := d.pair(h, pairing.ByFile); err != nil {
				t.Fatal(err)
			}
			before := mustEnter(t, h, d)
			doors := h.doors
			d.mu.Lock()
			d.disk = func() error {
				if c.hub { // the answer, which follows, finds nobody
					doors.revoke(d.me.ID, "")
				}
				if c.satellite {
					return crash
				}
				return nil
			}
			d.mu.Unlock()
			if err := rotate(t, h, d); (err == nil) == (c.hub || c.satellite) {
				t.Errorf("rotated: %v", err)
			}
			stop()
			h, stop = startIn(t, dir, "", strangers)
			again := newDevice(t, d.me.ID, d.keys(), slog.New(slog.DiscardHandler)) // what is on its disk
			if after := mustEnter(t, h, again); (after == before) != c.same {
				t.Errorf("the old key is in use: %v", after == before)
			}
			if err := rotate(t, h, again); err != nil {
				t.Errorf("rotated again: %v", err)
			}
			mustEnter(t, h, again)
		})
	}
}

// The keys are on the disk before a pairing is done.
func TestPairingsSurviveARestartOfTheHub(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h, stop := startIn(t, dir, "", strangers)
	d := newDevice(t, "org.example.kitchen", pairing.Keyring{}, slog.New(slog.DiscardHandler))
	if err := d.pair(h, pairing.ByPush); err != nil {
		t.Fatal(err)
	}
	stop()
	h, stop = startIn(t, dir, "", strangers)
	first := mustEnter(t, h, d)
	stop()
	h, stop = startIn(t, dir, "", openMode)
	defer stop()
	if _, err := d.enterPlainly(h, ""); !is(err, vap.TypePairingRequired) {
		t.Errorf("plainly, to a hub that was opened: %v", err)
	}
	if mustEnter(t, h, d) != first {
		t.Error("another key")
	}
}
