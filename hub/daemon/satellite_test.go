package daemon

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vapd/internal/config"
	"vapd/internal/durable"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/discovery"
	"vapd/protocol/vap"
	"vapd/satellite/link"
)

// registry is the client registry as a satellite's link sees it.
type registry struct {
	*clientregistry.Client
	endpoint *coap.Endpoint
}

func (r registry) Identify(ctx context.Context, addr netip.AddrPort) (link.Hub, error) {
	hub, err := discovery.Ask(ctx, r.endpoint.Peer(addr))
	return link.Hub{ID: hub.ID, Secured: hub.Secured}, err
}

func (r registry) Connect(ctx context.Context, hub link.Hub, token string) (vap.Connected, error) {
	return r.Client.Connect(ctx, r.endpoint.Peer(hub.Addr), token)
}

// linked runs the link of a satellite that keeps its tokens in the file and finds hubs,
// until one of them has taken it or all have refused it, and returns how it is then.
func linked(t *testing.T, tokens string, hubs ...link.Hub) link.Status {
	t.Helper()
	mux := new(coap.Mux)
	e, err := coap.Listen(coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Handler: mux.Serve})
	if err != nil {
		t.Fatal(err)
	}
	client := clientregistry.NewClient(clientregistry.ClientConfig{ID: "org.example.satellite", Name: "Satellite"})
	client.Register(mux)
	changed := make(chan link.Status, 16)
	l := link.New(link.Config{
		Registry: registry{client, e}, Tokens: durable.File{Path: tokens}, Plain: netip.Addr.IsLoopback, Logger: slog.New(slog.DiscardHandler),
		Find: func(ctx context.Context, found func(link.Hub)) error {
			for _, h := range hubs {
				found(h)
			}
			<-ctx.Done()
			return nil
		},
		Changed: func(s link.Status) { changed <- s },
	})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); l.Run(ctx) }()
	defer func() {
		cancel()
		<-done
		if err := errors.Join(client.Close(context.Background()), e.Close()); err != nil {
			t.Error(err)
		}
	}()
	select {
	case s := <-changed:
		return s
	case <-time.After(20 * time.Second):
		t.Fatal("neither taken nor refused")
		panic("unreachable")
	}
}

// A satellite goes on with its hub, and its hub with it, whatever becomes of the hub's
// name and address, and in whatever way it is found.
func TestASatelliteKnowsItsHubAgain(t *testing.T) {
	dir := t.TempDir()
	tokens := filepath.Join(dir, "tokens.json")
	start := func(t *testing.T, name string) control.HubReady {
		return running(t, func(c *config.Hub) {
			c.Name, c.StateDir = name, filepath.Join(dir, strings.Fields(name)[0])
			c.Speech.STT, c.Speech.TTS = "none", "none"
		})
	}
	at := func(r control.HubReady) link.Hub { return link.Hub{Addr: netip.MustParseAddrPort(r.CoAP)} }
	mine := ""
	for _, c := range []struct {
		name       string
		hub        string // its first word is its folder
		configured bool
	}{
		{"let in", "kitchen", false},
		{"with its token", "kitchen", false}, // from now on nobody comes in without it
		{"renamed, at another port", "kitchen of ours", false},
		{"configured", "kitchen", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			// Another hub that would let it in is found first.
			found := []link.Hub{at(start(t, "cellar")), at(start(t, c.hub))}
			if mine == "" {
				found = found[1:]
			}
			if c.configured {
				found = found[1:]
				found[0].Configured = true
			}
			s := linked(t, tokens, found...)
			if s.State != link.Up || s.Hub.Addr != found[len(found)-1].Addr || s.Answer.HubID != s.Hub.ID {
				t.Fatalf("%v at %+v because of %v", s.State, s.Hub, s.Why)
			}
			if mine == "" {
				mine = s.Hub.ID
			}
			if s.Hub.ID != mine || !strings.HasPrefix(mine, "org.vapd.hub.") {
				t.Errorf("the hub is %q and was %q", s.Hub.ID, mine)
			}
		})
	}
	t.Run("without its token", func(t *testing.T) {
		if s := linked(t, filepath.Join(dir, "none.json"), at(start(t, "kitchen"))); s.State != link.Denied {
			t.Errorf("%v: the other tests prove nothing", s.State)
		}
	})
}
