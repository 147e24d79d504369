package clientregistry

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"pgregory.net/rapid"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

func TestReorder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r reorder[uint32]
		var delivered []uint32
		passed := make(map[uint32]bool)
		steps := rapid.SliceOf(rapid.Uint32Range(0, 2*maxHeld)).Draw(t, "steps")
		for _, seq := range steps {
			if seq == 2*maxHeld { // time passes
				from := r.next
				for n := range uint32(r.skip()) {
					passed[from+n] = true
				}
			} else {
				got := r.add(seq, seq, time.Time{})
				_, held := r.held[seq]
				switch want := slices.Contains(delivered, seq); {
				case want && got != arrivedTwice,
					passed[seq] && got != arrivedLate,
					got == arrivedNew && !held,
					got == arrivedTooEarly && seq < r.next+maxHeld:
					t.Fatalf("piece %d: %v, delivered %v", seq, got, want)
				}
			}
			for v, ok := r.peek(); ok; v, ok = r.peek() {
				if v != r.next {
					t.Fatalf("piece %d at the place of %d", v, r.next)
				}
				r.pop()
				delivered = append(delivered, v)
			}
			if len(r.held) > maxHeld {
				t.Fatalf("%d are held", len(r.held))
			}
		}
		if !slices.IsSorted(delivered) || len(slices.Compact(slices.Clone(delivered))) != len(delivered) {
			t.Fatalf("delivered %v", delivered)
		}
	})
}

// fakePeer is a peer that only has a name.
type fakePeer struct{ id coap.PeerID }

func (p fakePeer) ID() coap.PeerID      { return p.id }
func (p fakePeer) Addr() netip.AddrPort { return netip.AddrPort{} }
func (p fakePeer) Verified() bool       { return false }
func (p fakePeer) Identity() string     { return "" }
func (p fakePeer) Start(context.Context, *coap.Request, func(*coap.Response, error)) *coap.Call {
	return nil // what is sent to it is lost
}
func (p fakePeer) Stats() coap.Stats { return coap.Stats{} }
func (p fakePeer) Do(context.Context, *coap.Request) (*coap.Response, error) {
	return nil, coap.ErrNoReply
}

// Fragments come in any order, several times or never: each is delivered at most
// once and in order, what is missing is counted, and each message gets its answer.
func TestAnyOrderIsDeliveredInOrder(t *testing.T) { inAnyOrder(t, anyOrder) }

func TestAnyOrderIsReadInOrder(t *testing.T) { inAnyOrder(t, anyPieces) }

func inAnyOrder(t *testing.T, deliver func(n uint32, arrivals []arrivalOf) error) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.Uint32Range(1, 30).Draw(rt, "fragments")
		var arrivals []arrivalOf
		for seq := range n {
			least := 0
			if seq == n-1 {
				least = 1
			}
			for range rapid.IntRange(least, 3).Draw(rt, "copies") {
				// Most are on time, some later than anybody waits.
				late := rapid.SampledFrom([]int{0, 0, 0, 10, 40, 200, 900}).Draw(rt, "late")
				arrivals = append(arrivals, arrivalOf{seq, time.Duration(int(seq)*20+late) * time.Millisecond})
			}
		}
		slices.SortStableFunc(arrivals, func(a, b arrivalOf) int { return int(a.at - b.at) })
		var err error
		synctest.Test(t, func(*testing.T) { err = deliver(n, arrivals) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

type arrivalOf struct {
	seq uint32
	at  time.Duration
}

func anyOrder(n uint32, arrivals []arrivalOf) error {
	e := newEar()
	hub, session := opener(e)
	server := NewServer(ServerConfig{Policy: hub})
	defer server.Close()
	e.onLast = func(f Fragment) { session().Answer(f.Turn, vap.Answer{}) }
	peer := fakePeer{"udp:somewhere"}
	ignore := func(*coap.Response) {}
	server.connect(peer, &coap.Request{}, vap.Connect{ID: "a", Version: vap.Version}, ignore)
	server.start(peer, &coap.Request{}, vap.SessionStart{Session: 1, HasSession: true}, ignore)

	var mu sync.Mutex
	answers := make(map[uint32][]codes.Code)
	began := time.Now()
	for _, a := range arrivals {
		time.Sleep(a.at - time.Since(began))
		synctest.Wait()
		data := vap.SessionData{Session: 1, HasSession: true, Seq: a.seq, Last: a.seq == n-1}
		server.data(peer, &coap.Request{Body: make([]byte, 700)}, data, func(r *coap.Response) {
			mu.Lock()
			defer mu.Unlock()
			answers[a.seq] = append(answers[a.seq], r.Code)
		})
	}
	time.Sleep(3 * time.Second)
	mu.Lock()
	defer mu.Unlock()

	next, got := uint32(0), make(map[uint32]bool)
	for _, f := range e.heard() {
		if f.Seq != next+uint32(f.Lost) || f.Last != (f.Seq == n-1) {
			return fmt.Errorf("after %d came %d with %d lost, last %v", next, f.Seq, f.Lost, f.Last)
		}
		next = f.Seq + 1
		got[f.Seq] = true
	}
	if next != n {
		return fmt.Errorf("%d of %d were accounted for", next, n)
	}
	for _, a := range arrivals {
		want := codes.RequestEntityIncomplete
		switch {
		case a.seq == n-1:
			want = codes.Created
		case got[a.seq]:
			want = codes.Continue
		}
		if codes := answers[a.seq]; len(codes) == 0 || codes[0] != want {
			return fmt.Errorf("fragment %d: delivered %v, answered %v", a.seq, got[a.seq], codes)
		}
		answers[a.seq] = answers[a.seq][1:]
	}
	if held := server.heldBytes.Load(); held != 0 {
		return fmt.Errorf("%d bytes are still counted", held)
	}
	return nil
}

// The pieces of a stream come in any order, several times or never: each is read at
// most once and in order, what is missing is counted, and each message gets its answer.
func anyPieces(n uint32, arrivals []arrivalOf) (err error) {
	client := NewClient(ClientConfig{ID: "a"})
	client.peer = fakePeer{"udp:hub"}
	s := client.Start(vap.SessionStart{})
	defer s.Cancel()
	client.mu.Lock()
	stream := client.stream(s, vap.Sound{Stream: 5, Codec: vap.CodecPCM, Rate: 16000})
	client.mu.Unlock()
	answered := make(chan struct{}, len(arrivals))
	began := time.Now()
	for _, a := range arrivals {
		time.AfterFunc(a.at-time.Since(began), func() {
			sound := vap.Sound{Stream: 5, Seq: a.seq, Data: []byte{byte(a.seq)}, Last: a.seq == n-1}
			client.piece(sound, func(*coap.Response) { answered <- struct{}{} })
		})
	}
	next := uint32(0)
	for next < n {
		data, lost, err := stream.Read(context.Background())
		if err != nil {
			return fmt.Errorf("after %d of %d: %w", next, n, err)
		}
		if next += uint32(lost); uint32(data[0]) != next {
			return fmt.Errorf("piece %d at the place of %d", data[0], next)
		}
		next++
	}
	if _, _, err := stream.Read(context.Background()); err != io.EOF {
		return fmt.Errorf("after the last piece: %w", err)
	}
	time.Sleep(5 * time.Second)
	synctest.Wait()
	if len(answered) != len(arrivals) {
		return fmt.Errorf("%d of %d messages were answered", len(answered), len(arrivals))
	}
	return nil
}
