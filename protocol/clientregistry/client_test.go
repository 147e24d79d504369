package clientregistry

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

func TestConnect(t *testing.T) {
	run(t, func(t *testing.T) {
		var got vap.Connect
		hub := &hub{connect: func(_ coap.Peer, req vap.Connect, _ bool) (vap.Connected, error) {
			got = req
			return vap.Connected{Locales: []string{"en-US"}, Token: "fresh", Capabilities: []vap.Offer{{Name: vap.CapSound, Codecs: []string{vap.CodecOpus}}}}, nil
		}}
		h := newHouse(t, quiet(), hub, func(sc *ServerConfig, _ *ClientConfig) { sc.ID = "org.vapd.hub.a" })
		defer h.close()
		answer, err := h.client.Connect(t.Context(), h.peer, "old")
		if err != nil || answer.Token != "fresh" || len(answer.Capabilities) != 1 || answer.HubID != "org.vapd.hub.a" {
			t.Fatalf("%+v, %v", answer, err)
		}
		if _, ok := vap.FindOffer(got.Capabilities, vap.CapListen); !ok || got.Token != "old" || !got.HasCapabilities {
			t.Errorf("the hub got %+v", got)
		}
		clients := h.server.Clients()
		if len(clients) != 1 || clients[0].Name != "kitchen" || !clients[0].Listed {
			t.Errorf("clients %+v", clients)
		}
		if err := h.client.Close(t.Context()); err != nil {
			t.Error(err)
		}
		want := []string{"joined org.vapd.satellite.kitchen", "left org.vapd.satellite.kitchen: <nil>"}
		if !reflect.DeepEqual(h.hub.noted(), want) {
			t.Errorf("events %q", h.hub.noted())
		}
		if err := h.client.Notify(t.Context()); !errors.Is(err, ErrNotConnected) {
			t.Error(err)
		}
		if s := h.client.Start(vap.SessionStart{}); !errors.Is(s.Err(), ErrNotConnected) || s.Turn(1).Send() == nil {
			t.Error("a session without a hub")
		}
	})
}

// A client that roams is the same client at another address; its session ends.
func TestReconnectFromElsewhere(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		hub, _ := opener(e)
		h := newHouse(t, quiet(), hub)
		defer h.close()
		h.connect()
		session := h.client.Start(vap.SessionStart{})
		<-session.Decided()
		h.stranger("192.0.2.77:1").connect(h.client.cfg.ID)
		if _, why := e.end(); !errors.Is(why, ErrReplaced) {
			t.Errorf("the session ended: %v", why)
		}
		wantError(t, h.client.Ping(t.Context()), vap.TypeUnauthorized)
		h.connect()
		if err := h.client.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(h.server.Clients()); n != 1 {
			t.Errorf("%d clients", n)
		}
	})
}

func TestSilentClientIsGone(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, quiet(), new(hub))
		defer h.close()
		h.connect()
		for range 4 { // any sign of life counts
			time.Sleep(30 * time.Second)
			if err := h.ends[1].Ping(t.Context(), h.peer); err != nil {
				t.Fatal(err)
			}
		}
		if len(h.server.Clients()) != 1 {
			t.Fatal("gone although it pings")
		}
		time.Sleep(80 * time.Second)
		if len(h.server.Clients()) != 0 {
			t.Error("still there after 80 s of silence")
		}
		wantError(t, h.client.Ping(t.Context()), vap.TypeUnauthorized)
	})
}

// A hub that was restarted refuses its old clients.
func TestHubRestarted(t *testing.T) {
	run(t, func(t *testing.T) {
		e := newEar()
		hub, _ := opener(e)
		h := newHouse(t, quiet(), hub)
		h.connect()
		s := h.client.Start(vap.SessionStart{})
		<-s.Decided()
		h.server.Close()
		if ended, why := e.end(); !ended || !errors.Is(why, ErrClosed) {
			t.Errorf("ended %v: %v", ended, why)
		}
		if err := h.ends[0].Close(); err != nil {
			t.Fatal(err)
		}
		again := NewServer(ServerConfig{Policy: hub}) // at the old one's address
		defer again.Close()
		mux := new(coap.Mux)
		again.Register(mux)
		h.ends[0] = h.network.Endpoint(t, hubAddr, coap.Config{Handler: mux.Serve})
		wantError(t, h.client.Ping(t.Context()), vap.TypeUnauthorized)
		turn := s.Turn(1)
		turn.Finish()
		_, err := turn.Answer(t.Context())
		wantError(t, err, vap.TypeUnauthorized)
		h.close()
	})
}

