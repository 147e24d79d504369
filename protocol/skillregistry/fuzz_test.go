package skillregistry

import (
	"context"
	"net/netip"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

func seeds(f *testing.F) {
	const id = "bad"
	f.Add(vap.AppendConnect(nil, vap.Connect{ID: id, Name: "hall", Version: vap.Version, Token: "t"}))
	for _, form := range []vap.Form{vap.Named, vap.ReferencePython} {
		f.Add(vap.AppendRegisterIntents(nil, form, vap.RegisterIntents{SkillID: id, NLU: []vap.NLU{hello()}}))
		f.Add(vap.AppendSkillNotification(nil, form, vap.SkillNotification{SkillID: id, Items: []vap.NotificationItem{
			{Type: vap.ItemRequested, RequestID: 1}, {Type: vap.RequestCanYouAnswer, RequestID: 1, Confidence: 1}, vap.Standalone("kitchen"),
		}}))
		f.Add(vap.AppendQuery(nil, form, vap.Query{SkillID: id, Data: []vap.ClientQuery{{ClientID: vap.System, Capabilities: []vap.Capability{{Name: "x"}}}}}))
		f.Add(vap.AppendSkillClose(nil, form, vap.SkillClose{SkillID: id}))
		f.Add(vap.AppendSkillRequest(nil, form, vap.SkillRequest{ID: 1, Type: vap.RequestIntent, Intent: "hello"}))
		f.Add(vap.AppendSkillConnected(nil, form, vap.SkillConnected{Langs: []vap.Language{english()}, Token: "t"}))
	}
}

// fakePeer is a peer that was never heard of, and answers everything with the same bytes.
type fakePeer struct {
	id   coap.PeerID
	body []byte
}

func (p fakePeer) ID() coap.PeerID      { return p.id }
func (p fakePeer) Addr() netip.AddrPort { return netip.AddrPort{} }
func (p fakePeer) Verified() bool       { return false }
func (p fakePeer) Identity() string     { return "" }
func (p fakePeer) Stats() coap.Stats    { return coap.Stats{} }

func (p fakePeer) Do(context.Context, *coap.Request) (*coap.Response, error) {
	return &coap.Response{Code: codes.Created, Body: p.body}, nil
}

func (p fakePeer) Start(_ context.Context, _ *coap.Request, done func(*coap.Response, error)) *coap.Call {
	done(&coap.Response{Code: codes.Created, Body: p.body}, nil)
	return nil
}

// FuzzServer: whatever a skill sends to any resource it is answered, is nobody else, and
// what the policy gets is checked.
func FuzzServer(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		s := NewServer(ServerConfig{Policy: &hub{registered: func(r vap.RegisterIntents) error {
			if r.SkillID != "bad" || check(r, func(vap.Language, string) bool { return false }) != nil {
				t.Errorf("registered %+v", r)
			}
			return nil
		}}})
		mux := new(coap.Mux)
		s.Register(mux)
		asked, answered := 0, 0
		send := func(from coap.PeerID, method codes.Code, path string, body []byte) {
			asked++
			mux.Serve(fakePeer{id: from}, &coap.Request{Code: method, Path: path, Body: body}, func(*coap.Response) { answered++ })
		}
		send("good", codes.POST, pathConnect, vap.AppendConnect(nil, vap.Connect{ID: "good", Version: vap.Version}))
		send("bad", codes.POST, pathConnect, vap.AppendConnect(nil, vap.Connect{ID: "bad", Version: vap.Version}))
		for _, path := range []string{pathRegister, pathNotification, pathQuery} {
			send("bad", codes.POST, path, body)
		}
		send("bad", codes.GET, pathQuery, body)
		send("bad", codes.GET, pathSkills+"bad", body)
		send("bad", codes.DELETE, pathSkills+"good", body)
		send("bad", codes.DELETE, pathSkills+"bad", body)
		if all := s.Skills(); len(all) == 0 || all[len(all)-1].Peer.ID() != "good" {
			t.Errorf("the other skill is gone: %+v", all)
		}
		send("bad", codes.POST, pathConnect, body)
		s.Close()
		if asked != answered {
			t.Errorf("%d of %d requests were answered", answered, asked)
		}
	})
}

// FuzzClient: whatever a hub says and answers, the skill's side goes on.
func FuzzClient(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		c := NewClient(ClientConfig{
			ID: "a", Tokens: new(tokens),
			Handle: func(context.Context, vap.SkillRequest) (Answer, error) { return Answer{}, nil },
		})
		n := &connection{c: c, hub: fakePeer{"udp:hub", body}}
		n.ctx, n.end = context.WithCancelCause(t.Context())
		_, _ = n.connect()
		c.attach(n)
		n.requested(body)
		_ = c.Register(t.Context(), nil, nil)
		_, _ = c.Notify(t.Context())
		_, _ = c.Query(t.Context())
		c.attach(nil)
		n.requested(body)
		c.wg.Wait()
		n.end(nil)
	})
}
