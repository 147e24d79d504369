package hub

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"vapd/hub/api"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
	"vapd/skill"
)

// author is the skill of an author, and what it says.
type author struct {
	t    *testing.T
	log  logbook
	keys *skill.Keys
	dir  string
	done chan error
	stop context.CancelFunc
}

func newAuthor(t *testing.T) *author {
	t.Helper()
	a := &author{t: t, dir: t.TempDir()}
	var err error
	if a.keys, err = skill.OpenKeys(diceID, a.dir, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return a
}

// run runs it with a hub's plain address, until the test ends or it ends.
func (a *author) run(hub netip.AddrPort) {
	s := skill.New(diceID, fstest.MapFS{"en.toml": {Data: []byte(dice)}}, skill.Via(skill.CoAP(hub.String())), skill.State(a.dir), skill.Log(a.log.logger()))
	s.Handle("roll", func(context.Context, *skill.Request) (skill.Answer, error) { return skill.Say("Four."), nil })
	ctx, stop := context.WithCancel(a.t.Context())
	a.done, a.stop = make(chan error, 1), stop
	go func() { a.done <- s.Run(ctx) }()
	a.t.Cleanup(func() {
		stop()
		if err := a.ended(); err != nil {
			a.t.Error(err)
		}
	})
}

// ended waits for its end.
func (a *author) ended() error {
	a.t.Helper()
	select {
	case err := <-a.done:
		a.done <- nil
		return err
	case <-time.After(20 * time.Second):
		a.t.Fatal("the skill does not end")
		return nil
	}
}

// says waits until it has said something.
func (a *author) says(text string) {
	a.t.Helper()
	said := func() bool {
		a.log.mu.Lock()
		defer a.log.mu.Unlock()
		return strings.Contains(a.log.text.String(), text)
	}
	for deadline := time.Now().Add(30 * time.Second); !said(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			a.t.Fatalf("the skill does not say %q: %s", text, a.log.text.String())
		}
	}
}

// answers waits until the skill does, under a key that is like that.
func (a *author) answers(h *Hub, key string) {
	a.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s := knownSkill(a.t, h, diceID)
		r, err := h.Do(a.t.Context(), owner, api.Say{Text: "roll the dice"})
		if err != nil {
			a.t.Fatal(err)
		}
		if said := r.(control.HubSaid); said.Say == "Four." && s.Listening && s.Encrypted && s.Key == key {
			return
		}
		if time.Now().After(deadline) {
			a.t.Fatalf("%+v does not answer: %+v", s, r)
		}
	}
}

// A skill that is made with the author's package comes in by its key, and by nothing else.
func TestAnAuthorsSkillByItsKey(t *testing.T) {
	dir := t.TempDir()
	change := strangeSkills(t)
	h, stop := startIn(t, dir, "", change)
	a := newAuthor(t)
	a.run(h.Addr())
	if err := a.ended(); err == nil || !strings.Contains(err.Error(), "'vapd skill pair org.example.dice --code DIGITS'") {
		t.Errorf("without a key: %v", err)
	}
	r, err := h.Do(t.Context(), owner, api.OpenSkillPairing{})
	if err != nil {
		t.Fatal(err)
	}
	if name, err := a.keys.Pair(t.Context(), "Dice", h.Addr().String(), r.(control.PairingCode).Code); err != nil || name != "test" {
		t.Fatalf("%s, %v", name, err)
	}
	a.run(h.Addr())
	a.answers(h, "paired")
	if _, err := h.Do(t.Context(), owner, api.RotateSkill{ID: diceID}); err != nil {
		t.Fatal(err)
	}
	if s := knownSkill(t, h, diceID); s.Key != "rotating" {
		t.Errorf("just after: %+v", s)
	}
	a.answers(h, "paired")

	// The hub is restarted on the same ports, with what it kept.
	at, secured := h.Addr(), h.AddrDTLS()
	stop()
	h, stop = startIn(t, dir, "", func(c *Config) {
		change(c)
		c.Listen, c.ListenDTLS = at, secured
	})
	defer stop()
	a.answers(h, "paired")

	if _, err := h.Do(t.Context(), owner, api.ForgetSkill{ID: diceID}); err != nil {
		t.Fatal(err)
	}
	a.says("if the hub does not know the key any more")
	file, err := h.Do(t.Context(), owner, api.ExportSkill{ID: diceID})
	if err != nil {
		t.Fatal(err)
	}
	f, err := pairing.ParseKeyFile([]byte(file.(control.PairingFile).Text))
	if err == nil {
		err = a.keys.Import(f)
	}
	if err != nil {
		t.Fatal(err)
	}
	a.answers(h, "paired") // it looks at its keys before each attempt
	a.log.mustNotHave(t, f.Pairing.Key[:])
}

// A skill on the hub's own machine needs no key; but with one, the hub takes it by that only.
func TestASkillOnTheHubsMachine(t *testing.T) {
	h := start(t, "", nil)
	a := newAuthor(t)
	a.run(h.Addr())
	a.says(`"encrypted":false`)
	a.stop()
	if err := a.ended(); err != nil {
		t.Error(err)
	}
	r, err := h.Do(t.Context(), owner, api.OpenSkillPairing{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.keys.Pair(t.Context(), "Dice", h.Addr().String(), r.(control.PairingCode).Code); err != nil {
		t.Fatal(err)
	}
	a.run(h.Addr())
	a.answers(h, "paired")
	a.stop()
	if err := a.ended(); err != nil {
		t.Error(err)
	}
	if _, err := a.keys.Forget(""); err != nil {
		t.Fatal(err)
	}
	a.run(h.Addr())
	if err := a.ended(); err == nil || !strings.Contains(err.Error(), "with a key") {
		t.Errorf("plainly: %v", err)
	}
}

// A skill that knows no encryption reaches a hub elsewhere through a Relay, and finds it again
// after a restart.
func TestASkillThroughARelay(t *testing.T) {
	dir := t.TempDir()
	change := strangeSkills(t)
	h, stop := startIn(t, dir, "", change)
	a, plain := newAuthor(t), newAuthor(t)
	if _, err := a.keys.NewRelay(h.Addr().String()); err == nil || !strings.Contains(err.Error(), "vapd skill pair") {
		t.Errorf("without a key: %v", err)
	}
	file, err := h.Do(t.Context(), owner, api.ExportSkill{ID: diceID})
	if err != nil {
		t.Fatal(err)
	}
	f, err := pairing.ParseKeyFile([]byte(file.(control.PairingFile).Text))
	if err == nil {
		err = a.keys.Import(f)
	}
	if err != nil {
		t.Fatal(err)
	}
	relay, err := a.keys.NewRelay(h.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- relay.Run(ctx) }()
	t.Cleanup(func() { // after the skill's
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	plain.run(netip.MustParseAddrPort(relay.Addr()))
	plain.answers(h, "paired")
	at, secured := h.Addr(), h.AddrDTLS()
	stop()
	h, stop = startIn(t, dir, "", func(c *Config) {
		change(c)
		c.Listen, c.ListenDTLS = at, secured
	})
	defer stop()
	plain.answers(h, "paired")
}
