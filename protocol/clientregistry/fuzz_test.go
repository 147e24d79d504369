package clientregistry

import (
	"context"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

func seeds(f *testing.F) {
	f.Add(vap.AppendConnect(nil, vap.Connect{ID: "a", Name: "hall", Version: vap.Version, Token: "t"}))
	f.Add(vap.AppendSessionStart(nil, vap.SessionStart{Session: 1, HasSession: true, Turn: 1}))
	f.Add(vap.AppendSessionData(nil, vap.SessionData{
		Session: 1, HasSession: true, Turn: 1, Last: true, Capabilities: []vap.Capability{vap.Sound{Data: []byte{1, 2}}.Capability()},
	}))
	f.Add(vap.AppendNotification(nil, vap.Notification{Capabilities: []vap.Capability{
		vap.Sound{Stream: 1, Seq: 2, Last: true, Data: []byte{1, 2}}.Capability(), vap.Listen{Session: 1, Turn: 1, Seq: 3}.Capability(),
	}}))
	f.Add(vap.AppendNotification(nil, vap.Notification{Capabilities: []vap.Capability{vap.Sound{Stream: 1, Data: []byte{1}}.Capability()}}))
	f.Add(vap.AppendNotification(nil, vap.Notification{Capabilities: []vap.Capability{
		vap.TextCapability(vap.CapVoice, "ding"), vap.Sound{Stream: 1, Codec: vap.CodecOpus}.Capability(),
	}}))
	f.Add(vap.AppendNotification(nil, vap.Notification{Capabilities: []vap.Capability{vap.Sound{Data: []byte{1, 2}}.Capability()}}))
	f.Add(vap.AppendAnswer(nil, vap.Answer{EndSession: true, Capabilities: []vap.Capability{vap.TextCapability(vap.CapVoice, "yes")}}))
	f.Add(vap.AppendClientClose(nil, vap.ClientClose{ClientID: "bad"}))
	f.Add(vap.AppendConnected(nil, vap.Connected{Token: "t", HubID: "h"}))
}

// FuzzServer: whatever a client sends to any resource it is answered in the end, holds
// nothing for long, and is nobody else.
func FuzzServer(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		s := NewServer(ServerConfig{Policy: &hub{
			started: func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
				s.Grant()
				return newEar(), nil
			},
			notified: func(c ClientInfo, _ []vap.Capability) {
				if c.ID != "bad" {
					t.Errorf("%q reports", c.ID)
				}
			},
		}})
		mux := new(coap.Mux)
		s.Register(mux)
		bad := fakePeer{"udp:bad"}
		asked, answered := 0, 0
		send := func(path string, body []byte) {
			asked++
			mux.Serve(bad, &coap.Request{Code: codes.POST, Path: path, Body: body}, func(*coap.Response) { answered++ })
		}
		send(pathConnect, vap.AppendConnect(nil, vap.Connect{ID: "bad", Version: vap.Version}))
		for _, path := range []string{pathFromClient, pathData, pathStart, pathData, pathData, pathClose, pathConnect} {
			send(path, body)
		}
		for _, c := range s.Clients() {
			s.Disconnect(c.ID)
		}
		s.Close()
		if held := s.heldBytes.Load(); held != 0 || asked != answered {
			t.Errorf("%d bytes are held, %d of %d requests were answered", held, answered, asked)
		}
	})
}

// FuzzClient: whatever a hub says and answers, the satellite's side ends its session.
func FuzzClient(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		c := NewClient(ClientConfig{
			ID: "a", Notified: func(vap.Capability) bool { return true },
			Announced: func(a Announcement, reply func(error)) {
				if reply(nil); a.Sound != nil {
					a.Sound.Cancel()
				}
			},
		})
		mux := new(coap.Mux)
		c.Register(mux)
		hub := answeringPeer{fakePeer{"udp:hub"}, body}
		_, _ = c.Connect(t.Context(), hub, "")
		c.mu.Lock()
		c.peer = hub // as if it had been taken
		c.mu.Unlock()
		s := c.Start(vap.SessionStart{Turn: 1})
		turn := s.Turn(1)
		_ = turn.Send(vap.Sound{Data: []byte{1, 2}}.Capability())
		for range 3 {
			mux.Serve(hub, &coap.Request{Code: codes.POST, Path: pathToClient, Body: body}, func(*coap.Response) {})
		}
		turn.Finish()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, _ = turn.Answer(ctx)
		_ = c.Close(t.Context())
	})
}

// answeringPeer answers everything with the same bytes.
type answeringPeer struct {
	fakePeer
	body []byte
}

func (p answeringPeer) response() *coap.Response {
	return &coap.Response{Code: codes.Created, Body: p.body}
}

func (p answeringPeer) Do(context.Context, *coap.Request) (*coap.Response, error) {
	return p.response(), nil
}

func (p answeringPeer) Start(_ context.Context, _ *coap.Request, done func(*coap.Response, error)) *coap.Call {
	done(p.response(), nil)
	return nil
}
