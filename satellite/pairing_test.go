package satellite

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vapd/board"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
	"vapd/satellite/hubtest"
)

const satelliteID = "org.vapd.satellite.test"

// owner is who stands at the hub.
type owner struct {
	mu     sync.Mutex
	events []pairing.Event
	does   func(*hubtest.Hub, pairing.Event)
}

func (o *owner) told(h *hubtest.Hub, e pairing.Event) {
	o.mu.Lock()
	o.events = append(o.events, e)
	does := o.does
	o.mu.Unlock()
	if does != nil {
		does(h, e)
	}
}

// last is the last event of a kind.
func (o *owner) last(k pairing.Kind) (e pairing.Event, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, one := range o.events {
		if one.Kind == k {
			e, ok = one, true
		}
	}
	return e, ok
}

// approves is an owner who says yes to whatever is shown.
func approves(h *hubtest.Hub, e pairing.Event) {
	if e.Kind == pairing.Compare {
		_ = h.Pairing.Approve(e.Code)
	}
}

// journal is a log that is written by many.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// strange is a home whose satellite and hub are not paired, and not on one machine.
type strange struct {
	*home
	owner *owner
	log   *journal
}

func newStrange(t *testing.T, does func(*hubtest.Hub, pairing.Event)) *strange {
	t.Helper()
	h := &strange{home: prepare(t), owner: &owner{does: does}, log: new(journal)}
	h.network, h.keys, h.told = hubtest.NewNetwork(), hubtest.NewKeys(), h.owner.told
	h.change = func(c *Config) {
		c.Local = func(netip.Addr) bool { return false }
		c.Logger = slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	h.begin(speaks())
	h.until("unpaired", func(v control.SatelliteState) bool { return v.Link.State == "unpaired" })
	return h
}

// pair pairs by the key, with an owner who approves.
func (h *strange) pair() {
	h.t.Helper()
	if err := h.hub.Pairing.OpenPush(); err != nil {
		h.t.Fatal(err)
	}
	h.hold(3 * time.Second)
	h.until("code", pairingIs("comparing"))
	h.board.Tap(board.MainKey)
	h.until("paired", pairingIs("paired"))
	h.until("link", encrypted)
}

func (h *home) hold(d time.Duration) {
	h.board.Set(board.MainKey, true)
	h.after(d + 100*time.Millisecond)
	h.board.Set(board.MainKey, false)
	h.after(10 * time.Millisecond)
}

func pairingIs(state string) func(control.SatelliteState) bool {
	return func(v control.SatelliteState) bool { return v.Pairing.State == state }
}

func encrypted(v control.SatelliteState) bool { return v.Link.State == "up" && v.Link.Encrypted }

// ring is the satellite's keyring for the hub.
func (h *strange) ring() pairing.Keyring {
	for _, one := range h.Satellite.keys.Hubs() {
		if one.ID == hubID {
			return one.Keys
		}
	}
	return pairing.Keyring{}
}

// noSecrets fails when a key is in the log, however it is written.
func (h *strange) noSecrets() {
	h.t.Helper()
	ring := h.ring()
	for _, k := range []pairing.Key{ring.Current, ring.Next} {
		if k == (pairing.Key{}) {
			continue
		}
		for _, secret := range []string{
			string(k[:]), hex.EncodeToString(k[:]), base64.StdEncoding.EncodeToString(k[:]), fmt.Sprint([32]byte(k)), fmt.Sprintf("%q", k[:]),
		} {
			if strings.Contains(strings.ToLower(h.log.String()), strings.ToLower(secret)) {
				h.t.Error("a key is in the log")
			}
		}
	}
}

// A person holds the key, compares, presses it; the owner approves at the hub. From then
// on the two find each other, also after a restart of both.
func TestPairByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, nil)
		h.hold(3 * time.Second)
		v := h.until("seeking", pairingIs("seeking"))
		if v.LEDs[0] == "#000000" {
			t.Errorf("LEDs are %v", v.LEDs)
		}
		h.until("asked", func(control.SatelliteState) bool { _, asked := h.owner.last(pairing.Asked); return asked })
		if err := h.hub.Pairing.OpenPush(); err != nil {
			t.Fatal(err)
		}
		v = h.until("code", pairingIs("comparing"))
		asks, _ := h.owner.last(pairing.Compare)
		if v.Pairing.Digits != asks.Code.Digits() || len(v.Pairing.Colours) != 3 || v.Pairing.Colours[2] != asks.Code.Colours()[2].String() {
			t.Errorf("the satellite shows %+v, the hub %v", v.Pairing, asks.Code)
		}
		r, g, b := asks.Code.Colours()[0].RGB()
		h.until("the first colour", func(v control.SatelliteState) bool {
			return v.LEDs[0] == fmt.Sprintf("#%02x%02x%02x", r, g, b)
		})
		h.board.Tap(board.MainKey)
		h.until("agreed", pairingIs("agreed"))
		if err := h.hub.Pairing.Approve(asks.Code); err != nil {
			t.Fatal(err)
		}
		h.until("paired", pairingIs("paired"))
		v = h.until("link", encrypted)
		if len(v.Pairing.Hubs) != 1 || v.Pairing.Hubs[0] != (control.PairedHub{ID: hubID, Name: "home"}) {
			t.Errorf("%+v", v.Pairing)
		}
		if h.ring().Current != h.keys.Ring(satelliteID).Current || h.ring().Next != (pairing.Key{}) {
			t.Error("the two have no key in common, or more than one")
		}
		h.happen(Typed{"what time is it"})
		h.until("spoken", inState("speaking"))
		h.noSecrets()

		h.stop()
		h.stopHub()
		h.startHub(speaks())
		h.start()
		h.until("link after a restart", encrypted)
	})
}

