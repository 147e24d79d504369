package pairing

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/protocol/coap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// chance is random bytes that are the same in each run.
func chance(seed byte) *rand.ChaCha8 { return rand.NewChaCha8([32]byte{seed}) }

// store is the hub's Keys in memory.
type store struct {
	mu    sync.Mutex
	rings map[string]Keyring
	err   error // of Offer
}

func newStore() *store { return &store{rings: make(map[string]Keyring)} }

func (s *store) Offer(p Pairing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.rings[p.ID] = s.rings[p.ID].Offer(p.Key)
	return nil
}

func (s *store) Replace(id string, old, next Key) error {
	s.mu.Lock()
	ring := s.rings[id]
	s.mu.Unlock()
	if k, ok := ring.Find(old.ID()); !ok || k != old {
		return errors.New("void")
	}
	return s.Offer(Pairing{ID: id, Key: next})
}

func (s *store) Paired(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.rings[id]
	return ok
}

func (s *store) Key(identity string) (Key, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id, keyID, _ := SplitIdentity(identity)
	return s.rings[id].Find(keyID)
}

// hub is a Server and what it told.
type hub struct {
	*Server
	keys *store
	mux  *coap.Mux
	log  *bytes.Buffer

	mu     sync.Mutex
	told   []Event
	onTold func(Event)
}

const (
	hubID       = "org.vapd.hub.test"
	satelliteID = "org.vapd.satellite.test"
)

var me = Satellite{ID: satelliteID, Name: "kitchen"}

func newHub(t testing.TB, keys *store) *hub {
	t.Helper()
	h := &hub{keys: keys, mux: new(coap.Mux), log: new(bytes.Buffer)}
	s, err := NewServer(Config{
		HubID: hubID, HubName: "home", Keys: keys, Told: h.tell,
		Logger: slog.New(slog.NewJSONHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Server = s
	s.Register(h.mux)
	t.Cleanup(s.Close)
	return h
}

func (h *hub) tell(e Event) {
	h.mu.Lock()
	h.told = append(h.told, e)
	f := h.onTold
	h.mu.Unlock()
	if f != nil {
		f(e)
	}
}

// approving makes the owner approve or deny whatever is there to compare.
func (h *hub) approving(t testing.TB, approve bool) {
	h.on(func(e Event) {
		switch {
		case e.Kind != Compare:
		case approve:
			if err := h.Approve(e.Code); err != nil {
				t.Error(err)
			}
		default:
			h.Deny()
		}
	})
}

func (h *hub) on(f func(Event)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onTold = f
}

// kinds are what was told, in order.
func (h *hub) kinds() []Kind {
	h.mu.Lock()
	defer h.mu.Unlock()
	var kinds []Kind
	for _, e := range h.told {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (h *hub) expect(t *testing.T, want ...Kind) {
	t.Helper()
	if got := h.kinds(); !slices.Equal(got, want) {
		t.Errorf("the hub told %q, want %q", got, want)
	}
}

// line is a Peer in memory: what it is asked, a Mux answers. up may change a request on
// its way, or lose it, and down its answer; both may be nil.
type line struct {
	coap.Peer
	mux      *coap.Mux
	from     netip.AddrPort
	identity string
	up       func(req *coap.Request) *coap.Request
	down     func(req *coap.Request, resp *coap.Response) *coap.Response
}

func (l *line) ID() coap.PeerID      { return coap.PeerID("udp:" + l.from.String()) }
func (l *line) Addr() netip.AddrPort { return l.from }
func (l *line) Verified() bool       { return l.identity != "" }
func (l *line) Identity() string     { return l.identity }

func (l *line) Do(ctx context.Context, req *coap.Request) (*coap.Response, error) {
	if l.up != nil {
		if req = l.up(req); req == nil {
			return nil, coap.ErrNoReply
		}
	}
	answer := make(chan *coap.Response, 1)
	l.mux.Serve(l, req, func(resp *coap.Response) { answer <- resp })
	select {
	case resp := <-answer:
		if l.down != nil {
			if resp = l.down(req, resp); resp == nil {
				return nil, coap.ErrNoReply
			}
		}
		return resp, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *hub) line() *line {
	return &line{mux: h.mux, from: netip.MustParseAddrPort("192.0.2.7:5683")}
}

// agrees is a person who finds codes equal.
func agrees(context.Context, Code) error { return nil }

// inTime runs a test in which time passes at once when all wait.
func inTime(t *testing.T, name string, test func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// pass lets a bit more than d pass.
func pass(d time.Duration) {
	time.Sleep(d + 1)
	synctest.Wait()
}

// same fails unless hub and satellite have the same key and know whose it is.
func same(t *testing.T, h *hub, p Pairing) {
	t.Helper()
	k, ok := h.keys.Key(p.Identity())
	if !ok || k != p.Key || k == (Key{}) {
		t.Errorf("the hub has no key %q, or another one", p.Identity())
	}
	if want := (Pairing{hubID, "home", me.ID, me.Name, p.Key}); p != want {
		t.Errorf("paired %q with %q, named %q and %q", p.ID, p.HubID, p.Name, p.HubName)
	}
}

// nothing fails if the hub has any key.
func nothing(t *testing.T, h *hub) {
	t.Helper()
	h.keys.mu.Lock()
	defer h.keys.mu.Unlock()
	if len(h.keys.rings) > 0 {
		t.Errorf("the hub keeps keys of %d satellites, want none", len(h.keys.rings))
	}
}

var errDisk = errors.New("the disk is full")
