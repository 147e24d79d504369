package clients

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"vapd/protocol/pairing"
)

func pairingOf(id string, key byte) pairing.Pairing {
	p := pairing.Pairing{HubID: "hub", ID: id, Name: "a name"}
	for i := range p.Key {
		p.Key[i] = key
	}
	return p
}

// by is a request under a key.
func by(p pairing.Pairing, token string) Request {
	r := from(p.ID, hall, token)
	r.Identity = p.Identity()
	return r
}

func (f *fixture) offer(t *testing.T, p pairing.Pairing) {
	t.Helper()
	if err := f.Offer(p); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) keyState(id string) KeyState {
	c, _ := f.Get(id)
	return c.Key
}

func TestAPairedClient(t *testing.T) {
	f := open(t, ApproveAsk)
	p := pairingOf("a", 1)
	f.offer(t, p)
	if key, ok := f.Key(p.Identity()); !ok || key != p.Key || !f.Paired("a") || f.keyState("a") != Offered {
		t.Fatalf("key %v, paired %v, %q", ok, f.Paired("a"), f.keyState("a"))
	}
	token, err := f.visit(by(p, ""))
	if err != nil || token == "" || f.keyState("a") != Paired {
		t.Fatalf("%q, %v, %q", token, err, f.keyState("a"))
	}
	f.reopen(t, ApproveAsk)
	for name, c := range map[string]struct {
		r    Request
		want error
	}{
		"its token":               {by(p, token), nil},
		"without encryption":      {from("a", hall, token), ErrPlain},
		"another's key":           {func() Request { r := by(p, ""); r.ID = "b"; return r }(), ErrIdentity},
		"a key that is not known": {by(pairingOf("a", 2), token), ErrIdentity},
		"nobody's key":            {by(pairingOf("c", 1), ""), ErrIdentity},
		"no identity of ours":     {func() Request { r := by(p, ""); r.Identity = "a"; return r }(), ErrIdentity},
	} {
		if _, err := f.visit(c.r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if again, err := f.visit(by(p, "")); err != nil || again == "" || again == token {
		t.Errorf("a lost token: %q, %v", again, err)
	}
}

// Until its key was used once, the way in from before stays open: the satellite may have
// lost power before it could keep the key.
func TestAKeyIsProvisionalUntilItIsUsed(t *testing.T) {
	f := open(t, ApproveAll)
	token, _ := f.visit(from("a", hall, ""))
	f.offer(t, pairingOf("a", 1))
	if _, err := f.visit(from("a", hall, token)); err != nil {
		t.Errorf("before: %v", err)
	}
	if _, err := f.visit(by(pairingOf("a", 1), token)); err != nil {
		t.Fatal(err)
	}
	f.reopen(t, ApproveAll)
	if _, err := f.visit(from("a", hall, token)); !errors.Is(err, ErrPlain) {
		t.Errorf("after: %v", err)
	}
}

func TestRotation(t *testing.T) {
	f := open(t, ApproveAsk)
	old, next := pairingOf("a", 1), pairingOf("a", 2)
	f.offer(t, old)
	token, _ := f.visit(by(old, ""))
	f.offer(t, next)
	f.reopen(t, ApproveAsk)
	if _, err := f.visit(by(old, token)); err != nil || f.keyState("a") != Rotating {
		t.Fatalf("the old key, before the new one was used: %v, %q", err, f.keyState("a"))
	}
	if _, err := f.visit(by(next, token)); err != nil || f.keyState("a") != Paired {
		t.Fatalf("the new key: %v, %q", err, f.keyState("a"))
	}
	f.reopen(t, ApproveAsk)
	if _, ok := f.Key(old.Identity()); ok {
		t.Error("the old key is valid after the new one was used")
	}
	if c, _ := f.Get("a"); c.Name == "" {
		t.Error("it has no name any more")
	}
}

// Keys that are agreed on while the old one becomes void let nobody in again.
func TestAVoidKeyIsNotReplaced(t *testing.T) {
	old, next := pairingOf("a", 1), pairingOf("a", 2)
	for name, void := range map[string]func(f *fixture) error{
		"unpaired":  func(f *fixture) error { return f.Unpair("a") },
		"lost":      func(f *fixture) error { return f.Revoke("a") },
		"denied":    func(f *fixture) error { return f.Decide("a", Denied) },
		"forgotten": func(f *fixture) error { return f.Forget("a") },
	} {
		f := open(t, ApproveAsk)
		f.offer(t, old)
		if err := f.Replace("a", old.Key, next.Key); err != nil || f.keyState("a") != Offered {
			t.Fatalf("%v, %q", err, f.keyState("a"))
		}
		if err := void(f); err != nil {
			t.Fatal(err)
		}
		before, _ := f.Get("a")
		if err := f.Replace("a", next.Key, old.Key); err == nil {
			t.Errorf("%s, and its key is replaced", name)
		}
		if after, _ := f.Get("a"); after != before {
			t.Errorf("%s: %+v became %+v", name, before, after)
		}
	}
}

// Who has the device of a lost client has its token as well: that stays void when the
// owner found the device again and approves it.
func TestALostClientIsShutOutForGood(t *testing.T) {
	f := open(t, ApproveAsk)
	p := pairingOf("a", 1)
	f.offer(t, p)
	token, err := f.visit(by(p, ""))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Revoke("a"); err != nil {
		t.Fatal(err)
	}
	f.reopen(t, ApproveAsk)
	for name, r := range map[string]Request{"its key": by(p, token), "its token": from("a", hall, token), "on this machine": from("a", local, token)} {
		if _, err := f.visit(r); err == nil {
			t.Errorf("%s lets it in", name)
		}
	}
	if err := f.Decide("a", Approved); err != nil {
		t.Fatal(err)
	}
	if again, err := f.visit(from("a", hall, token)); err == nil && again == "" {
		t.Error("the old token is good again")
	}
}

// Its key vouches for a client that keeps no token, from wherever it comes back.
func TestAPairedClientWithoutATokenComesBack(t *testing.T) {
	f := open(t, ApproveAsk)
	p := pairingOf("old.peer", 1)
	f.offer(t, p)
	r := by(p, "")
	r.Elsewhere = true
	if token, err := f.visit(r); err != nil || token != "" {
		t.Errorf("%q, %v", token, err)
	}
}

func TestUnpairDenyForget(t *testing.T) {
	f := open(t, ApproveAsk)
	p := pairingOf("a", 1)
	for name, do := range map[string]func() error{
		"unpair": func() error { return f.Unpair("a") },
		"deny":   func() error { return f.Decide("a", Denied) },
		"forget": func() error { return f.Forget("a") },
	} {
		f.offer(t, p) // also approves who was denied
		if _, err := f.visit(by(p, "")); err != nil {
			t.Fatal(err)
		}
		if err := do(); err != nil {
			t.Fatal(err)
		}
		f.reopen(t, ApproveAsk)
		if _, ok := f.Key(p.Identity()); ok {
			t.Errorf("%s: the key is valid", name)
		}
		if _, err := f.visit(by(p, "")); err == nil {
			t.Errorf("%s: let in by the key", name)
		}
	}
	if err := f.Unpair("nobody"); !errors.Is(err, ErrUnknown) {
		t.Errorf("nobody: %v", err)
	}
}

func TestWherePairingIsRequired(t *testing.T) {
	f := open(t, ApproveAll)
	f.cfg.RequirePaired = true
	for addr, want := range map[string]error{hall: ErrPlain, local: nil, ownLAN: nil} {
		if _, err := f.visit(from("at "+addr, addr, "")); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", addr, err, want)
		}
	}
	if n := len(f.List()); n != 2 {
		t.Errorf("%d clients are known", n)
	}
}

// What a client is printed as says nothing of its key and token.
func TestSecretsAreNotPrinted(t *testing.T) {
	f := open(t, ApproveAll)
	p := pairingOf("a", 0xAB)
	f.offer(t, p)
	f.visit(by(p, "")) //nolint:errcheck // TestAPairedClient
	inner, _ := f.get("a")
	public, _ := f.Get("a")
	for _, v := range []any{public, inner, &inner, inner.Keys} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			text := fmt.Sprintf(verb, v)
			if strings.Contains(text, "171 171") || strings.Contains(strings.ToLower(text), "abab") || strings.Contains(text, "0xab, 0xab") {
				t.Errorf("%T by %s: %s", v, verb, text)
			}
		}
	}
}

