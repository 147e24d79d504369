package dtls

import (
	"testing"

	"vapd/protocol/coap"
)

// TestBothWays: the server reaches the client on the association that the client made,
// and each knows the other by its identity.
func TestBothWays(t *testing.T) {
	peers := make(chan coap.Peer, 1)
	st, _ := listen(t, Config{Keys: paired}, coap.Config{Handler: func(p coap.Peer, req *coap.Request, reply func(*coap.Response)) {
		peers <- p
		who(p, req, reply)
	}})
	ct, ce := listen(t, Config{}, coap.Config{Handler: who})
	hub := associate(t, ct, ce, st.LocalAddr())
	if !hub.Verified() || hub.Identity() != "kitchen" {
		t.Errorf("the hub is %q", hub.Identity())
	}
	ask(t, hub, "hello", "kitchen: hello")
	client := <-peers
	if !client.Verified() || client.ID() != "dtls:kitchen#1" || client.Addr() != ct.LocalAddr() {
		t.Errorf("the client is %q at %v", client.ID(), client.Addr())
	}
	ask(t, client, "back", "kitchen: back")
	if s := st.Stats(); s.Associations != 1 || s.Finished != 1 || s.HalfOpen != 0 || s.Dropped+s.Failed+s.Forged != 0 {
		t.Errorf("the server counts %+v", s)
	}
}