// A client answers for itself, to its hub only.
func TestQueries(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, quiet(), new(hub), func(_ *ServerConfig, c *ClientConfig) {
			c.Queried = func(c vap.Capability) (vap.Capability, bool) {
				return vap.Mute{Muted: true}.Capability(), c.Name == vap.CapMute
			}
		})
		defer h.close()
		if _, err := h.server.Query(t.Context(), h.client.cfg.ID, vap.Capability{Name: vap.CapMute}); err == nil {
			t.Error("a client that is not connected answered")
		}
		h.connect()
		got, err := h.server.Query(t.Context(), h.client.cfg.ID, vap.Capability{Name: vap.CapMute}, vap.Capability{Name: "colour"})
		want := []vap.QueryResult{
			{Name: vap.CapMute, Code: codes.Content, Fields: map[string]any{"muted": true}},
			vap.QueryNotFound("colour", vap.KindCapability, "colour"),
		}
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%v, -want +got:\n%s", err, d)
		}
		body := vap.AppendQuery(nil, vap.Named, vap.Query{SkillID: vap.System, Data: []vap.ClientQuery{{
			ClientID: h.client.cfg.ID, Capabilities: []vap.Capability{{Name: vap.CapMute}},
		}}})
		for from, c := range map[coap.Peer]struct {
			body []byte
			code codes.Code
		}{
			h.stranger("192.0.2.8:1").end.Peer(h.ends[1].LocalAddr()): {body, codes.Unauthorized},
			h.ends[0].Peer(h.ends[1].LocalAddr()):                     {body[:5], codes.BadRequest},
		} {
			r, err := from.Do(t.Context(), &coap.Request{Code: coap.FETCH, Path: pathAskClient, Body: c.body})
			if err != nil || r.Code != c.code {
				t.Errorf("%v, %v, want %v", r, err, c.code)
			}
		}
	})
}

// One that takes no queries says so.
func TestNoQueries(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, quiet(), new(hub))
		defer h.close()
		h.connect()
		_, err := h.server.Query(t.Context(), h.client.cfg.ID, vap.Capability{Name: vap.CapMute})
		wantError(t, err, vap.TypeNotFound)
	})
}

func TestNotifications(t *testing.T) {
	run(t, func(t *testing.T) {
		var got []vap.Capability
		var reported []vap.Capability
		hub := &hub{notified: func(c ClientInfo, caps []vap.Capability) { reported = caps }}
		h := newHouse(t, quiet(), hub, func(_ *ServerConfig, c *ClientConfig) {
			c.Capabilities = append(c.Capabilities, vap.Offer{Name: vap.CapVolume}, vap.Offer{Name: "strange"})
			c.Notified = func(c vap.Capability) bool {
				got = append(got, c)
				return c.Name == vap.CapVolume
			}
		})
		defer h.close()
		h.connect()
		id := h.client.cfg.ID
		loud := 70
		volume := vap.Volume{Voice: &loud}.Capability()
		if err := h.server.Notify(t.Context(), id, volume, vap.Mute{}.Capability()); err != nil {
			t.Error(err)
		}
		if len(got) != 1 || got[0].Name != vap.CapVolume || got[0].From != vap.System {
			t.Errorf("the client got %+v", got)
		}
		if err := h.server.Notify(t.Context(), id, vap.Mute{}.Capability()); err != nil || len(got) != 1 {
			t.Errorf("what it did not list: %v, %+v", err, got)
		}
		e := wantError(t, h.server.Notify(t.Context(), id, vap.Capability{Name: "strange"}), vap.TypeNotFound)
		if e.Object != "strange" {
			t.Error(e)
		}
		if err := h.server.Notify(t.Context(), "nobody", volume); err == nil {
			t.Error("notified nobody")
		}
		if err := h.client.Notify(t.Context(), volume); err != nil || len(reported) != 1 {
			t.Errorf("report: %v, %+v", err, reported)
		}
		other := h.stranger("192.0.2.8:1") // only the hub may notify
		body := vap.AppendNotification(nil, vap.Notification{Capabilities: []vap.Capability{volume}})
		r, err := other.end.Peer(h.ends[1].LocalAddr()).Do(t.Context(), &coap.Request{Code: codes.POST, Path: pathToClient, Body: body})
		if err != nil || r.Code != codes.Unauthorized {
			t.Errorf("a stranger's notification: %v, %v", r, err)
		}
		h.server.Disconnect(id)
		wantError(t, h.client.Ping(t.Context()), vap.TypeUnauthorized)
	})
}

// streaming is a house whose hub answers with a stream, which feed sends.
func streaming(t *testing.T, f netsim.Impairment, codec string, feed func(o *Stream)) (h *house, e *ear, answer ClientAnswer) {
	t.Helper()
	e = newEar()
	hub, session := opener(e)
	h = newHouse(t, f, hub)
	h.connect()
	e.onLast = func(f Fragment) {
		o := session().Stream(codec, 16000)
		session().Answer(f.Turn, vap.Answer{EndSession: true, Capabilities: []vap.Capability{o.Announcement()}})
		go feed(o)
	}
	turn := h.client.Start(vap.SessionStart{}).Turn(1)
	turn.Finish()
	answer, err := turn.Answer(t.Context())
	if err != nil || answer.Sound == nil || answer.Sound.Codec() != codec || answer.Sound.Rate() != 16000 {
		t.Fatalf("answer %+v, %v", answer, err)
	}
	return h, e, answer
}

