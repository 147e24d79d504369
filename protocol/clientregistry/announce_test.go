package clientregistry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/netip"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
	"vapd/internal/netsim/netsimtest"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// listener is a client that plays what is announced, unless it was told to refuse it.
type listener struct {
	engaged atomic.Bool
	done    chan heardAnnouncement
	wg      sync.WaitGroup
}

type heardAnnouncement struct {
	Announcement
	data []byte
	lost int
	err  error // io.EOF after the last piece
}

func newListener() *listener { return &listener{done: make(chan heardAnnouncement, 8)} }

func (l *listener) announced(a Announcement, reply func(error)) {
	if l.engaged.Load() {
		reply(Engaged())
		return
	}
	reply(nil)
	l.wg.Go(func() {
		h := heardAnnouncement{Announcement: a}
		for a.Sound != nil && h.err == nil {
			var data []byte
			var lost int
			data, lost, h.err = a.Sound.Read(context.Background())
			h.data, h.lost = append(h.data, data...), h.lost+lost
		}
		l.done <- h
	})
}

// listening is a house whose client plays announcements.
func listening(t *testing.T, f netsim.Impairment, h *hub, change ...func(*ServerConfig, *ClientConfig)) (*house, *listener) {
	t.Helper()
	l := newListener()
	change = append(change, func(_ *ServerConfig, c *ClientConfig) { c.Announced = l.announced })
	house := newHouse(t, f, h, change...)
	house.connect()
	return house, l
}

const kitchen = "org.vapd.satellite.kitchen"

func words(text string) vap.Capability {
	c := vap.TextCapability(vap.CapVoice, text)
	c.From = "org.example.bell"
	return c
}

// say announces n pieces of PCM and sends them.
func say(ctx context.Context, s *Server, client string, n int) (sent []byte, err error) {
	o, err := s.Announce(ctx, client, vap.CodecPCM, 16000, words("the doorbell rings"))
	if err != nil {
		return nil, err
	}
	defer o.Close()
	for i := range n {
		piece := bytes.Repeat([]byte{byte(i), byte(i >> 8)}, 320)
		if err := o.Send(ctx, piece, i == n-1); err != nil {
			return sent, err
		}
		sent = append(sent, piece...)
	}
	return sent, o.Wait(ctx)
}

// Whatever the network does, an announcement comes whole and in order.
func TestAnnouncement(t *testing.T) {
	const ms = time.Millisecond
	for name, f := range map[string]netsim.Impairment{
		"perfect": quiet(), "5 % loss": {Loss: 0.05, Delay: 15 * ms},
		"out of order and twice": {Delay: 10 * ms, Reorder: 0.3, Hold: 60 * ms, Duplicate: 0.2},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				h, l := listening(t, f, new(hub))
				defer h.close()
				for range 2 { // one after the other
					sent, err := say(within(t, time.Minute), h.server, kitchen, 100)
					if err != nil {
						t.Fatal(err)
					}
					got := <-l.done
					if got.Text != "the doorbell rings" || got.From != "org.example.bell" || got.Sound.Codec() != vap.CodecPCM || got.Sound.Rate() != 16000 {
						t.Errorf("announced %+v", got.Announcement)
					}
					if got.err != io.EOF || got.lost > 0 || !bytes.Equal(got.data, sent) {
						t.Errorf("%d bytes of %d, %d lost, %v", len(got.data), len(sent), got.lost, got.err)
					}
				}
			})
		})
	}
}

// Over two UDP sockets of the system.
func TestAnnouncementOverLoopback(t *testing.T) {
	l := newListener()
	listen := func(mux *coap.Mux) *coap.Endpoint {
		end, err := coap.Listen(coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Handler: mux.Serve})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = end.Close() })
		return end
	}
	var serverMux, clientMux coap.Mux
	hubEnd, clientEnd := listen(&serverMux), listen(&clientMux)
	server := NewServer(ServerConfig{Policy: new(hub)})
	defer server.Close()
	server.Register(&serverMux)
	client := NewClient(ClientConfig{
		ID: kitchen, Name: "kitchen", Announced: l.announced,
		Capabilities: []vap.Offer{{Name: vap.CapSound, Stream: true}, {Name: vap.CapVoice}},
	})
	client.Register(&clientMux)
	ctx := within(t, 30*time.Second)
	if _, err := client.Connect(ctx, clientEnd.Peer(hubEnd.LocalAddr()), ""); err != nil {
		t.Fatal(err)
	}
	sent, err := say(ctx, server, kitchen, 50)
	if got := <-l.done; err != nil || got.err != io.EOF || !bytes.Equal(got.data, sent) {
		t.Errorf("%v; %d bytes of %d, %v", err, len(got.data), len(sent), got.err)
	}
}

