package skillregistry

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Every error of the registry, on the wire, but those of registrations.
func TestErrors(t *testing.T) {
	const minute = 60
	connect := func(change func(*vap.Connect)) []byte {
		m := vap.Connect{ID: "a", Name: "n", Version: vap.Version}
		change(&m)
		return vap.AppendConnect(nil, m)
	}
	deny := func(e error) func(vap.Connect, bool) (vap.SkillConnected, error) {
		return func(vap.Connect, bool) (vap.SkillConnected, error) { return vap.SkillConnected{}, e }
	}
	withID := func(id string) func(*house, *stranger) *coap.Response {
		return func(_ *house, s *stranger) *coap.Response {
			return s.post(pathConnect, connect(func(m *vap.Connect) { m.ID = id }))
		}
	}
	// theirs lets another skill, b, connect from elsewhere, and s say that it is b.
	theirs := func(ask func(s *stranger) *coap.Response) func(*house, *stranger) *coap.Response {
		return func(h *house, s *stranger) *coap.Response {
			s.must(s.connect("a"), codes.Created)
			other := h.stranger("192.0.2.9:1")
			s.must(other.connect("b"), codes.Created)
			s.id = "b"
			return ask(s)
		}
	}
	unknown := func(ask func(s *stranger) *coap.Response) func(*house, *stranger) *coap.Response {
		return func(_ *house, s *stranger) *coap.Response { s.id = "who"; return ask(s) }
	}
	registers := func(s *stranger) *coap.Response { return s.register(hello()) }
	notifies := func(s *stranger) *coap.Response { return s.notify() }
	queries := func(s *stranger) *coap.Response {
		return s.post(pathQuery, vap.AppendQuery(nil, vap.Named, vap.Query{SkillID: s.id}))
	}
	observes := func(s *stranger) *coap.Response { return s.do(codes.GET, pathSkills+s.id, nil) }
	closes := func(s *stranger) *coap.Response { return s.do(codes.DELETE, pathSkills+s.id, nil) }
	const bad, denied = codes.BadRequest, codes.Unauthorized
	for _, test := range []struct {
		name   string
		hub    *hub
		ask    func(*house, *stranger) *coap.Response
		code   codes.Code
		kind   string
		object string
		maxAge int
	}{
		{
			name: "unknown path", code: codes.NotFound, kind: vap.TypeNotFound, object: "vap/skillRegistry/no/where",
			ask: func(_ *house, s *stranger) *coap.Response { return s.post("vap/skillRegistry/no/where", nil) },
		},
		{
			name: "unknown method", code: codes.MethodNotAllowed, kind: vap.TypeMethod, object: pathConnect,
			ask: func(_ *house, s *stranger) *coap.Response { return s.do(codes.PUT, pathConnect, nil) },
		},
		{
			name: "unknown content format", code: codes.UnsupportedMediaType, kind: vap.TypeFormat, object: "50",
			ask: func(_ *house, s *stranger) *coap.Response {
				json := message.AppJSON
				r, err := s.peer.Do(within(s.tb, time.Second), &coap.Request{Code: codes.POST, Path: pathConnect, ContentFormat: &json, Body: []byte("{}")})
				if err != nil {
					s.tb.Fatal(err)
				}
				return r
			},
		},
		{
			name: "no MessagePack", code: bad, kind: vap.TypeMalformed,
			ask: func(_ *house, s *stranger) *coap.Response { return s.post(pathConnect, []byte{0xc1}) },
		},
		{
			name: "connect without a field", code: codes.RequestEntityIncomplete, kind: vap.TypeMissingField, object: "name",
			ask: func(_ *house, s *stranger) *coap.Response { return s.post(pathConnect, []byte("\x81\xa2id\xa1a")) },
		},
		{
			name: "connect with another version", code: bad, kind: vap.TypeVersion, object: "Alpha",
			ask: func(_ *house, s *stranger) *coap.Response {
				return s.post(pathConnect, connect(func(m *vap.Connect) { m.Version = "1.0.0" }))
			},
		},
		{name: "connect with an empty id", code: bad, kind: vap.TypeMalformed, object: "id", ask: withID("")},
		{name: "connect with an id of two segments", code: bad, kind: vap.TypeMalformed, object: "id", ask: withID("a/b")},
		{name: "connect with an id that is not ASCII", code: bad, kind: vap.TypeMalformed, object: "id", ask: withID("org.lämpchen")},
		{name: "connect with an id too long", code: bad, kind: vap.TypeMalformed, object: "id", ask: withID(strings.Repeat("a", 129))},
		{
			name: "connect that is too large", code: codes.RequestEntityTooLarge, kind: vap.TypeTooLarge,
			ask: func(_ *house, s *stranger) *coap.Response {
				return s.post(pathConnect, connect(func(m *vap.Connect) { m.Name = strings.Repeat("x", 16<<10) }))
			},
		},
		{
			name: "connect with a wrong token", code: denied, kind: vap.TypeToken,
			hub: &hub{connect: deny(&vap.Error{Code: denied, Type: vap.TypeToken})},
			ask: func(_ *house, s *stranger) *coap.Response { return s.connect("a") },
		},
		{
			name: "connect denied by the policy", code: denied, kind: vap.TypeConnectionDenied,
			hub: &hub{connect: deny(&vap.Error{Code: denied, Type: vap.TypeConnectionDenied}), late: true},
			ask: func(_ *house, s *stranger) *coap.Response { return s.connect("a") },
		},
		{
			name: "connect that waits for approval", code: denied, kind: vap.TypeApprovalPending, maxAge: 10,
			hub: &hub{connect: deny(&vap.Error{Code: denied, Type: vap.TypeApprovalPending, RetryAfter: 9500 * time.Millisecond})},
			ask: func(_ *house, s *stranger) *coap.Response { return s.connect("a") },
		},
		{
			name: "connect with an id that is taken", code: bad, kind: vap.TypeIDExists, object: "a",
			hub: &hub{connect: func(req vap.Connect, elsewhere bool) (vap.SkillConnected, error) {
				if elsewhere {
					return vap.SkillConnected{}, &vap.Error{Code: bad, Type: vap.TypeIDExists, Object: req.ID}
				}
				return vap.SkillConnected{}, nil
			}},
			ask: func(h *house, s *stranger) *coap.Response {
				s.must(s.connect("a"), codes.Created)
				s.must(s.connect("a"), codes.Created) // from the same place it may
				return h.stranger("192.0.2.9:1").connect("a")
			},
		},
		{
			name: "connect whose policy fails", code: codes.InternalServerError, kind: vap.TypeInternal,
			hub: &hub{connect: deny(errors.New("the disk is full"))},
			ask: func(_ *house, s *stranger) *coap.Response { return s.connect("a") },
		},
		{
			name: "connect of one skill too many", code: codes.TooManyRequests, kind: vap.TypeTooManySkills, maxAge: minute,
			ask: func(h *house, s *stranger) *coap.Response {
				s.must(s.connect("a"), codes.Created)
				s.must(s.connect("b"), codes.Created)
				s.must(s.connect("a"), codes.Created) // who is in may come again
				return s.connect("c")
			},
		},
		{
			name: "connect while the hub is closed", code: codes.ServiceUnavailable, kind: vap.TypeBusy, maxAge: 1,
			ask: func(h *house, s *stranger) *coap.Response { h.server.Close(); return s.connect("a") },
		},
		{
			name: "registration that the policy can't keep", code: codes.InternalServerError, kind: vap.TypeInternal,
			hub: &hub{registered: func(vap.RegisterIntents) error { return errors.New("the disk is full") }},
			ask: func(_ *house, s *stranger) *coap.Response { s.connect("a"); return s.register(hello()) },
		},
		{
			name: "registration while another is taken", code: codes.ServiceUnavailable, kind: vap.TypeBusy, maxAge: 1,
			hub: &hub{late: true},
			ask: func(_ *house, s *stranger) *coap.Response {
				s.must(s.connect("a"), codes.Created)
				body := vap.AppendRegisterIntents(nil, vap.Named, vap.RegisterIntents{SkillID: "a"})
				s.peer.Start(s.tb.Context(), &coap.Request{Code: codes.POST, Path: pathRegister, Body: body}, func(*coap.Response, error) {})
				return s.register(hello())
			},
		},
		{name: "registration of a stranger", code: bad, kind: vap.TypeWrongSkillID, object: "who", ask: unknown(registers)},
		{name: "notification of a stranger", code: bad, kind: vap.TypeWrongSkillID, object: "who", ask: unknown(notifies)},
		{name: "query of a stranger", code: bad, kind: vap.TypeWrongSkillID, object: "who", ask: unknown(queries)},
		{name: "observation of a stranger", code: codes.NotFound, kind: vap.TypeNotFound, object: "who", ask: unknown(observes)},
		{name: "DELETE of a stranger", code: bad, kind: vap.TypeWrongSkillID, object: "who", ask: unknown(closes)},
		{name: "registration in another's name", code: denied, kind: vap.TypeUnauthorized, ask: theirs(registers)},
		{name: "notification in another's name", code: denied, kind: vap.TypeUnauthorized, ask: theirs(notifies)},
		{name: "query in another's name", code: denied, kind: vap.TypeUnauthorized, ask: theirs(queries)},
		{name: "observation of another's requests", code: denied, kind: vap.TypeUnauthorized, ask: theirs(observes)},
		{name: "DELETE of another", code: denied, kind: vap.TypeUnauthorized, ask: theirs(closes)},
		{
			name: "notification from the address before", code: denied, kind: vap.TypeUnauthorized,
			ask: func(h *house, s *stranger) *coap.Response {
				s.must(s.connect("a"), codes.Created)
				s.must(h.stranger("192.0.2.9:1").connect("a"), codes.Created)
				return s.notify()
			},
		},
		{
			name: "GET of what has to be observed", code: codes.NotFound, kind: vap.TypeNotFound, object: "observer",
			ask: func(_ *house, s *stranger) *coap.Response { s.connect("a"); return observes(s) },
		},
		{
			name: "DELETE with another id in it", code: bad, kind: vap.TypeWrongSkillID, object: "b",
			ask: func(_ *house, s *stranger) *coap.Response {
				s.connect("a")
				return s.do(codes.DELETE, pathRegistry+"a", vap.AppendSkillClose(nil, vap.Named, vap.SkillClose{SkillID: "b"}))
			},
		},
		{
			name: "DELETE with something in it", code: bad, kind: vap.TypeMalformed,
			ask: func(_ *house, s *stranger) *coap.Response {
				s.connect("a")
				return s.do(codes.DELETE, pathSkills+"a", []byte("x"))
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				if test.hub == nil {
					test.hub = new(hub)
				}
				h := newHouse(t, test.hub, func(c *ServerConfig) { c.MaxSkills = 2 })
				defer h.close()
				r := test.ask(h, h.stranger(skillAddr))
				time.Sleep(2 * time.Second) // for what else was asked
				e := vap.ErrorFrom(r)
				if e == nil {
					t.Fatalf("got %v", r.Code)
				}
				want := &vap.Error{Code: test.code, Type: test.kind, Object: test.object, RetryAfter: time.Duration(test.maxAge) * time.Second}
				if *e != *want {
					t.Errorf("got %v (again after %v), want %v (%v)", e, e.RetryAfter, want, want.RetryAfter)
				}
			})
		})
	}
}