// Who cancels a stream is not sent the rest.
func TestStreamCancelled(t *testing.T) {
	run(t, func(t *testing.T) {
		var sent atomic.Int64
		result := make(chan error, 1)
		h, e, answer := streaming(t, quiet(), vap.CodecPCM, func(o *Stream) {
			for {
				if err := o.Send(t.Context(), make([]byte, 640), false); err != nil {
					result <- err
					return
				}
				sent.Add(1)
			}
		})
		defer h.close()
		if _, _, err := answer.Sound.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
		answer.Sound.Cancel()
		if err := <-result; !errors.Is(err, ErrStreamRefused) {
			t.Error(err)
		}
		if sent.Load() > 300 {
			t.Errorf("%d pieces were sent", sent.Load())
		}
		if _, _, err := answer.Sound.Read(t.Context()); err == nil {
			t.Error("read a cancelled stream")
		}
		time.Sleep(time.Second)
		if ended, why := e.end(); !ended || why != nil {
			t.Errorf("ended %v: %v", ended, why)
		}
	})
}

// A client that plays in real time makes the hub send in real time.
func TestStreamIsPacedByTheReader(t *testing.T) {
	run(t, func(t *testing.T) {
		var sent atomic.Int64
		h, _, answer := streaming(t, netsim.Impairment{Delay: 5 * time.Millisecond}, vap.CodecPCM, func(o *Stream) {
			for n := range 500 { // ten seconds
				if err := o.Send(t.Context(), make([]byte, 640), n == 499); err != nil {
					t.Error(err)
				}
				sent.Add(1)
			}
		})
		defer h.close()
		for n := range int64(500) {
			if _, lost, err := answer.Sound.Read(t.Context()); err != nil || lost > 0 {
				t.Fatalf("piece %d: lost %d, %v", n, lost, err)
			}
			if ahead := sent.Load() - n; ahead > 170 || n > 5 && n < 400 && ahead < 50 {
				t.Fatalf("piece %d: the hub is %d ahead", n, ahead)
			}
			time.Sleep(20 * time.Millisecond)
		}
		if _, _, err := answer.Sound.Read(t.Context()); err != io.EOF {
			t.Error(err)
		}
	})
}

// Pieces that never come are passed over, and counted.
func TestStreamWithALostPiece(t *testing.T) {
	run(t, func(t *testing.T) {
		h, _, answer := streaming(t, quiet(), vap.CodecOpus, func(o *Stream) {
			o.mu.Lock()
			o.seq++ // piece 0 never goes out
			o.mu.Unlock()
			for n := range 3 {
				if err := o.Send(t.Context(), []byte{8, byte(n)}, n == 2); err != nil {
					t.Error(err)
				}
			}
		})
		defer h.close()
		began := time.Now()
		data, lost, err := answer.Sound.Read(t.Context())
		if err != nil || lost != 1 || data[1] != 0 {
			t.Fatalf("%v, lost %d, %v", data, lost, err)
		}
		if waited := time.Since(began); waited < 300*time.Millisecond || waited > maxGapWait {
			t.Errorf("waited %v", waited)
		}
	})
}

// A hub that fails in the middle of its answer ends it for the client.
func TestStreamBreaksOff(t *testing.T) {
	run(t, func(t *testing.T) {
		h, _, answer := streaming(t, quiet(), vap.CodecPCM, func(o *Stream) {
			if err := o.Send(t.Context(), make([]byte, 640), false); err != nil {
				t.Error(err)
			}
			o.owner.(*Session).Fail(1, &vap.Error{Code: codes.InternalServerError, Type: vap.TypeInternal})
			if err := o.Send(t.Context(), make([]byte, 640), false); err == nil {
				t.Error("sent audio of a session that is over")
			}
		})
		defer h.close()
		ctx := within(t, 5*time.Second)
		var err error
		for err == nil {
			_, _, err = answer.Sound.Read(ctx)
		}
		if err != io.EOF {
			t.Error(err)
		}
	})
}

// PCM of any length is cut into pieces of whole samples that fit a datagram.
func TestLongPCMIsCut(t *testing.T) {
	run(t, func(t *testing.T) {
		var audio []byte
		for n := range 10000 {
			audio = append(audio, byte(n), byte(n>>8))
		}
		lengths := []int{0, 2, 640, vap.MaxData, vap.MaxData + 2, 2 * vap.MaxData, 2*vap.MaxData + 2, 9000}
		h, _, answer := streaming(t, quiet(), vap.CodecPCM, func(o *Stream) {
			rest := audio
			for _, n := range lengths {
				if err := o.Send(t.Context(), rest[:n], false); err != nil {
					t.Error(err)
				}
				rest = rest[n:]
			}
			if err := o.Send(t.Context(), rest, true); err != nil {
				t.Error(err)
			}
		})
		defer h.close()
		var got []byte
		for {
			data, lost, err := answer.Sound.Read(t.Context())
			if err == io.EOF {
				break
			}
			if err != nil || lost != 0 || len(data) > vap.MaxData || len(data)%2 != 0 {
				t.Fatalf("%d bytes, lost %d, %v", len(data), lost, err)
			}
			got = append(got, data...)
		}
		if !bytes.Equal(got, audio) {
			t.Errorf("got %d bytes of %d, or others", len(got), len(audio))
		}
	})
}
