package hub

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"vapd/hub/api"
	"vapd/hub/audit"
	"vapd/hub/clients"
	"vapd/protocol/pairing"
)

// fakeAuditor keeps entries in memory, as long as its disk has room.
type fakeAuditor struct {
	mu      sync.Mutex
	entries []audit.Entry
	full    bool
}

var errFull = errors.New("no space left on device")

func (f *fakeAuditor) Add(entries ...audit.Entry) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full {
		return errFull
	}
	f.entries = append(f.entries, entries...)
	return nil
}

// said is "action object result" of every entry so far.
func (f *fakeAuditor) said() (all []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.entries {
		all = append(all, strings.Join(strings.Fields(e.Actor+": "+e.Action+" "+e.Object+" "+e.Result), " "))
	}
	return all
}

func (f *fakeAuditor) await(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); !slices.Contains(f.said(), want); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no entry %q within 5 s: %q", want, f.said())
		}
	}
}

func TestTheAuditLogSaysWhoDidWhat(t *testing.T) {
	log := new(fakeAuditor)
	h := start(t, "", func(c *Config) { c.Audit = log })
	connect(t, h, "org.example.hall")
	do := func(c api.Command) { _, _ = h.Do(t.Context(), owner, c) } // the log has the error, too
	do(api.ApproveClient{ID: "nobody"})
	do(api.DenyClient{ID: "org.example.hall"})
	do(api.Status{})
	do(api.OpenPairing{})
	do(api.ClosePairing{})
	do(api.ExportPairing{ID: "org.example.attic"})
	for _, want := range []string{
		"hub: hub.start org.vapd.hub.test ok",
		"client org.example.hall: token.issue org.example.hall ok",
		"owner: client.approve nobody begins",
		`owner: client.approve nobody hub: "nobody": no such client: 'vapd hub clients list' names all`,
		"owner: client.deny org.example.hall ok",
		"owner: pairing.open begins",
		"owner: pairing.open ok",
		"hub: pairing.closed the owner closed it",
		"hub: pairing.offered org.example.attic ok",
	} {
		log.await(t, want)
	}
	if n := len(log.said()); n != 11 {
		t.Errorf("%d entries: %q", n, log.said())
	}
	if _, err := h.Do(t.Context(), api.Actor{Kind: api.Client, ID: "x"}, api.ApproveClient{ID: "x"}); !errors.Is(err, api.ErrDenied) {
		t.Errorf("a client approved itself: %v", err)
	}
	log.await(t, "client x: client.approve x hub: client x: not allowed")
}

// A full disk: nobody is let in unseen, and somebody can be shut out.
func TestWithoutTheAuditLog(t *testing.T) {
	log := new(fakeAuditor)
	h := start(t, "", func(c *Config) { c.Audit = log })
	connect(t, h, "org.example.hall")
	log.mu.Lock()
	log.full = true
	log.mu.Unlock()
	for _, c := range []api.Command{
		api.ApproveClient{ID: "org.example.hall"}, api.OpenPairing{}, api.OpenPairingCode{}, api.ExportPairing{ID: "x"},
	} {
		if r, err := h.Do(t.Context(), owner, c); !errors.Is(err, errFull) || r != nil {
			t.Errorf("%T: %v, %v", c, r, err)
		}
	}
	if now := h.desk.look(); now.Push || now.Code || h.cfg.Registry.Paired("x") {
		t.Errorf("the hub is open: %+v", now)
	}
	if _, err := h.Do(t.Context(), owner, api.DenyClient{ID: "org.example.hall"}); !errors.Is(err, errFull) {
		t.Errorf("nobody hears that it is in no log: %v", err)
	}
	if c, _ := h.cfg.Registry.Get("org.example.hall"); c.State != clients.Denied {
		t.Errorf("a full disk keeps it in: %s", c.State)
	}
	connect(t, h, "org.example.kitchen2") // who may come in still does
}

// However many refusals strangers make, the log gets one entry an hour of each kind.
func TestRefusalsAreSummedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(fakeAuditor)
		j := newJournal(log, time.Now)
		var failed atomic.Uint64
		j.failed = failed.Load
		h := &Hub{journal: j}
		go j.run(t.Context())
		from := netip.MustParseAddrPort("192.0.2.1:5683")
		for range 3 * 60 { // three hours
			for range 1000 {
				h.auditRefused(api.Client, clients.Request{ID: "made.up", From: from}, clients.ErrToken)
				h.auditPairing(pairing.Event{Kind: pairing.Asked, ID: "made.up", From: from})
				failed.Add(1)
			}
			time.Sleep(time.Minute)
		}
		synctest.Wait()
		counts := make(map[string]int)
		for _, e := range log.entries {
			counts[e.Action]++
			if e.Action == "connect.refused" && (e.From != from.String() || !strings.Contains(e.Detail, " since ")) {
				t.Errorf("%+v", e)
			}
		}
		for action, n := range counts {
			if n != 3 {
				t.Errorf("%d entries of %s in three hours", n, action)
			}
		}
		if len(counts) != 3 {
			t.Errorf("%v", counts)
		}
	})
}

// What comes faster than the disk takes it is counted.
func TestLostEntriesAreSaid(t *testing.T) {
	log := new(fakeAuditor)
	h := &Hub{journal: newJournal(log, time.Now)}
	for range maxEvents + 5 {
		h.auditPairing(pairing.Event{Kind: pairing.Rotated, ID: "x"})
	}
	h.journal.finish()
	said := log.said()
	if len(said) != maxEvents+1 || said[maxEvents] != "hub: audit.lost 5 entries came faster than the disk takes them" {
		t.Errorf("%d entries, the last is %q", len(said), said[len(said)-1])
	}
}