func TestQuery(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, &hub{late: true, queried: func(q vap.ClientQuery) []vap.QueryResult {
			if q.ClientID != vap.System {
				return []vap.QueryResult{vap.QueryNotFound(q.Capabilities[0].Name, vap.KindClient, q.ClientID)}
			}
			return []vap.QueryResult{
				vap.QueryContent(vap.Capability{Name: "preferences", Fields: map[string]any{"color": "red"}}),
				vap.QueryIncomplete("timer", "id", "string", ""), vap.QueryUnauthorized("log"),
			}
		}})
		defer h.close()
		s := h.stranger(skillAddr)
		s.must(s.connect("a"), codes.Created)
		asked := func(names ...string) (caps []vap.Capability) {
			for _, n := range names {
				caps = append(caps, vap.Capability{Name: n, Fields: map[string]any{}})
			}
			return caps
		}
		body := vap.AppendQuery(nil, vap.Named, vap.Query{SkillID: "a", Data: []vap.ClientQuery{
			{ClientID: vap.System, Capabilities: asked("preferences", "timer", "log", "toaster")},
			{ClientID: "kitchen", Capabilities: asked("volume")},
		}})
		for _, method := range []codes.Code{codes.GET, codes.POST, coap.FETCH} {
			m, err := vap.ParseQueryAnswer(s.must(s.do(method, pathQuery, body), codes.Content).Body)
			if err != nil || len(m.Data) != 2 || len(m.Data[0].Results) != 4 || len(m.Data[1].Results) != 1 {
				t.Fatalf("%v: %+v, %v", method, m, err)
			}
			var got []string
			for _, r := range append(m.Data[0].Results, m.Data[1].Results...) {
				got = append(got, fmt.Sprintf("%s %d %v %v", r.Name, r.Code, r.Fields["object"], r.Fields["kind"]))
			}
			want := "preferences 69 <nil> <nil>, timer 136 id <nil>, log 129 <nil> <nil>, toaster 132 toaster capability, volume 132 kitchen client"
			if strings.Join(got, ", ") != want {
				t.Errorf("%v: %q", method, got)
			}
		}
	})
}