// Who is engaged is asked again: while a session runs, while an announcement comes, and for
// as long as the client itself says so.
func TestEngagedClient(t *testing.T) {
	run(t, func(t *testing.T) {
		hub, _ := opener(newEar())
		h, l := listening(t, quiet(), hub)
		defer h.close()
		ctx := within(t, time.Minute)
		wantEngaged := func(when string) {
			t.Helper()
			if _, err := say(ctx, h.server, kitchen, 1); wantError(t, err, vap.TypeBusy).RetryAfter != time.Second {
				t.Errorf("%s: %v", when, err)
			}
		}
		s := h.client.Start(vap.SessionStart{})
		<-s.Decided()
		wantEngaged("in a session")
		s.Cancel()
		time.Sleep(time.Second)
		o, err := h.server.Announce(ctx, kitchen, vap.CodecPCM, 16000, words("first"))
		if err != nil {
			t.Fatal(err)
		}
		wantEngaged("an announcement that comes")
		o.Close()
		if got := <-l.done; got.err != io.EOF || len(got.data) > 0 {
			t.Errorf("closed without a sound: %d bytes, %v", len(got.data), got.err)
		}
		l.engaged.Store(true)
		wantEngaged("the client says so")
		l.engaged.Store(false)
		if _, err := say(ctx, h.server, kitchen, 1); err != nil {
			t.Error(err)
		}
		<-l.done
	})
}

// A hub that does not know of the client's session hears of it from the client.
func TestClientInASessionRefusesByItself(t *testing.T) {
	run(t, func(t *testing.T) {
		hub, _ := opener(newEar())
		h, _ := listening(t, quiet(), hub)
		defer h.close()
		body := vap.AppendNotification(nil, vap.Notification{Capabilities: []vap.Capability{
			words("now"), vap.Sound{Stream: 7, Codec: vap.CodecPCM, Rate: 16000}.Capability(),
		}})
		s := h.client.Start(vap.SessionStart{})
		<-s.Decided()
		peer := h.server.Clients()[0].Peer
		r, err := peer.Do(within(t, time.Second), &coap.Request{Code: codes.POST, Path: pathToClient, Body: body})
		if err != nil || r.Code != codes.ServiceUnavailable || r.MaxAge == nil || *r.MaxAge != 1 {
			t.Errorf("%+v, %v", r, err)
		}
		s.Cancel()
	})
}

// What stops an announcement ends it on both sides, and leaves nothing behind.
func TestAnnouncementEnds(t *testing.T) {
	for name, c := range map[string]struct {
		stop func(h *house, sound *IncomingStream)
		hub  error // what sending fails with; nil: anything
		read error // what reading fails with; nil: anything
		most time.Duration
	}{
		"the client cancels":    {func(_ *house, s *IncomingStream) { s.Cancel() }, ErrStreamRefused, context.Canceled, time.Second},
		"the client reconnects": {func(h *house, _ *IncomingStream) { h.connect() }, ErrReplaced, ErrReplaced, time.Second},
		"the client leaves":     {func(h *house, _ *IncomingStream) { _ = h.client.Close(h.tb.Context()) }, nil, ErrClosed, time.Second},
		"the hub expels it":     {func(h *house, _ *IncomingStream) { h.server.Disconnect(kitchen) }, ErrRemoved, io.EOF, 2 * time.Second},
		"the hub dies": {
			func(h *house, _ *IncomingStream) { h.network.Set(h.tb, netsimtest.Silence()) },
			nil, errStalled, 2 * time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				sounds := make(chan *IncomingStream, 1)
				h := newHouse(t, quiet(), new(hub), func(_ *ServerConfig, c *ClientConfig) {
					c.Announced = func(a Announcement, reply func(error)) {
						sounds <- a.Sound
						reply(nil)
					}
				})
				defer h.close()
				h.connect()
				o, err := h.server.Announce(t.Context(), kitchen, vap.CodecPCM, 16000, words("news"))
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				failed := make(chan error, 1)
				go func() {
					for {
						if err := o.Send(t.Context(), make([]byte, 640), false); err != nil {
							failed <- err
							return
						}
						time.Sleep(20 * time.Millisecond)
					}
				}()
				sound := <-sounds
				if _, _, err := sound.Read(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(100 * time.Millisecond)
				c.stop(h, sound)
				var read error
				for read == nil {
					_, _, read = sound.Read(t.Context())
				}
				if c.read != nil && !errors.Is(read, c.read) {
					t.Errorf("reading: %v", read)
				}
				if err := <-failed; c.hub != nil && !errors.Is(err, c.hub) {
					t.Errorf("sending: %v", err)
				}
				if took := time.Since(began); took > c.most {
					t.Errorf("it took %v", took)
				}
				o.Close()
				h.client.mu.Lock()
				if len(h.client.streams) > 0 || h.client.announcement != nil {
					t.Errorf("the client has %d streams", len(h.client.streams))
				}
				h.client.mu.Unlock()
				for _, c := range h.server.Clients() {
					m, err := h.server.connected(c.ID)
					if err != nil || m.announcement != nil {
						t.Errorf("%v, %v", m.announcement, err)
					}
				}
			})
		})
	}
}