func TestAHouseThatReconnectsWritesNothing(t *testing.T) {
	f := open(t, ApproveAll)
	const n = 1000
	requests := make([]Request, n)
	for i := range requests {
		requests[i] = from(fmt.Sprint("client ", i), hall, "")
	}
	for i, d := range f.Connect(requests...) {
		if d.Err != nil || d.Token == "" {
			t.Fatalf("new: %+v", d)
		}
		requests[i].Token = d.Token
	}
	f.Connect(requests...) // their tokens are used
	if f.store.writes != 2 {
		t.Errorf("%d new clients: %d writes", n, f.store.writes)
	}
	f.now = f.now.Add(seenStep / 2)
	f.reopen(t, ApproveAll) // the hub was restarted
	for i := range requests {
		requests[i].From = netip.MustParseAddrPort(kitchen) // a lease ended as well
	}
	for _, d := range f.Connect(requests...) {
		if d != (Decision{}) {
			t.Fatalf("again: %+v", d)
		}
	}
	if f.store.writes != 2 {
		t.Errorf("the same clients again: %d writes", f.store.writes-2)
	}
	if c, _ := f.Get("client 7"); c.LastSeen != f.now {
		t.Errorf("seen at %v, want %v", c.LastSeen, f.now)
	}
	f.now = f.now.Add(seenStep)
	f.Connect(requests[:10]...)
	if f.store.writes != 3 {
		t.Errorf("when they were seen is not kept: %d writes", f.store.writes)
	}
}

