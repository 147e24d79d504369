package clients

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"strings"
	"testing"
	"time"
)

type memory struct {
	data   map[string][]byte
	err    error
	writes int
}

func (m *memory) All() iter.Seq2[string, []byte] { return maps.All(m.data) }

func (m *memory) Apply(changes map[string][]byte) error {
	if m.err != nil {
		return m.err
	}
	m.writes++
	for id, v := range changes {
		if m.data[id] = v; v == nil {
			delete(m.data, id)
		}
	}
	return nil
}

// counting makes the tokens "token 1", "token 2", ...
type counting struct{ n int }

func (c *counting) New() (string, []byte, error) {
	c.n++
	t := fmt.Sprint("token ", c.n)
	return t, []byte("hash of " + t), nil
}

func (c *counting) Matches(token string, hash []byte) bool { return "hash of "+token == string(hash) }

type fixture struct {
	*Registry
	store  *memory
	tokens counting
	now    time.Time
}

func open(t *testing.T, a Approval) *fixture {
	t.Helper()
	f := &fixture{store: &memory{data: map[string][]byte{}}, now: time.Unix(1_800_000_000, 0)}
	f.reopen(t, a)
	return f
}

func (f *fixture) reopen(t *testing.T, a Approval) {
	t.Helper()
	g, err := Open(Config{
		Store: f.store, Tokens: &f.tokens, Approval: a, Tokenless: []string{"old.peer"},
		Local: func(a netip.Addr) bool { return a.IsLoopback() || a == netip.MustParseAddr("192.0.2.1") },
		Now:   func() time.Time { return f.now },
	})
	if err != nil {
		t.Fatal(err)
	}
	f.Registry = g
}

// visit connects one client.
func (f *fixture) visit(r Request) (token string, err error) {
	d := f.Connect(r)[0]
	return d.Token, d.Err
}

func from(id, addr, token string) Request {
	return Request{ID: id, Name: "a name", Token: token, From: netip.MustParseAddrPort(addr)}
}

const (
	hall    = "192.0.2.7:5000"
	kitchen = "192.0.2.8:5000"
	local   = "127.0.0.1:5000"
	ownLAN  = "[::ffff:192.0.2.1]:5000" // as a socket of both families sees it
)

func TestApproval(t *testing.T) {
	for name, c := range map[string]struct {
		approval Approval
		addr     string
		second   error // of two strangers
	}{
		"first": {ApproveFirst, hall, ErrPending},
		"all":   {ApproveAll, hall, nil},
		"local": {ApproveAsk, local, nil},
		"found in the network by the hub's own machine": {ApproveAsk, ownLAN, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t, c.approval)
			if token, err := f.visit(from("a", c.addr, "")); err != nil || token == "" {
				t.Fatalf("first: %q, %v", token, err)
			}
			if _, err := f.visit(from("b", c.addr, "")); !errors.Is(err, c.second) {
				t.Fatalf("second: %v, want %v", err, c.second)
			}
		})
	}
	f := open(t, ApproveAsk)
	if _, err := f.visit(from("a", hall, "")); !errors.Is(err, ErrPending) {
		t.Fatalf("asked for: %v", err)
	}
}

func TestTheOwnerDecides(t *testing.T) {
	f := open(t, ApproveAsk)
	f.visit(from("a", hall, "")) //nolint:errcheck // pending, as TestApproval shows
	if err := f.Decide("a", Approved); err != nil {
		t.Fatal(err)
	}
	token, err := f.visit(from("a", hall, ""))
	if err != nil || token == "" {
		t.Fatalf("approved: %q, %v", token, err)
	}
	if err := f.Decide("a", Denied); err != nil {
		t.Fatal(err)
	}
	if _, err := f.visit(from("a", hall, token)); !errors.Is(err, ErrDenied) {
		t.Fatalf("denied: %v", err)
	}
	if err := f.Forget("a"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.visit(from("a", hall, token)); !errors.Is(err, ErrPending) {
		t.Fatalf("forgotten: %v", err)
	}
	for _, err := range []error{f.Decide("nobody", Denied), f.Forget("nobody")} {
		if !errors.Is(err, ErrUnknown) {
			t.Fatalf("nobody: %v", err)
		}
	}
}

func TestTokens(t *testing.T) {
	f := open(t, ApproveAll)
	lost, err := f.visit(from("a", hall, ""))
	if err != nil {
		t.Fatal(err)
	}
	// The answer was lost: the same address may ask again, another may not.
	if _, err := f.visit(from("a", kitchen, "")); !errors.Is(err, ErrToken) {
		t.Fatalf("provisional token, another address: %v", err)
	}
	token, err := f.visit(from("a", hall, ""))
	if err != nil || token == "" || token == lost {
		t.Fatalf("provisional token, same address: %q, %v", token, err)
	}
	if _, err := f.visit(from("a", hall, lost)); !errors.Is(err, ErrToken) {
		t.Fatalf("the lost token: %v", err)
	}
	f.reopen(t, ApproveAll) // over a restart of the hub
	// Used once it holds, from everywhere, and nothing else does.
	if again, err := f.visit(from("a", kitchen, token)); err != nil || again != "" {
		t.Fatalf("the token: %q, %v", again, err)
	}
	for _, wrong := range []string{"", "nonsense"} {
		if _, err := f.visit(from("a", hall, wrong)); !errors.Is(err, ErrToken) {
			t.Fatalf("token %q: %v", wrong, err)
		}
	}
	if strings.Contains(string(f.store.data["a"]), token) {
		t.Fatal("the token itself is on disk")
	}
}

func TestTokenlessPeers(t *testing.T) {
	f := open(t, ApproveAll)
	r := from("old.peer", hall, "")
	if token, err := f.visit(r); err != nil || token != "" {
		t.Fatalf("%q, %v", token, err)
	}
	r.Elsewhere = true
	if _, err := f.visit(r); !errors.Is(err, ErrTaken) {
		t.Fatalf("alive elsewhere: %v", err)
	}
}

func TestWhatCannotBeSavedIsNotAnswered(t *testing.T) {
	f := open(t, ApproveAll)
	f.store.err = errors.New("disk full")
	if token, err := f.visit(from("a", hall, "")); !errors.Is(err, f.store.err) || token != "" {
		t.Fatalf("%q, %v", token, err)
	}
	if got := f.List(); len(got) != 0 {
		t.Fatalf("kept: %v", got)
	}
}

func TestStrangersCannotFillTheTable(t *testing.T) {
	f := open(t, ApproveFirst)
	token, _ := f.visit(from("mine", hall, ""))
	for i := range 3 * maxPending {
		f.now = f.now.Add(time.Second)
		if _, err := f.visit(from(fmt.Sprint("made up ", i), kitchen, "")); !errors.Is(err, ErrPending) {
			t.Fatal(err)
		}
	}
	if n := len(f.List()); n != maxPending+1 || len(f.store.data) != 1 {
		t.Fatalf("%d clients are known, %d kept", n, len(f.store.data))
	}
	if _, err := f.visit(from("mine", hall, token)); err != nil {
		t.Fatal(err)
	}
}
