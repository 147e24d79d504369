package clientregistry

import (
	"io"
	"net/netip"
	"testing"
	"time"

	"vapd/internal/netsim"
	"vapd/internal/netsim/netsimtest"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// The whole way over two UDP sockets of the system.
func TestOverLoopback(t *testing.T) {
	const fragments, pieces = 40, 40
	e := newEar()
	hub, session := opener(e)
	e.onLast = func(f Fragment) {
		o := session().Stream(vap.CodecPCM, 16000)
		session().Answer(f.Turn, vap.Answer{EndSession: true, Capabilities: []vap.Capability{o.Announcement()}})
		go func() {
			for n := range pieces {
				if err := o.Send(t.Context(), make([]byte, 640), n == pieces-1); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	listen := func(mux *coap.Mux) *coap.Endpoint {
		end, err := coap.Listen(coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Handler: mux.Serve})
		if err != nil {
			t.Fatal(err)
		}
		return end
	}
	var serverMux, clientMux coap.Mux
	hubEnd, clientEnd := listen(&serverMux), listen(&clientMux)
	defer hubEnd.Close()
	defer clientEnd.Close()
	server := NewServer(ServerConfig{Policy: hub})
	defer server.Close()
	server.Register(&serverMux)
	client := NewClient(ClientConfig{ID: "a", Name: "a", Capabilities: []vap.Offer{{Name: vap.CapSound, Stream: true}}})
	client.Register(&clientMux)

	ctx := within(t, 30*time.Second)
	if _, err := client.Connect(ctx, clientEnd.Peer(hubEnd.LocalAddr()), ""); err != nil {
		t.Fatal(err)
	}
	turn := client.Start(vap.SessionStart{}).Turn(1)
	for n := range fragments {
		if err := turn.Send(pcm(n)); err != nil {
			t.Fatal(err)
		}
	}
	turn.Finish()
	answer, err := turn.Answer(ctx)
	if err != nil || answer.Sound == nil {
		t.Fatalf("%+v, %v", answer, err)
	}
	for n := 0; ; n++ {
		_, lost, err := answer.Sound.Read(ctx)
		if err == io.EOF && n == pieces {
			break
		}
		if err != nil || lost > 0 {
			t.Fatalf("piece %d: lost %d, %v", n, lost, err)
		}
	}
	if got := len(e.heard()); got != fragments+1 {
		t.Errorf("heard %d fragments", got)
	}
	if err := client.Close(ctx); err != nil {
		t.Error(err)
	}
}

// A fragment that was lost is sent again as soon as the next one is answered, not when
// its timer ends.
func TestLostFragmentIsRepairedFast(t *testing.T) {
	run(t, func(t *testing.T) {
		const delay = 20 * time.Millisecond
		e := newEar()
		hub, _ := opener(e)
		h := newHouse(t, netsim.Impairment{Delay: delay}, hub)
		defer h.close()
		h.connect()
		s := h.client.Start(vap.SessionStart{})
		turn := s.Turn(1)
		sent := make([]time.Time, 50)
		for n := range sent {
			sent[n] = time.Now()
			h.network.Set(h.tb, map[bool]netsim.Impairment{true: netsimtest.Silence(), false: {Delay: delay}}[n == 25])
			if err := turn.Send(pcm(n)); err != nil {
				t.Fatal(err)
			}
			h.network.Set(h.tb, netsim.Impairment{Delay: delay})
			time.Sleep(20 * time.Millisecond)
		}
		time.Sleep(time.Second)
		got := e.heard()
		if len(got) != len(sent) {
			t.Fatalf("heard %d", len(got))
		}
		// The next one is sent after 20 ms, its answer takes a round trip of 40 ms.
		late := got[25].Received.Sub(sent[25]) - delay
		if late < 60*time.Millisecond || late > 70*time.Millisecond {
			t.Errorf("it came %v late", late)
		}
		s.Cancel()
	})
}

// What one fragment costs the hub, its decoding included.
func BenchmarkServerFragment(b *testing.B) {
	var session *Session
	server := NewServer(ServerConfig{Policy: &hub{started: func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
		session = s
		return deaf{}, nil
	}}})
	defer server.Close()
	var mux coap.Mux
	server.Register(&mux)
	peer := fakePeer{"udp:somewhere"}
	ignore := func(*coap.Response) {}
	server.connect(peer, &coap.Request{}, vap.Connect{ID: "a", Version: vap.Version}, ignore)
	server.start(peer, &coap.Request{}, vap.SessionStart{Session: 1, HasSession: true}, ignore)
	session.Grant()
	var body []byte
	var seq uint32
	b.ReportAllocs()
	for b.Loop() {
		body = vap.AppendSessionData(body[:0], vap.SessionData{Session: 1, HasSession: true, Seq: seq, Capabilities: []vap.Capability{pcm(1)}})
		mux.Serve(peer, &coap.Request{Code: 2, Path: pathData, Body: body}, ignore)
		seq++
	}
}

// deaf is a SessionHandler that keeps nothing.
type deaf struct{}

func (deaf) Fragment(Fragment) bool { return true }
func (deaf) Ended(error)            {}