// What keeps a pairing from being one leaves the satellite as it was.
func TestPairingThatIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		does func(*hubtest.Hub, pairing.Event)
		hand func(*strange)
		want string
	}{
		"by the person here": {approves, func(h *strange) { h.hold(3 * time.Second) }, "cancelled"},
		"by the owner": {func(h *hubtest.Hub, e pairing.Event) {
			if e.Kind == pairing.Compare {
				h.Pairing.Deny()
			}
		}, func(*strange) {}, "does not pair now"},
		"by nobody in time":        {nil, func(*strange) {}, "does not pair now"},
		"approved by a hub alone":  {approves, func(*strange) {}, "does not pair now"},
		"agreed by a person alone": {nil, func(h *strange) { h.board.Tap(board.MainKey) }, "does not pair now"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := newStrange(t, c.does)
				if err := h.hub.Pairing.OpenPush(); err != nil {
					t.Fatal(err)
				}
				h.hold(3 * time.Second)
				h.until("code", func(v control.SatelliteState) bool {
					return v.Pairing.State == "comparing" || v.Pairing.State == "failed"
				})
				c.hand(h)
				var v control.SatelliteState
				for range 5 { // a window is two minutes
					if v = h.after(time.Minute); v.Pairing.State == "idle" {
						break
					}
				}
				if !strings.Contains(v.Pairing.Error, c.want) || len(v.Pairing.Hubs) != 0 || v.Link.State != "unpaired" || v.Pairing.State != "idle" {
					t.Errorf("%+v, link %s", v.Pairing, v.Link.State)
				}
				h.owner.mu.Lock()
				h.owner.does = approves
				h.owner.mu.Unlock()
				h.pair() // works again
			})
		})
	}
}

func TestPairWithCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, nil)
		open := func() pairing.Invitation {
			t.Helper()
			i, err := h.hub.Pairing.OpenCode("")
			if err != nil {
				t.Fatal(err)
			}
			return i
		}
		ask := func(p control.PairOrder) {
			t.Helper()
			o, err := pairOrder(p)
			if err != nil {
				t.Fatal(err)
			}
			h.happen(PairAsked{o})
		}
		open()
		ask(control.PairOrder{Code: "0000 0000"})
		if v := h.until("refusal", pairingIs("failed")); !strings.Contains(v.Pairing.Error, "code is wrong") {
			t.Errorf("%+v", v.Pairing)
		}
		code := open().Passcode.Reveal()
		ask(control.PairOrder{Code: code, Hub: hubAddr.String()})
		h.until("paired", pairingIs("paired"))
		h.until("link", encrypted)
		for _, written := range []string{code, strings.ReplaceAll(code, " ", "")} {
			if strings.Contains(h.log.String(), written) {
				t.Error("the code is in the log")
			}
		}
		h.noSecrets()
		if _, err := h.unpair(""); err != nil {
			t.Fatal(err)
		}
		h.until("unpaired", func(v control.SatelliteState) bool { return v.Link.State == "unpaired" && len(v.Pairing.Hubs) == 0 })
		ask(control.PairOrder{Code: open().URI()})
		h.until("link", encrypted)
	})
}

