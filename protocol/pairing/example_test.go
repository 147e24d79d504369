package pairing_test

import (
	"context"
	"fmt"
	"net/netip"
	"sync"

	"vapd/protocol/coap"
	"vapd/protocol/pairing"
)

// keys is a hub's store; a real one is on a disk.
type keys struct {
	mu    sync.Mutex
	rings map[string]pairing.Keyring
}

func (k *keys) Offer(p pairing.Pairing) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rings[p.ID] = k.rings[p.ID].Offer(p.Key)
	return nil
}

func (k *keys) Replace(id string, _, next pairing.Key) error {
	return k.Offer(pairing.Pairing{ID: id, Key: next}) // nobody is unpaired here
}

func (k *keys) Paired(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, ok := k.rings[id]
	return ok
}

func (k *keys) Key(identity string) (pairing.Key, bool) {
	id, keyID, _ := pairing.SplitIdentity(identity)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rings[id].Find(keyID)
}

// A satellite that was told the hub's code.
func Example() {
	hub, err := pairing.NewServer(pairing.Config{HubID: "org.vapd.hub.example", Keys: &keys{rings: map[string]pairing.Keyring{}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer hub.Close()
	mux := new(coap.Mux)
	hub.Register(mux)
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	server, err := coap.Listen(coap.Config{Addr: loopback, Handler: mux.Serve})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	invitation, err := hub.OpenCode(server.LocalAddr().String())
	if err != nil {
		fmt.Println(err)
		return
	}

	satellite, err := coap.Listen(coap.Config{Addr: loopback})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer satellite.Close()
	me := pairing.Satellite{ID: "org.vapd.satellite.example", Name: "kitchen"}
	p, err := pairing.NewClient(pairing.ClientConfig{}).
		WithCode(context.Background(), satellite.Peer(server.LocalAddr()), me, invitation.HubID, invitation.Passcode)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("paired with", p.HubID, "by key", p.Key)
	// Output: paired with org.vapd.hub.example by key (secret)
}