// The requests of one batch see each other.
func TestABatch(t *testing.T) {
	f := open(t, ApproveFirst)
	d := f.Connect(from("a", hall, ""), from("b", kitchen, ""), from("a", hall, ""), from("a", hall, "token 1"))
	if d[0].Token != "token 1" || !errors.Is(d[1].Err, ErrPending) || d[2].Token != "token 2" || !errors.Is(d[3].Err, ErrToken) {
		t.Errorf("%+v", d)
	}
	if _, err := f.visit(from("a", hall, "token 2")); err != nil {
		t.Error(err)
	}
}

func TestWhileTheDiskTakesNothing(t *testing.T) {
	f := open(t, ApproveAll)
	used, _ := f.visit(from("used", hall, ""))
	f.visit(from("used", hall, used)) //nolint:errcheck // TestTokens
	fresh, _ := f.visit(from("fresh", hall, ""))
	f.store.err = errors.New("disk full")
	f.now = f.now.Add(2 * seenStep)
	d := f.Connect(from("used", kitchen, used), from("new", hall, ""), from("fresh", hall, fresh), from("used", kitchen, "wrong"))
	if d[0].Err != nil || d[2].Err != nil {
		t.Errorf("those that are known: %v, %v", d[0].Err, d[2].Err)
	}
	if !errors.Is(d[1].Err, ErrUnkept) || !errors.Is(d[1].Err, f.store.err) || d[1].Token != "" {
		t.Errorf("a new one: %+v", d[1])
	}
	if !errors.Is(d[3].Err, ErrToken) {
		t.Errorf("a wrong token: %v", d[3].Err)
	}
	for _, err := range []error{f.Decide("used", Denied), f.Forget("used"), f.Offer(pairingOf("used", 1)), f.Unpair("used")} {
		if !errors.Is(err, ErrUnkept) {
			t.Errorf("%v", err)
		}
	}
	if c, ok := f.Get("used"); !ok || c.State != Approved || c.Key != Unpaired {
		t.Errorf("a change that was not kept was made: %+v", c)
	}
	f.store.err = nil
	if _, err := f.visit(from("new", hall, "")); err != nil {
		t.Error(err)
	}
	f.reopen(t, ApproveAll)
	if c, _ := f.Get("used"); c.LastSeen.Equal(f.now) {
		t.Error("kept although the disk took nothing")
	}
}

func TestIDsAreBounded(t *testing.T) {
	f := open(t, ApproveAll)
	for _, id := range []string{"", strings.Repeat("x", maxID+1)} {
		if _, err := f.visit(from(id, hall, "")); !errors.Is(err, ErrID) {
			t.Errorf("%d bytes: %v", len(id), err)
		}
	}
}

func TestTheTableIsBounded(t *testing.T) {
	f := open(t, ApproveAll)
	requests := make([]Request, MaxKnown)
	for i := range requests {
		requests[i] = from(fmt.Sprint(i), hall, "")
	}
	start := time.Now()
	f.Connect(requests...)
	t.Logf("%d clients in %v", MaxKnown, time.Since(start))
	if _, err := f.visit(from("one more", hall, "")); !errors.Is(err, ErrFull) {
		t.Errorf("connect: %v", err)
	}
	if err := f.Offer(pairingOf("one more", 1)); !errors.Is(err, ErrFull) {
		t.Errorf("pair: %v", err)
	}
	if err := f.Forget("7"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.visit(from("one more", hall, "")); err != nil {
		t.Errorf("with room: %v", err)
	}
}