// Both paths close, with and without a body, in either form.
func TestClose(t *testing.T) {
	run(t, func(t *testing.T) {
		h := newHouse(t, new(hub))
		defer h.close()
		s := h.stranger(skillAddr)
		for _, path := range []string{pathSkills, pathRegistry, serverPrefix + "/" + pathSkills} {
			for _, body := range [][]byte{nil, vap.AppendSkillClose(nil, vap.Named, vap.SkillClose{SkillID: "a"}), vap.AppendSkillClose(nil, vap.ReferencePython, vap.SkillClose{SkillID: "a"})} {
				s.must(s.connect("a"), codes.Created)
				s.must(s.do(codes.DELETE, path+"a", body), codes.Deleted)
				if n := len(h.server.Skills()); n != 0 {
					t.Errorf("%d skills are left", n)
				}
			}
		}
	})
}

// A skill that is replaced, disconnected, or whose hub closes, is told.
func TestLastWords(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(*house)
		kind string
	}{
		"replaced":     {func(h *house) { h.stranger("192.0.2.9:1").connect(skillName) }, vap.TypeUnauthorized},
		"disconnected": {func(h *house) { h.server.Disconnect(skillName) }, vap.TypeUnauthorized},
		"closed":       {func(h *house) { h.server.Close() }, vap.TypeBusy},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				h := newHouse(t, new(hub))
				defer h.close()
				k := h.listening(skillAddr, skillName)
				time.Sleep(time.Second)
				test.end(h)
				if e := vap.ErrorFrom(<-k.last); e == nil || e.Type != test.kind {
					t.Errorf("told %v", e)
				}
			})
		})
	}
}
