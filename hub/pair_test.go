package hub

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"vapd/hub/api"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

// logbook is a log of everything, for several goroutines.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *logbook) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *logbook) logger() *slog.Logger {
	return slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// find fails for each secret that was written down, in any form.
func (j *logbook) mustNotHave(t *testing.T, secrets ...[]byte) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	log := j.text.String()
	for _, s := range secrets {
		if len(s) == 0 {
			t.Error("an empty secret")
		}
		for form, text := range map[string]string{
			"raw": string(s), "hex": hex.EncodeToString(s), "HEX": strings.ToUpper(hex.EncodeToString(s)),
			"base64": base64.RawStdEncoding.EncodeToString(s), "base64url": base64.RawURLEncoding.EncodeToString(s),
		} {
			if strings.Contains(log, text) {
				t.Errorf("a secret is in the log (%s): %s", form, text)
			}
		}
	}
	if !strings.Contains(log, `"level":"DEBUG"`) {
		t.Error("nothing was logged at DEBUG: this test sees nothing")
	}
}

func TestPairedInThreeWays(t *testing.T) {
	var log logbook
	h := start(t, "what time is it", func(c *Config) {
		strangers(c)
		c.Logger = log.logger()
	})
	for _, way := range []pairing.Way{pairing.ByPush, pairing.ByCode, pairing.ByFile} {
		id := "org.example." + strings.ReplaceAll(string(way), " ", "-")
		d := newDevice(t, id, pairing.Keyring{}, log.logger())
		if _, err := d.enterPlainly(h, ""); !is(err, vap.TypePairingRequired) {
			t.Errorf("%s: before: %v", way, err)
		}
		if err := d.pair(h, way); err != nil {
			t.Fatalf("%s: %v", way, err)
		}
		if c := known(t, h, id); c.Key != "offered" || c.State != "approved" || c.Connected || c.Address != "" {
			t.Errorf("%s: %+v", way, c)
		}
		answer, err := d.enter(h)
		if err != nil || answer.Token == "" || answer.HubID != h.cfg.ID {
			t.Fatalf("%s: %+v, %v", way, answer, err)
		}
		if c := known(t, h, id); c.Key != "paired" || !c.Connected || !c.Encrypted || c.Name != d.me.Name {
			t.Errorf("%s: %+v", way, c)
		}
		if a, err := say(t, d.Start(vap.SessionStart{Turn: 1})); err != nil || text(a, vap.CapHeard) != "what time is it" {
			t.Errorf("%s: %+v, %v", way, a, err)
		}
		key := d.keys().Current
		log.mustNotHave(t, key[:], []byte(answer.Token))
	}
}

// A key is replaced by pairing again, in any way, and what was there stays until then.
func TestPairedAgain(t *testing.T) {
	t.Parallel()
	h := start(t, "", strangers)
	d := paired(t, h, "org.example.kitchen")
	first := d.keys().Current
	if _, err := d.push(h, false); err == nil {
		t.Error("the owner refused, and it is paired")
	}
	if c := known(t, h, d.me.ID); c.Key != "paired" || !c.Connected {
		t.Errorf("after a refusal: %+v", c)
	}
	if err := d.pair(h, pairing.ByPush); err != nil {
		t.Fatal(err)
	}
	if c := known(t, h, d.me.ID); c.Key != "rotating" || !c.Connected {
		t.Errorf("before the new key is used: %+v", c)
	}
	if _, err := d.enter(h); err != nil || d.keys().Current == first {
		t.Errorf("under the new key: %v", err)
	}
	if c := known(t, h, d.me.ID); c.Key != "paired" || !c.Encrypted {
		t.Errorf("after: %+v", c)
	}
}

