package hub

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/hub/api"
	"vapd/hub/clients"
	"vapd/hub/store"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

// strangeSkills has a hub take skills, all of which come from another machine.
func strangeSkills(t *testing.T) func(*Config) {
	return func(c *Config) {
		strangers(c)
		var err error
		c.SkillRegistry, err = clients.Open(clients.Config{
			Store: c.Store.Bucket(store.Skills), Tokens: clients.RandomTokens{}, Approval: clients.ApproveAsk,
			RequirePaired: true, Local: c.Local, Now: time.Now,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// newSkillDevice is a skill's side of pairing and of encryption.
func newSkillDevice(t *testing.T, id string) *device {
	return newDevice(t, pairing.SkillID(id), pairing.Keyring{}, slog.New(slog.DiscardHandler))
}

// skillCode pairs by the hub's code for skills.
func (d *device) skillCode(h *Hub) error {
	r, err := h.Do(d.t.Context(), owner, api.OpenSkillPairing{})
	if err != nil {
		return err
	}
	code, err := pairing.ParsePasscode(r.(control.PairingCode).Code)
	if err != nil {
		return err
	}
	p, err := pairing.NewClient(pairing.ClientConfig{}).WithCode(d.t.Context(), d.endpoint.Peer(h.Addr()), d.me, h.cfg.ID, code)
	if err != nil {
		return err
	}
	return d.offer(p)
}

// skillFile pairs by a key file.
func (d *device) skillFile(h *Hub, id string) error {
	r, err := h.Do(d.t.Context(), owner, api.ExportSkill{ID: id, Name: "by file", Address: h.Addr().String()})
	if err != nil {
		return err
	}
	f, err := pairing.ParseKeyFile([]byte(r.(control.PairingFile).Text))
	if err != nil {
		return err
	}
	if f.Pairing.ID != d.me.ID {
		return errors.New("the file is for " + f.Pairing.ID)
	}
	return d.offer(f.Pairing)
}

// connectSkill introduces a skill at peer.
func connectSkill(t *testing.T, peer coap.Peer, id, token string) (vap.SkillConnected, error) {
	t.Helper()
	body := vap.AppendConnect(nil, vap.Connect{ID: id, Name: "Dice", Version: vap.Version, Token: token})
	r, err := peer.Do(t.Context(), &coap.Request{Code: codes.POST, Path: "vap/skillRegistry/connect", Body: body})
	if err != nil {
		return vap.SkillConnected{}, err
	}
	if e := vap.ErrorFrom(r); e != nil {
		return vap.SkillConnected{}, e
	}
	return vap.ParseSkillConnected(r.Body)
}

func knownSkill(t *testing.T, h *Hub, id string) control.HubSkill {
	t.Helper()
	list, err := h.Do(t.Context(), owner, api.ListSkills{})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range list.([]control.HubSkill) {
		if s.ID == id {
			return s
		}
	}
	return control.HubSkill{}
}

const diceID = "org.example.dice"

// pairedSkill is one that is in.
func pairedSkill(t *testing.T, h *Hub) (d *device, token string) {
	t.Helper()
	d = newSkillDevice(t, diceID)
	if err := d.skillFile(h, diceID); err != nil {
		t.Fatal(err)
	}
	peer, err := d.associate(h)
	if err != nil {
		t.Fatal(err)
	}
	c, err := connectSkill(t, peer, diceID, "")
	if err != nil {
		t.Fatal(err)
	}
	return d, c.Token
}

func TestASkillIsPaired(t *testing.T) {
	h := start(t, "", strangeSkills(t))
	for way, pair := range map[string]func(d *device, id string) error{
		"code": func(d *device, _ string) error { return d.skillCode(h) },
		"file": func(d *device, id string) error { return d.skillFile(h, id) },
	} {
		id := "org.example." + way
		d := newSkillDevice(t, id)
		if _, err := connectSkill(t, d.endpoint.Peer(h.Addr()), id, ""); !is(err, vap.TypePairingRequired) {
			t.Errorf("%s: before: %v", way, err)
		}
		if err := pair(d, id); err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		if s := knownSkill(t, h, id); s.Key != "offered" || s.State != "approved" || s.Connected {
			t.Errorf("%s: %+v", way, s)
		}
		if c := known(t, h, id); c.ID != "" {
			t.Errorf("%s: it is a satellite: %+v", way, c)
		}
		peer, err := d.associate(h)
		if err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		if c, err := connectSkill(t, peer, id, ""); err != nil || c.Token == "" || c.HubID != h.cfg.ID {
			t.Errorf("%s: %+v, %v", way, c, err)
		}
		if s := knownSkill(t, h, id); s.Key != "paired" || !s.Connected || !s.Encrypted {
			t.Errorf("%s: %+v", way, s)
		}
	}
	for _, id := range []string{"", "no id", "org.example/dice", strings.Repeat("x", pairing.MaxSkillID+1)} {
		if _, err := h.Do(t.Context(), owner, api.ExportSkill{ID: id}); err == nil {
			t.Errorf("%q gets a key", id)
		}
	}
}

// The key of a satellite is no skill's, even of one of the same id, nor the reverse, nor is
// that of another skill.
func TestAKeyIsOfOneKind(t *testing.T) {
	h := start(t, "", strangeSkills(t))
	skill, _ := pairedSkill(t, h)
	satellite, twin := paired(t, h, "org.example.kitchen"), paired(t, h, diceID)
	for name, c := range map[string]struct {
		key *device
		id  string
	}{
		"a satellite's, new id": {satellite, "org.example.kitchen"}, "a satellite's": {satellite, diceID}, "a namesake's": {twin, diceID},
		"another skill's": {skill, "org.example.weather"}, "its own, as it is paired": {skill, pairing.SkillID(diceID)},
	} {
		peer, err := c.key.associate(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := connectSkill(t, peer, c.id, ""); !is(err, vap.TypePairingRequired) && !is(err, vap.TypeMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	peer, err := skill.associate(h)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{diceID, "org.example.kitchen", pairing.SkillID(diceID)} {
		thief := newDevice(t, id, pairing.Keyring{}, slog.New(slog.DiscardHandler))
		thief.endpoint, skill.endpoint = skill.endpoint, thief.endpoint
		if _, err := thief.Connect(t.Context(), peer, ""); !is(err, vap.TypePairingRequired) {
			t.Errorf("a skill as satellite %s: %v", id, err)
		}
		thief.endpoint, skill.endpoint = skill.endpoint, thief.endpoint
	}
	for _, id := range []string{"org.example.kitchen", diceID} {
		if c := known(t, h, id); !c.Encrypted || !c.Connected {
			t.Errorf("%s was disturbed: %+v", id, c)
		}
	}
}

// A skill's key works under the skill's identity alone, and nothing else does.
func TestAKeyHasOneIdentity(t *testing.T) {
	h := start(t, "", strangeSkills(t))
	skill, _ := pairedSkill(t, h)
	satellite := paired(t, h, diceID)
	key, its, wrong := skill.keys().Current, satellite.keys().Current, pairing.Key{1}
	as := func(id string, k pairing.Key) string { return pairing.Pairing{ID: id, Key: k}.Identity() }
	var wg sync.WaitGroup
	for name, c := range map[string]dtls.Credentials{
		"another key":                   {Identity: as(pairing.SkillID(diceID), key), Key: wrong[:]},
		"a satellite's key":             {Identity: as(pairing.SkillID(diceID), its), Key: its[:]},
		"as a satellite":                {Identity: as(diceID, key), Key: key[:]},
		"as another skill":              {Identity: as(pairing.SkillID("org.example.weather"), key), Key: key[:]},
		"as a skill of a skill":         {Identity: as(pairing.SkillID(pairing.SkillID(diceID)), key), Key: key[:]},
		"no id":                         {Identity: as(pairing.SkillID(""), key), Key: key[:]},
		"a satellite's identity":        {Identity: as(diceID, its), Key: key[:]},
		"zeros, which nobody was given": {Identity: as(pairing.SkillID("org.example.nobody"), pairing.Key{}), Key: make([]byte, pairing.KeySize)},
	} {
		stranger := newSkillDevice(t, diceID)
		wg.Go(func() {
			if _, err := stranger.transport.Associate(t.Context(), h.AddrDTLS(), c); !errors.Is(err, dtls.ErrRefused) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	wg.Wait()
}

// A code that the owner made for a satellite pairs no skill, nor the reverse, and that costs
// no try. A skill has no key to be held.
func TestACodeIsForOneKind(t *testing.T) {
	h := start(t, "", strangeSkills(t))
	skill := newSkillDevice(t, diceID)
	satellite := newDevice(t, "org.example.kitchen", pairing.Keyring{}, slog.New(slog.DiscardHandler))
	for _, c := range []struct {
		open         api.Command
		wrong, right *device
	}{{api.OpenSkillPairing{}, satellite, skill}, {api.OpenPairingCode{}, skill, satellite}} {
		r, err := h.Do(t.Context(), owner, c.open)
		if err != nil {
			t.Fatal(err)
		}
		code, err := pairing.ParsePasscode(r.(control.PairingCode).Code)
		if err != nil {
			t.Fatal(err)
		}
		client := pairing.NewClient(pairing.ClientConfig{})
		for range pairing.CodeTries {
			if _, err := client.WithCode(t.Context(), c.wrong.endpoint.Peer(h.Addr()), c.wrong.me, "", code); !errors.Is(err, pairing.ErrClosed) {
				t.Errorf("%s: %v", c.wrong.me.ID, err)
			}
		}
		if _, err := client.WithCode(t.Context(), c.right.endpoint.Peer(h.Addr()), c.right.me, "", code); err != nil {
			t.Errorf("%s: %v", c.right.me.ID, err)
		}
	}
	if _, err := skill.push(h, true); !errors.Is(err, pairing.ErrClosed) {
		t.Errorf("by a key: %v", err)
	}
	if _, err := h.Do(t.Context(), owner, api.ExportPairing{ID: pairing.SkillID(diceID)}); err == nil {
		t.Error("a satellite gets a skill's key")
	}
}

func TestASkillIsShutOutAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		shut api.Command
		want control.HubSkill // State and Key
	}{
		"unpair": {api.UnpairSkill{ID: diceID}, control.HubSkill{State: "approved"}},
		"lost":   {api.LostSkill{ID: diceID}, control.HubSkill{State: "denied"}},
		"deny":   {api.DenySkill{ID: diceID}, control.HubSkill{State: "denied", Key: "paired"}},
		"forget": {api.ForgetSkill{ID: diceID}, control.HubSkill{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, "", strangeSkills(t))
			d, token := pairedSkill(t, h)
			twin := paired(t, h, diceID)
			if _, err := h.Do(t.Context(), owner, c.shut); err != nil {
				t.Fatal(err)
			}
			if n := h.doors.transport.Stats().Associations; n != 1 {
				t.Errorf("%d associations stand, want the satellite's", n)
			}
			if err := twin.Ping(t.Context()); err != nil {
				t.Errorf("a satellite of the same id: %v", err)
			}
			if _, err := d.associate(h); !errors.Is(err, dtls.ErrRefused) {
				t.Errorf("a new handshake: %v", err)
			}
			if _, err := connectSkill(t, d.endpoint.Peer(h.Addr()), diceID, token); !is(err, vap.TypePairingRequired) {
				t.Errorf("plainly: %v", err)
			}
			if s := knownSkill(t, h, diceID); s.State != c.want.State || s.Key != c.want.Key || s.Connected {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestTheKeyOfASkillIsReplaced(t *testing.T) {
	h := start(t, "", strangeSkills(t))
	if _, err := h.Do(t.Context(), owner, api.RotateSkill{ID: diceID}); err == nil {
		t.Error("the key of a skill that nobody knows is replaced")
	}
	d, _ := pairedSkill(t, h)
	first := d.keys().Current
	if _, err := h.Do(t.Context(), owner, api.RotateSkill{ID: diceID}); err != nil {
		t.Fatal(err)
	}
	if s := knownSkill(t, h, diceID); s.Key != "rotating" || !s.Connected {
		t.Errorf("before the new key is used: %+v", s)
	}
	peer, err := d.associate(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connectSkill(t, peer, diceID, ""); err != nil {
		t.Fatal(err)
	}
	if s := knownSkill(t, h, diceID); s.Key != "paired" || !s.Encrypted || d.keys().Current == first {
		t.Errorf("after: %+v", s)
	}
	if n := h.doors.transport.Stats().Associations; n != 1 {
		t.Errorf("%d associations stand, want that of the new key", n)
	}
}

// A hub that was restarted knows the skill's key and its token.
func TestASkillsKeySurvivesARestart(t *testing.T) {
	dir := t.TempDir()
	h, stop := startIn(t, dir, "", strangeSkills(t))
	d, token := pairedSkill(t, h)
	stop()
	h, stop = startIn(t, dir, "", strangeSkills(t))
	defer stop()
	peer, err := d.associate(h)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := connectSkill(t, peer, diceID, token); err != nil || c.Token != "" {
		t.Errorf("%+v, %v", c, err)
	}
}
