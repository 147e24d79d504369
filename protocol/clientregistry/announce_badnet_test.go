package clientregistry

import (
	"bytes"
	"io"
	"testing"
	"time"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// On bad networks, plain and secured, what is announced comes late perhaps, but whole.
func TestAnnouncementsOnBadNetworks(t *testing.T) {
	const ms = time.Millisecond
	for name, how := range map[string]netsim.Impairment{
		"5 % loss":      loss5,
		"10 % loss":     {Delay: 15 * ms, Loss: 0.1},
		"Wi-Fi":         {Delay: 5 * ms, Jitter: 5 * ms, Burst: netsim.Burst{Enter: 0.005, Leave: 0.2, Loss: 0.8}},
		"reordering":    {Delay: 15 * ms, Reorder: 0.1, Hold: 40 * ms, Duplicate: 0.1},
		"half a second": {Delay: 250 * ms, Jitter: 100 * ms},
		"corruption":    {Delay: 15 * ms, Corrupt: 0.05},
	} {
		for way, open := range map[string]func(*netsim.Network, netsim.Impairment) station{"plain": inMemory, "DTLS": securedInMemory} {
			t.Run(name+", "+way, func(t *testing.T) {
				run(t, func(t *testing.T) {
					at, l := open(netsim.NewNetwork(1), how), newListener()
					var hubMux, clientMux coap.Mux
					server := NewServer(ServerConfig{Policy: new(hub)})
					defer server.Close()
					server.Register(&hubMux)
					client := NewClient(ClientConfig{
						ID: "org.vapd.satellite.0", Name: "kitchen", Announced: l.announced,
						Capabilities: []vap.Offer{{Name: vap.CapSound, Stream: true}, {Name: vap.CapVoice}},
					})
					client.Register(&clientMux)
					ctx := within(t, 2*time.Minute)
					for n, mux := range []*coap.Mux{&hubMux, &clientMux} {
						end, err := at.open(n-1, mux)
						if err != nil {
							t.Fatal(err)
						}
						defer end.Close()
						if n == 0 {
							continue
						}
						peer, err := at.peer(ctx, end)
						if err != nil {
							t.Fatal(err)
						}
						if _, err := client.Connect(ctx, peer, ""); err != nil {
							t.Fatal(err)
						}
					}
					sent, err := say(ctx, server, client.cfg.ID, 250)
					if err != nil {
						t.Fatal(err)
					}
					if got := <-l.done; got.err != io.EOF || got.lost > 0 || !bytes.Equal(got.data, sent) {
						t.Errorf("%d bytes of %d, %d lost, %v", len(got.data), len(sent), got.lost, got.err)
					}
				})
			})
		}
	}
}