// Whoever lacks the key, or has another's, gets nowhere; and who has one never comes in
// without it, not even in open mode.
func TestWhoHasNoKeyStaysOut(t *testing.T) {
	t.Parallel()
	h := start(t, "", strangers)
	d, other := paired(t, h, "org.example.kitchen"), paired(t, h, "org.example.hall")
	key, wrong := d.keys().Current, pairing.Key{1}
	as := pairing.Pairing{ID: d.me.ID, Key: key}.Identity()
	var wg sync.WaitGroup
	for name, c := range map[string]dtls.Credentials{
		"another key":         {Identity: as, Key: wrong[:]},
		"another identity":    {Identity: pairing.Pairing{ID: "org.example.hall", Key: key}.Identity(), Key: key[:]},
		"no key id":           {Identity: d.me.ID, Key: key[:]},
		"nobody's identity":   {Identity: "org.example.nobody#00000000", Key: key[:]},
		"a key of only zeros": {Identity: "org.example.nobody#00000000", Key: make([]byte, pairing.KeySize)},
	} {
		stranger := newDevice(t, "org.example.stranger", pairing.Keyring{}, slog.New(slog.DiscardHandler))
		wg.Go(func() {
			if _, err := stranger.transport.Associate(t.Context(), h.AddrDTLS(), c); !errors.Is(err, dtls.ErrRefused) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	wg.Wait()

	peer, err := other.associate(h)
	if err != nil {
		t.Fatal(err)
	}
	thief := newDevice(t, d.me.ID, pairing.Keyring{}, slog.New(slog.DiscardHandler))
	thief.endpoint, other.endpoint = other.endpoint, thief.endpoint // under the hall's key
	if _, err := thief.Connect(t.Context(), peer, ""); !is(err, vap.TypePairingRequired) {
		t.Errorf("as somebody else: %v", err)
	}
	if c := known(t, h, d.me.ID); !c.Connected || !c.Encrypted {
		t.Errorf("the owner of the id was disturbed: %+v", c)
	}
}

func TestAPairedClientNeverComesInPlainly(t *testing.T) {
	h := start(t, "", openMode)
	plain := newDevice(t, "org.example.hall", pairing.Keyring{}, slog.New(slog.DiscardHandler))
	if _, err := plain.enterPlainly(h, ""); !is(err, vap.TypeApprovalPending) {
		t.Errorf("an open hub asks its owner: %v", err)
	}
	if _, err := h.Do(t.Context(), owner, api.ApproveClient{ID: plain.me.ID}); err != nil {
		t.Fatal(err)
	}
	if _, err := plain.enterPlainly(h, ""); err != nil {
		t.Errorf("approved: %v", err)
	}
	d := newDevice(t, "org.example.kitchen", pairing.Keyring{}, slog.New(slog.DiscardHandler))
	if err := d.pair(h, pairing.ByCode); err != nil {
		t.Fatal(err)
	}
	answer, err := d.enter(h)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.enterPlainly(h, answer.Token); !is(err, vap.TypePairingRequired) {
		t.Errorf("paired, with its token: %v", err)
	}
	if c := known(t, h, d.me.ID); !c.Encrypted || !c.Connected {
		t.Errorf("%+v", c)
	}
	if c := known(t, h, plain.me.ID); c.Encrypted || !c.Connected || c.Key != "" {
		t.Errorf("%+v", c)
	}
}

func TestAClientIsShutOutAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		shut api.Command
		want control.HubClient // State and Key
	}{
		"unpair": {api.UnpairClient{ID: "org.example.kitchen"}, control.HubClient{State: "approved"}},
		"lost":   {api.LostClient{ID: "org.example.kitchen"}, control.HubClient{State: "denied"}},
		"deny":   {api.DenyClient{ID: "org.example.kitchen"}, control.HubClient{State: "denied", Key: "paired"}},
		"forget": {api.ForgetClient{ID: "org.example.kitchen"}, control.HubClient{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, "what time is it", strangers)
			d := paired(t, h, "org.example.kitchen")
			hub, err := d.Hub()
			if err != nil {
				t.Fatal(err)
			}
			talking := d.Start(vap.SessionStart{Turn: 1})
			turn := talking.Turn(1)
			if err := turn.Send(vap.Sound{Data: make([]byte, 640)}.Capability()); err != nil {
				t.Fatal(err)
			}
			if _, err := h.Do(t.Context(), owner, c.shut); err != nil {
				t.Fatal(err)
			}
			if n := h.doors.transport.Stats().Associations; n != 0 {
				t.Errorf("%d associations stand", n)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if err := d.endpoint.Ping(ctx, hub); !errors.Is(err, coap.ErrEnded) {
				t.Errorf("the association: %v", err)
			}
			turn.Finish()
			// What was under way may have come between the client's end and its association's.
			if _, err := turn.Answer(ctx); !errors.Is(err, coap.ErrEnded) && !is(err, vap.TypeUnauthorized) {
				t.Errorf("what was said is answered %v", err)
			}
			if _, err := d.enter(h); !errors.Is(err, dtls.ErrRefused) {
				t.Errorf("a new handshake: %v", err)
			}
			if _, err := d.enterPlainly(h, ""); !is(err, vap.TypePairingRequired) {
				t.Errorf("plainly: %v", err)
			}
			if k := known(t, h, d.me.ID); k.State != c.want.State || k.Key != c.want.Key || k.Connected {
				t.Errorf("%+v", k)
			}
			if err := d.pair(h, pairing.ByPush); err != nil {
				t.Fatalf("paired again: %v", err)
			}
			if _, err := d.enter(h); err != nil {
				t.Errorf("paired again: %v", err)
			}
		})
	}
}

func TestTheOwnerCanLookAndApproveFromElsewhere(t *testing.T) {
	t.Parallel()
	h := start(t, "", strangers)
	look := func() control.Pairings {
		t.Helper()
		r, err := h.Do(t.Context(), owner, api.ListPairings{})
		if err != nil {
			t.Fatal(err)
		}
		return r.(control.Pairings)
	}
	d := newDevice(t, "org.example.kitchen", pairing.Keyring{}, slog.New(slog.DiscardHandler))
	got := make(chan error, 1)
	shown := make(chan pairing.Code, 1)
	go func() {
		_, err := pairing.NewClient(pairing.ClientConfig{}).Push(t.Context(), d.endpoint.Peer(h.Addr()), d.me,
			func(_ context.Context, c pairing.Code) error { shown <- c; return nil })
		got <- err
	}()
	await(t, "a satellite that asks", func() bool {
		l := look()
		return len(l.Asked) == 1 && l.Asked[0].Client == d.me.ID && l.Compare == nil && !l.Push
	})
	path := filepath.Join(t.TempDir(), "hub.sock")
	server, err := control.Listen(control.Config{Path: path, Mux: h.Control()})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c, err := control.Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	first, second := pairSteps(t, c), pairSteps(t, c)
	if s := first.next(); pairing.Kind(s.Pairing.What) != pairing.Closed || s.Why == "" {
		t.Errorf("the first one, when a second one opened the hub: %+v", s)
	}
	if _, err := h.Do(t.Context(), owner, api.ExportPairing{ID: "org.example.another"}); err != nil {
		t.Fatal(err) // which is no step of the second one's
	}
	if s := second.next(); pairing.Kind(s.Pairing.What) != pairing.Compare || s.Client != d.me.ID {
		t.Fatalf("%+v", s)
	}
	l, code := look(), <-shown
	if !l.Push || len(l.Asked) != 0 || l.Compare == nil || l.Compare.Pairing.Digits != code.Digits() {
		t.Errorf("%+v, and the satellite shows %v", l, code)
	}
	if _, err := h.Do(t.Context(), owner, api.ApprovePairing{Digits: "0000000"}); !errors.Is(err, errNothingToCompare) {
		t.Errorf("another code: %v", err)
	}
	if _, err := h.Do(t.Context(), owner, api.ApprovePairing{Digits: strings.ReplaceAll(code.Digits(), " ", "")}); err != nil {
		t.Error(err)
	}
	if s := second.next(); pairing.Kind(s.Pairing.What) != pairing.Paired {
		t.Errorf("%+v", s)
	}
	if err := <-got; err != nil {
		t.Errorf("the satellite: %v", err)
	}
	if l := look(); l.Push || l.Compare != nil {
		t.Errorf("afterwards: %+v", l)
	}

	third := pairSteps(t, c)
	if !look().Push {
		t.Error("not open")
	}
	if _, err := h.Do(t.Context(), owner, api.OpenPairingCode{}); err != nil {
		t.Fatal(err)
	}
	third.Close() // Ctrl-C
	await(t, "a closed hub", func() bool { return !look().Push })
	if !look().Code {
		t.Error("the code of another one was closed, too")
	}
}

// steps are those of one who waits at the hub.
type steps struct {
	*control.Subscription[control.PairingStep]
	t *testing.T
}

// pairSteps opens the hub for a held key, and returns when it is open.
func pairSteps(t *testing.T, c *control.Client) steps {
	t.Helper()
	s, err := control.Subscribe[control.PairingStep](c, control.TopicPair, control.PairingStart{})
	if err != nil {
		t.Fatal(err)
	}
	all := steps{s, t}
	if e := all.next(); pairing.Kind(e.Pairing.What) != pairing.Opened {
		t.Fatalf("%+v", e)
	}
	return all
}

func (s steps) next() control.HubEvent {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
	defer cancel()
	step, _, err := s.Next(ctx)
	if err != nil || step.Event == nil {
		s.t.Fatalf("%+v, %v", step, err)
	}
	return *step.Event
}

// await waits until what another goroutine does is done.
func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s within 10 s", what)
		}
	}
}
