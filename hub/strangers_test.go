package hub

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/hub/api"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

// Strangers who connect, hold their keys and guess codes, many at once, take a bounded part
// of the hub, and none of its satellites' time.
func TestStrangersAreBounded(t *testing.T) {
	h := start(t, "", strangers)
	d := paired(t, h, "org.example.kitchen")
	if _, err := h.Do(t.Context(), owner, api.OpenPairingCode{}); err != nil {
		t.Fatal(err)
	}
	var told sync.Map // kinds of events, and how many of each
	defer h.Watch(func(e control.HubEvent) {
		if e.Kind == control.EventPairing {
			n, _ := told.LoadOrStore(e.Pairing.What, new(int))
			*n.(*int)++ // one at a time
		}
	})()
	ctx := t.Context()
	var wg sync.WaitGroup
	const many = 60
	for i := range many {
		s := newDevice(t, fmt.Sprintf("org.example.stranger%d", i), pairing.Keyring{}, slog.New(slog.DiscardHandler))
		hub := s.endpoint.Peer(h.Addr())
		code, err := pairing.ParsePasscode(fmt.Sprintf("%08d", i))
		if err != nil {
			t.Fatal(err)
		}
		wg.Go(func() {
			client := pairing.NewClient(pairing.ClientConfig{})
			if _, err := client.WithCode(ctx, hub, s.me, "", code); err == nil {
				t.Error("a code was guessed")
			}
			ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
			defer cancel()
			if _, err := client.Push(ctx, hub, s.me, func(context.Context, pairing.Code) error { return nil }); err == nil {
				t.Error("paired without the owner")
			}
		})
		body := vap.AppendConnect(nil, vap.Connect{ID: s.me.ID, Name: s.me.Name, Version: vap.Version})
		for range 50 {
			req := &coap.Request{Code: codes.POST, Path: "vap/clientRegistry/connect", Body: body, NonConfirmable: true}
			hub.Start(ctx, req, func(*coap.Response, error) {})
		}
	}
	worst := time.Duration(0)
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	for busy := true; busy; {
		select {
		case <-done:
			busy = false
		case <-time.After(20 * time.Millisecond):
		}
		asked := time.Now()
		if err := d.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		worst = max(worst, time.Since(asked))
	}
	t.Logf("a paired satellite's longest ping took %v", worst)
	list, err := h.Do(t.Context(), owner, api.ListClients{})
	if err != nil || len(list.([]control.HubClient)) != 1 {
		t.Errorf("the hub knows %+v, %v", list, err)
	}
	for what, most := range map[pairing.Kind]int{pairing.Asked: 8, pairing.Tried: pairing.CodeTries} {
		if n, ok := told.Load(string(what)); !ok || *n.(*int) > most {
			t.Errorf("%s: more than %d times, or never: %v", what, most, ok)
		}
	}
}