// A key file names the satellite, which is that one to this hub, and itself to others.
func TestPairWithAKeyFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, nil)
		f, err := h.hub.Pairing.Export(pairing.Satellite{ID: "org.vapd.satellite.kitchen", Name: "kitchen"}, hubAddr.String())
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Import(f); err != nil {
			t.Fatal(err)
		}
		v := h.until("link", encrypted)
		if v.ID != satelliteID || v.Pairing.Hubs[0].As != "org.vapd.satellite.kitchen" {
			t.Errorf("%s, %+v", v.ID, v.Pairing)
		}
		if _, there := h.hub.Server.Peer("org.vapd.satellite.kitchen"); !there {
			t.Error("the hub does not know it by the name of the file")
		}
		h.happen(Typed{"what time is it"})
		h.until("spoken", inState("speaking"))
		h.until("idle", inState("idle"))
		h.happen(ListenPressed{})
		h.until("spoken to a voice", inState("speaking"))
		h.noSecrets()
	})
}

// The hub's new key is in use soon, and the old one void, while turns go on.
func TestANewKeyIsUsed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, approves)
		h.pair()
		old := h.ring().Current
		peer, _ := h.hub.Server.Peer(satelliteID)
		if err := h.hub.Pairing.Rotate(t.Context(), peer); err != nil {
			t.Fatal(err)
		}
		if r := h.ring(); r.Current != old || r.Next == (pairing.Key{}) {
			t.Error("the new key is not beside the old one")
		}
		h.happen(ListenPressed{})
		h.until("speaking", inState("speaking"))
		if r := h.ring(); r.Current != old {
			t.Error("the key changed in a turn")
		}
		h.until("idle", inState("idle"))
		h.after(2 * rekeyAfter)
		h.until("link", encrypted)
		if r, there := h.ring(), h.keys.Ring(satelliteID); r.Current == old || r.Next != (pairing.Key{}) || r != there {
			t.Error("the old key is still valid")
		}
		h.noSecrets()
	})
}

// The power fails while the two agree: at any moment they are paired, or pairing again
// makes them so.
func TestPowerFailsInAPairing(t *testing.T) {
	for after := time.Duration(0); after < 4*time.Second; after += 310 * time.Millisecond {
		for _, who := range []string{"satellite", "hub"} {
			synctest.Test(t, func(t *testing.T) {
				h := newStrange(t, approves)
				if err := h.hub.Pairing.OpenPush(); err != nil {
					t.Fatal(err)
				}
				h.hold(3 * time.Second)
				h.after(after / 2)
				h.board.Tap(board.MainKey)
				h.after(after / 2)
				if who == "hub" {
					h.stopHub()
					h.startHub(speaks())
				} else {
					h.stop()
					h.start()
				}
				h.after(10 * time.Second)
				if encrypted(h.view(new(usage))) {
					return
				}
				if who == "hub" && h.view(new(usage)).Pairing.State != "idle" {
					h.happen(PairCancelled{})
					h.after(4 * time.Second)
				}
				h.pair()
			})
		}
	}
}

// Somebody announces the id of the satellite's hub, at an address of his own.
func TestARogueHubGetsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, approves)
		h.pair()
		h.stopHub()
		genuine := h.keys
		h.keys = hubtest.NewKeys() // the rogue's
		h.startHub(speaks())
		h.until("away", func(v control.SatelliteState) bool { return v.Link.State != "up" })
		v := h.after(time.Minute)
		if v.Link.State == "up" || h.hub.Connects() != 0 || len(v.Pairing.Hubs) != 1 {
			t.Errorf("%+v, %d connects", v.Link, h.hub.Connects())
		}
		h.happen(Typed{"what time is it"})
		h.happen(ListenPressed{})
		if h.after(5 * time.Second); len(h.hub.Sessions()) != 0 {
			t.Error("it was told something")
		}
		h.stopHub()
		h.keys = genuine
		h.startHub(speaks())
		h.until("back", encrypted)
	})
}

