package load

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vapd/protocol/coap"
)

func TestHammerOnAHub(t *testing.T) {
	_, addr := serveBare(t, 2)
	blow, err := Hammer{Addr: addr, Peers: 2, Window: 4}.Run(t.Context(), 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if n := blow.Answered.Load(); n == 0 || blow.Latency.Count() != uint64(n) || blow.Rate() == 0 {
		t.Errorf("%d requests were answered, %d measured", n, blow.Latency.Count())
	}
	t.Logf("%.0f requests/s of %d a session", blow.Rate(), sessionFragments)
}

// The same bytes go to libcoap's server as PUT.
func TestHammerOnLibcoap(t *testing.T) {
	house, err := NewHouse("", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close()
	server, err := house.Libcoap()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	blow, err := Hammer{Addr: server.Addr, Peers: 4, Window: 2, Put: "example_data"}.Run(t.Context(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if blow.Answered.Load() == 0 || blow.Rate() == 0 {
		t.Error("nothing was answered")
	}
	if server.Resident() == 0 {
		t.Error("the server has no memory")
	}
	server.Kill()
	if err := server.Alive(); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("a killed server: %v", err)
	}
}

// What the hammer writes is what an endpoint reads.
func TestPackets(t *testing.T) {
	type seen struct {
		path string
		body string
	}
	got := make(chan seen, 1)
	server, err := coap.Listen(coap.Config{
		Addr: netip.MustParseAddrPort("127.0.0.1:0"), Handler: func(_ coap.Peer, r *coap.Request, reply func(*coap.Response)) {
			got <- seen{r.Path, string(r.Body)}
			reply(&coap.Response{Code: codeChanged})
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	rapid.Check(t, func(t *rapid.T) {
		segments := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,40}`), 1, 4).Draw(t, "segments")
		want := seen{strings.Join(segments, "/"), rapid.StringN(1, 200, 800).Draw(t, "body")}
		s := &striker{hammer: Hammer{Addr: server.LocalAddr()}, buf: make([]byte, 2048), mid: uint16(rand.Uint32())}
		conn, err := Garbage{Addr: server.LocalAddr()}.open(0)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		s.conn = conn
		if err := s.ask(want.path, []byte(want.body)); err != nil {
			t.Fatal(err)
		}
		if g := <-got; g != want {
			t.Fatalf("got %+v, want %+v", g, want)
		}
	})
}

func FuzzReply(f *testing.F) {
	f.Add([]byte{0x44, 0x02, 1, 2, 3, 4, 5, 6, 0xff})
	f.Add([]byte{0x60, 0x45, 1, 2})
	f.Add([]byte{0x4f, 0x45, 1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, ok := parseReply(b)
		if !ok {
			return
		}
		ack, ok := parseReply(r.acknowledge())
		if !ok || ack.kind != typeACK || ack.mid != r.mid {
			t.Errorf("%x is acknowledged by %x", b, r.acknowledge())
		}
	})
}

// Garbage comes no faster than asked, and a hub that gets it answers others.
func TestGarbage(t *testing.T) {
	_, endpoint := listenBare(t, 8)
	ctx, cancel := context.WithCancel(within(t, time.Minute))
	defer cancel()
	const rate = 5000
	var wg sync.WaitGroup
	began := time.Now()
	wg.Go(func() {
		sent, err := Garbage{Addr: endpoint.LocalAddr(), Rate: rate, Seed: 1}.Run(ctx)
		if most := int(rate * time.Since(began).Seconds()); err != nil || sent == 0 || sent > most {
			t.Errorf("%d datagrams, %d at most, %v", sent, most, err)
		}
	})
	// A busy machine takes its time to begin.
	for ctx.Err() == nil && endpoint.Stats().Malformed == 0 {
		if _, err := (Hammer{Addr: endpoint.LocalAddr(), Peers: 2, Window: 2}).Run(ctx, 500*time.Millisecond); err != nil {
			t.Error(err)
			break
		}
	}
	cancel()
	wg.Wait()
}

func TestRecordings(t *testing.T) {
	if _, err := ReadRecordings(t.TempDir()); err == nil || !strings.Contains(err.Error(), "no .wav or .flac") {
		t.Errorf("an empty folder: %v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/a.wav", []byte("RIFF"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadRecordings(dir); err == nil || !strings.Contains(err.Error(), "a.wav") {
		t.Errorf("half a file: %v", err)
	}
	r := NewRecording(make([]int16, 16000*20))
	if r.fragments() != 400 {
		t.Errorf("%d fragments of 8 s", r.fragments())
	}
	r = NewRecording([]int16{1, 2, 3})
	if sound, at := r.fragment(0); r.fragments() != 1 || len(sound) != 6 || at != 0 {
		t.Errorf("%d fragments, %v at %d", r.fragments(), sound, at)
	}
}