// A client that takes an announcement and then acknowledges nothing is not waited for.
func TestDumbClientIsNotWaitedFor(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, quiet(), new(hub), func(_ *ServerConfig, c *ClientConfig) {
			c.Announced = func(_ Announcement, reply func(error)) { reply(nil) } // it never reads
		})
		defer h.close()
		h.connect()
		var err error
		for began := time.Now(); err == nil; {
			if time.Since(began) > 5*time.Minute {
				t.Fatal("it sends for ever")
			}
			_, err = say(t.Context(), h.server, kitchen, 1000)
		}
		if !errors.Is(err, ErrIdle) {
			t.Error(err)
		}
	})
}

// Without streams the sound comes whole, and without sound there are only the words.
func TestAnnouncementToSimplerClients(t *testing.T) {
	run(t, func(t *testing.T) {
		var also []vap.Capability
		h, l := listening(t, quiet(), new(hub), func(_ *ServerConfig, c *ClientConfig) {
			c.Capabilities = append(c.Capabilities, vap.Offer{Name: vap.CapLED}, vap.Offer{Name: "strange"})
			c.Notified = func(c vap.Capability) bool {
				also = append(also, c)
				return c.Name == vap.CapLED
			}
		})
		defer h.close()
		whole := bytes.Repeat([]byte{1, 2}, 20000)
		led := vap.LED{Red: 1, Seconds: 1}.Capability()
		sound := vap.Sound{Codec: vap.CodecPCM, Rate: 22050, Data: whole}.Capability()
		if err := h.server.Notify(within(t, time.Minute), kitchen, words("listen"), led, sound, vap.Capability{Name: "strange"}); err != nil {
			t.Fatal(err)
		}
		if got := <-l.done; got.Text != "listen" || got.err != io.EOF || got.Sound.Rate() != 22050 || !bytes.Equal(got.data, whole) {
			t.Errorf("%+v, %d bytes, %v", got.Announcement, len(got.data), got.err)
		}
		if len(also) != 2 || also[0].Name != vap.CapLED {
			t.Errorf("beside it: %+v", also)
		}
		if err := h.server.Notify(t.Context(), kitchen, words("just words")); err != nil {
			t.Fatal(err)
		}
		if got := <-l.done; !reflect.DeepEqual(got, heardAnnouncement{Announcement: Announcement{From: "org.example.bell", Text: "just words"}}) {
			t.Errorf("%+v", got)
		}
		if err := h.server.Notify(t.Context(), kitchen, sound); err != nil {
			t.Fatal(err)
		}
		if got := <-l.done; got.Text != "" || len(got.data) != len(whole) {
			t.Errorf("%+v, %d bytes", got.Announcement, len(got.data))
		}
	})
}

// A client that plays nothing on its own says so, as before.
func TestClientWithoutAnnouncements(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, quiet(), new(hub))
		defer h.close()
		h.connect()
		_, err := say(t.Context(), h.server, kitchen, 1)
		wantError(t, err, vap.TypeNotFound)
		if _, err := h.server.Announce(t.Context(), "nobody", vap.CodecPCM, 16000); err == nil {
			t.Error("announced to nobody")
		}
	})
}

// What a hub may announce is checked before anybody hears of it.
func TestMalformedAnnouncements(t *testing.T) {
	run(t, func(t *testing.T) {
		h, l := listening(t, quiet(), new(hub))
		defer h.close()
		peer := h.server.Clients()[0].Peer
		for name, c := range map[string]vap.Capability{
			"no words":   {Name: vap.CapVoice},
			"wrong rate": {Name: vap.CapSound, Fields: map[string]any{"stream": 1, "rate": 3}},
			"wrong data": {Name: vap.CapSound, Fields: map[string]any{"data": 7}},
		} {
			body := vap.AppendNotification(nil, vap.Notification{Capabilities: []vap.Capability{words("x"), c}})
			r, err := peer.Do(within(t, time.Second), &coap.Request{Code: codes.POST, Path: pathToClient, Body: body})
			if e := vap.ErrorFrom(r); err != nil || e == nil || e.Code.String()[0] == '5' {
				t.Errorf("%s: %+v, %v", name, r, err)
			}
		}
		if len(l.done) > 0 {
			t.Error("it was played")
		}
	})
}