// A hub that was killed knows no association any more, and said no goodbye.
func TestAKilledHubIsMetAgain(t *testing.T) {
	for _, in := range []string{"idle", "listening"} {
		synctest.Test(t, func(t *testing.T) {
			h := newStrange(t, approves)
			h.pair()
			if in == "listening" {
				h.happen(ListenPressed{})
			}
			h.until(in, inState(in))
			h.network.Lose(func(from, _ netip.AddrPort, _ []byte) bool { return from == hubSecured })
			h.stopHub()
			h.network.Lose(nil)
			h.startHub(speaks())
			began := time.Now()
			h.until("back", func(v control.SatelliteState) bool { return v.Link.Losses == 1 && encrypted(v) })
			if d := time.Since(began); d < time.Second || d > 10*time.Second {
				t.Errorf("%s: back after %v", in, d)
			}
			h.happen(Typed{"what time is it"})
			h.until("spoken", inState("speaking"))
		})
	}
}

// A hub that was killed in a pairing may not have the newer key: the older one is tried
// soon.
func TestAnOlderKeyIsTriedSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, approves)
		h.pair()
		h.network.Lose(func(from, _ netip.AddrPort, _ []byte) bool { return from == hubSecured })
		h.stopHub()
		old := h.ring().Current
		newer := pairing.Pairing{HubID: hubID, HubName: "hub", ID: satelliteID, Key: pairing.Key{1}}
		if err := h.Satellite.keys.Offer(newer); err != nil {
			t.Fatal(err)
		}
		h.network.Lose(nil)
		h.startHub(speaks())
		began := time.Now()
		h.until("back", func(v control.SatelliteState) bool { return v.Link.Losses == 1 && encrypted(v) })
		if d := time.Since(began); d > 10*time.Second {
			t.Errorf("back after %v", d)
		}
		if r := h.ring(); r != (pairing.Keyring{Current: old}) {
			t.Error("the key that nobody has is kept")
		}
	})
}

// A hub that has the newer key, and was killed while the satellite came with it, refuses
// the older one: then the newer one is tried again at once.
func TestANewerKeyIsTriedAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, approves)
		h.pair()
		h.network.Lose(func(from, _ netip.AddrPort, _ []byte) bool { return from == hubSecured })
		h.stopHub()
		newer := pairing.Pairing{HubID: hubID, HubName: "hub", ID: satelliteID, Key: pairing.Key{1}}
		h.keys.Forget(satelliteID)
		if err := errors.Join(h.Satellite.keys.Offer(newer), h.keys.Offer(newer)); err != nil {
			t.Fatal(err)
		}
		h.startHub(speaks())
		h.until("noticed", func(v control.SatelliteState) bool { return v.Link.Losses == 1 })
		began := time.Now()
		h.network.Lose(func(from, _ netip.AddrPort, _ []byte) bool { // the first key has bad luck
			return from == hubSecured && time.Since(began) < otherWait+time.Second/2
		})
		h.until("back", encrypted)
		if d := time.Since(began); d < otherWait || d > 10*time.Second {
			t.Errorf("back after %v", d)
		}
		if kept := h.Satellite.keys.Of(hubID); len(kept) != 1 || kept[0].Key != newer.Key {
			t.Errorf("kept %+v", kept)
		}
	})
}

// At power-up, holding on forgets all but who the satellite is, and whether it is muted.
func TestReset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newStrange(t, approves)
		h.pair()
		h.stop()
		h.clock.booted = time.Now().Add(time.Hour) // Uptime is an hour more
		h.start()
		h.until("link", encrypted)
		h.happen(VolumePressed{1})
		h.happen(MutePressed{})
		h.after(time.Second)
		h.board.Set(board.MainKey, true)
		if err := <-h.ran; !errors.Is(err, ErrReset) {
			t.Fatalf("ended with %v", err)
		}
		h.Satellite = nil
		h.start()
		v := h.until("unpaired", func(v control.SatelliteState) bool { return v.Link.State == "unpaired" })
		if len(v.Pairing.Hubs) != 0 || v.Volume != (control.VolumeView{Voice: 50, Chime: 50, Alarm: 50}) || !v.Mic.KeyMuted || v.ID != satelliteID {
			t.Errorf("%+v", v)
		}
		for i, s := range h.stores {
			if bytes.Contains(s.data, []byte(hubID)) {
				t.Errorf("store %d: %s", i, s.data)
			}
		}
	})
}
