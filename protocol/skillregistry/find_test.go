package skillregistry

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// A skill that knows no address finds the hub by multicast, and is asked.
func TestSearch(t *testing.T) {
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := netip.MustParseAddrPort(free.LocalAddr().String()).Port()
	free.Close()
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	mux := new(coap.Mux)
	hubEnd, err := coap.Listen(coap.Config{Addr: loopback, Groups: true, GroupPort: port, Handler: mux.Serve})
	if err != nil {
		t.Fatal(err)
	}
	defer hubEnd.Close()
	server := NewServer(ServerConfig{Policy: new(hub)})
	defer server.Close()
	server.Register(mux)
	end, err := coap.Listen(coap.Config{Addr: loopback, GroupPort: port})
	if err != nil {
		t.Fatal(err)
	}
	defer end.Close()
	k := start(t, ClientConfig{
		ID: skillName, Endpoint: end, Find: Search(end, "lo"), Tokens: new(tokens),
		CanAnswer: func(context.Context, vap.SkillRequest) float32 { return 0.25 },
	})
	defer k.stop()
	for ctx := within(t, 20*time.Second); ; time.Sleep(10 * time.Millisecond) {
		a, err := server.Ask(ctx, skillName, canAnswer("hello"))
		if err == nil && a.Confidence == 0.25 {
			return
		}
		if !errors.Is(err, ErrNotConnected) && !errors.Is(err, ErrNotListening) {
			t.Fatalf("%+v, %v", a, err)
		}
	}
}

// A search that finds nobody says what helps.
func TestSearchFindsNobody(t *testing.T) {
	end, err := coap.Listen(coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0"), GroupPort: 9})
	if err != nil {
		t.Fatal(err)
	}
	defer end.Close()
	if _, err := Search(end, "lo")(within(t, 100*time.Millisecond)); !errors.Is(err, errNoHub) {
		t.Error(err)
	}
	if _, err := Search(end, "no-such-interface")(t.Context()); err == nil || errors.Is(err, errNoHub) {
		t.Error(err)
	}
}
