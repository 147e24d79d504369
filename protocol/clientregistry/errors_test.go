package clientregistry

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// stranger is a peer that sends what it likes.
type stranger struct {
	tb   testing.TB
	end  *coap.Endpoint
	peer coap.Peer
}

func (h *house) stranger(addr string) *stranger {
	e := h.network.Endpoint(h.tb, addr, coap.Config{})
	h.ends = append(h.ends, e)
	return &stranger{h.tb, e, e.Peer(netip.MustParseAddrPort(hubAddr))}
}

func (s *stranger) post(path string, body []byte) *coap.Response {
	s.tb.Helper()
	return s.do(&coap.Request{Code: codes.POST, Path: path, Body: body})
}

func (s *stranger) do(req *coap.Request) *coap.Response {
	s.tb.Helper()
	r, err := s.peer.Do(within(s.tb, 20*time.Second), req)
	if err != nil {
		s.tb.Fatal(err)
	}
	return r
}

// connect introduces a peer without a list of capabilities.
func (s *stranger) connect(id string) *coap.Response {
	s.tb.Helper()
	return s.post(pathConnect, vap.AppendConnect(nil, vap.Connect{ID: id, Name: "n", Version: vap.Version}))
}

func (s *stranger) must(r *coap.Response, code codes.Code) *coap.Response {
	s.tb.Helper()
	if r.Code != code {
		s.tb.Fatalf("got %v %v, want %v", r.Code, vap.ErrorFrom(r), code)
	}
	return r
}

func start(session uint64) []byte {
	return vap.AppendSessionStart(nil, vap.SessionStart{Session: session, HasSession: true})
}

func fragment(session uint64, seq uint32, last bool) []byte {
	return vap.AppendSessionData(nil, vap.SessionData{Session: session, HasSession: true, Seq: seq, Last: last})
}

// Every error of the registry, on the wire.
func TestErrors(t *testing.T) {
	const minute = 60
	grant := func(e SessionHandler) func(*Session, vap.SessionStart) (SessionHandler, error) {
		return func(s *Session, _ vap.SessionStart) (SessionHandler, error) { s.Grant(); return e, nil }
	}
	refuse := func(code codes.Code, kind, object string, retry time.Duration) func(*Session, vap.SessionStart) (SessionHandler, error) {
		return func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
			time.AfterFunc(100*time.Millisecond, func() {
				s.Refuse(&vap.Error{Code: code, Type: kind, Object: object, RetryAfter: retry})
			})
			return newEar(), nil
		}
	}
	deny := func(e *vap.Error) func(coap.Peer, vap.Connect, bool) (vap.Connected, error) {
		return func(coap.Peer, vap.Connect, bool) (vap.Connected, error) { return vap.Connected{}, e }
	}
	connect := func(change func(*vap.Connect)) []byte {
		m := vap.Connect{ID: "a", Name: "n", Version: vap.Version, HasCapabilities: true}
		change(&m)
		return vap.AppendConnect(nil, m)
	}
	text := message.TextPlain
	for _, test := range []struct {
		name   string
		hub    *hub
		ask    func(h *house, s *stranger) *coap.Response
		code   codes.Code
		kind   string
		object string
		maxAge uint32
	}{
		{
			name: "no such resource", code: codes.NotFound, kind: vap.TypeNotFound, object: "vap/nothing",
			ask: func(h *house, s *stranger) *coap.Response { return s.post("vap/nothing", nil) },
		},
		{
			name: "another method", code: codes.MethodNotAllowed, kind: vap.TypeMethod, object: pathConnect,
			ask: func(h *house, s *stranger) *coap.Response {
				return s.do(&coap.Request{Code: codes.GET, Path: pathConnect})
			},
		},
		{
			name: "another content format", code: codes.UnsupportedMediaType, kind: vap.TypeFormat, object: "0",
			ask: func(h *house, s *stranger) *coap.Response {
				return s.do(&coap.Request{Code: codes.POST, Path: pathConnect, ContentFormat: &text, Body: connect(func(*vap.Connect) {})})
			},
		},
		{
			name: "connect that is no MessagePack", code: codes.BadRequest, kind: vap.TypeMalformed,
			ask: func(h *house, s *stranger) *coap.Response { return s.post(pathConnect, []byte{0xc1}) },
		},
		{
			name: "connect without a field", code: codes.RequestEntityIncomplete, kind: vap.TypeMissingField, object: "name",
			ask: func(h *house, s *stranger) *coap.Response {
				return s.post(pathConnect, []byte("\x81\xa2id\xa1a"))
			},
		},
		{
			name: "connect with another version", code: codes.BadRequest, kind: vap.TypeVersion, object: "Alpha",
			ask: func(h *house, s *stranger) *coap.Response {
				return s.post(pathConnect, connect(func(m *vap.Connect) { m.Version = "Beta" }))
			},
		},
		{
			name: "connect with an empty id", code: codes.BadRequest, kind: vap.TypeMalformed, object: "id",
			ask: func(h *house, s *stranger) *coap.Response {
				return s.post(pathConnect, connect(func(m *vap.Connect) { m.ID = "" }))
			},
		},
		{
			name: "connect with an id too long", code: codes.BadRequest, kind: vap.TypeMalformed, object: "id",
			ask: func(h *house, s *stranger) *coap.Response {
				return s.post(pathConnect, connect(func(m *vap.Connect) { m.ID = strings.Repeat("ä", 129) }))
			},
		},
		{
			name: "connect with a control character in its id", code: codes.BadRequest, kind: vap.TypeMalformed, object: "id",
			ask: func(h *house, s *stranger) *coap.Response {
				return s.post(pathConnect, connect(func(m *vap.Connect) { m.ID = "a\x1b[2J" }))
			},
		},
		{
			name: "connect with a control character in its name", code: codes.BadRequest, kind: vap.TypeMalformed, object: "name",
			ask: func(h *house, s *stranger) *coap.Response {
				return s.post(pathConnect, connect(func(m *vap.Connect) { m.Name = "a\n" }))
			},
		},
		{
			name: "connect with too many capabilities", code: codes.BadRequest, kind: vap.TypeMalformed, object: "capabilities",
			ask: func(h *house, s *stranger) *coap.Response {
				return s.post(pathConnect, connect(func(m *vap.Connect) {
					for range 65 {
						m.Capabilities = append(m.Capabilities, vap.Offer{Name: "x"})
					}
				}))
			},
		},
		{
			name: "connect that is too large", code: codes.RequestEntityTooLarge, kind: vap.TypeTooLarge,
			ask: func(h *house, s *stranger) *coap.Response {
				return s.post(pathConnect, connect(func(m *vap.Connect) { m.Name = strings.Repeat("x", 16<<10) }))
			},
		},
		{
			name: "connect denied by the policy", code: codes.Unauthorized, kind: vap.TypeConnectionDenied,
			hub: &hub{connect: deny(&vap.Error{Code: codes.Unauthorized, Type: vap.TypeConnectionDenied})},
			ask: func(h *house, s *stranger) *coap.Response { return s.connect("a") },
		},
		{
			name: "connect that waits for approval", code: codes.Unauthorized, kind: vap.TypeApprovalPending, maxAge: 10,
			hub: &hub{connect: deny(&vap.Error{Code: codes.Unauthorized, Type: vap.TypeApprovalPending, RetryAfter: 9500 * time.Millisecond})},
			ask: func(h *house, s *stranger) *coap.Response { return s.connect("a") },
		},
		{
			name: "connect with a wrong token", code: codes.Unauthorized, kind: vap.TypeToken,
			hub: &hub{connect: deny(&vap.Error{Code: codes.Unauthorized, Type: vap.TypeToken})},
			ask: func(h *house, s *stranger) *coap.Response { return s.connect("a") },
		},
		{
			name: "connect with an id that is taken", code: codes.BadRequest, kind: vap.TypeIDExists, object: "a",
			hub: &hub{connect: func(_ coap.Peer, req vap.Connect, elsewhere bool) (vap.Connected, error) {
				if elsewhere {
					return vap.Connected{}, &vap.Error{Code: codes.BadRequest, Type: vap.TypeIDExists, Object: req.ID}
				}
				return vap.Connected{}, nil
			}},
			ask: func(h *house, s *stranger) *coap.Response {
				s.must(s.connect("a"), codes.Created)
				s.must(s.connect("a"), codes.Created) // from the same place it may
				return h.stranger("192.0.2.9:1").connect("a")
			},
		},
		{
			name: "connect whose policy fails", code: codes.InternalServerError, kind: vap.TypeInternal,
			hub: &hub{connect: func(coap.Peer, vap.Connect, bool) (vap.Connected, error) {
				return vap.Connected{}, errors.New("the disk is full")
			}},
			ask: func(h *house, s *stranger) *coap.Response { return s.connect("a") },
		},
		{
			name: "connect of one client too many", code: codes.TooManyRequests, kind: vap.TypeTooManyClients, maxAge: minute,
			ask: func(h *house, s *stranger) *coap.Response {
				s.must(s.connect("a"), codes.Created)
				s.must(h.stranger("192.0.2.9:1").connect("b"), codes.Created)
				s.must(s.connect("a"), codes.Created) // who is in may come again
				return h.stranger("192.0.2.9:2").connect("c")
			},
		},
		{
			name: "sessionStart of a stranger", code: codes.Unauthorized, kind: vap.TypeUnauthorized,
			ask: func(h *house, s *stranger) *coap.Response { return s.post(pathStart, start(1)) },
		},
		{
			name: "sessionData of a stranger", code: codes.Unauthorized, kind: vap.TypeUnauthorized,
			ask: func(h *house, s *stranger) *coap.Response { return s.post(pathData, fragment(1, 0, true)) },
		},
		{
			name: "notification of a stranger", code: codes.Unauthorized, kind: vap.TypeUnauthorized,
			ask: func(h *house, s *stranger) *coap.Response {
				return s.post(pathFromClient, vap.AppendNotification(nil, vap.Notification{}))
			},
		},
		{
			name: "sessionStart from the address before", code: codes.Unauthorized, kind: vap.TypeUnauthorized,
			ask: func(h *house, s *stranger) *coap.Response {
				s.must(s.connect("a"), codes.Created)
				s.must(h.stranger("192.0.2.9:1").connect("a"), codes.Created)
				return s.post(pathStart, start(1))
			},
		},
		{
			name: "sessionStart in another's name", code: codes.Unauthorized, kind: vap.TypeUnauthorized,
			ask: func(h *house, s *stranger) *coap.Response {
				s.must(s.connect("a"), codes.Created)
				return s.post(pathStart, vap.AppendSessionStart(nil, vap.SessionStart{ClientID: "b"}))
			},
		},
		{
			name: "user authentication failed", code: codes.Unauthorized, kind: vap.TypeUserNotAuthorized,
			hub: &hub{started: refuse(codes.Unauthorized, vap.TypeUserNotAuthorized, "", 0)},
			ask: func(h *house, s *stranger) *coap.Response { s.connect("a"); return s.post(pathStart, start(1)) },
		},
		{
			name: "wake word not confirmed", code: codes.Forbidden, kind: vap.TypeWakewordRejected,
			hub: &hub{started: refuse(codes.Forbidden, vap.TypeWakewordRejected, "", 0)},
			ask: func(h *house, s *stranger) *coap.Response { s.connect("a"); return s.post(pathStart, start(1)) },
		},
		{
			name: "focus lost", code: codes.Forbidden, kind: vap.TypeFocusLost, object: "b",
			hub: &hub{started: refuse(codes.Forbidden, vap.TypeFocusLost, "b", 0)},
			ask: func(h *house, s *stranger) *coap.Response { s.connect("a"); return s.post(pathStart, start(1)) },
		},
		{
			name: "too many sessions", code: codes.TooManyRequests, kind: vap.TypeTooManyClients, maxAge: 5,
			hub: &hub{started: refuse(codes.TooManyRequests, vap.TypeTooManyClients, "", 5*time.Second)},
			ask: func(h *house, s *stranger) *coap.Response { s.connect("a"); return s.post(pathStart, start(1)) },
		},
		{
			name: "sessionStart refused at once", code: codes.InternalServerError, kind: vap.TypeInternal,
			hub: &hub{started: func(*Session, vap.SessionStart) (SessionHandler, error) { return nil, errors.New("no") }},
			ask: func(h *house, s *stranger) *coap.Response { s.connect("a"); return s.post(pathStart, start(1)) },
		},
		{
			name: "fragment after the refusal", code: codes.Forbidden, kind: vap.TypeFocusLost, object: "b",
			hub: &hub{started: refuse(codes.Forbidden, vap.TypeFocusLost, "b", 0)},
			ask: func(h *house, s *stranger) *coap.Response {
				s.connect("a")
				s.post(pathStart, start(1))
				return s.post(pathData, fragment(1, 0, false))
			},
		},
		{
			name: "fragment of no session", code: codes.NotFound, kind: vap.TypeNotFound, object: "session",
			ask: func(h *house, s *stranger) *coap.Response {
				s.connect("a")
				return s.post(pathData, fragment(1, 0, false))
			},
		},
		{
			name: "fragment of another session", code: codes.NotFound, kind: vap.TypeNotFound, object: "session",
			hub: &hub{started: grant(newEar())},
			ask: func(h *house, s *stranger) *coap.Response {
				s.connect("a")
				s.must(s.post(pathStart, start(1)), codes.Created)
				return s.post(pathData, fragment(2, 0, false))
			},
		},
		{
			name: "fragment without seq", code: codes.RequestEntityIncomplete, kind: vap.TypeMissingField, object: "seq",
			ask: func(h *house, s *stranger) *coap.Response {
				return s.post(pathData, []byte("\x83\xa9sessionId\x01\xaccapabilities\x90\xaclastFragment\xc2"))
			},
		},
		{
			name: "fragment that came too late", code: codes.RequestEntityIncomplete, kind: vap.TypeFragmentLost, object: "seq 1",
			hub: &hub{started: grant(newEar())},
			ask: func(h *house, s *stranger) *coap.Response {
				s.connect("a")
				s.must(s.post(pathStart, start(1)), codes.Created)
				s.must(s.post(pathData, fragment(1, 0, false)), codes.Continue)
				s.must(s.post(pathData, fragment(1, 2, false)), codes.Continue)
				time.Sleep(maxGapWait)
				return s.post(pathData, fragment(1, 1, false))
			},
		},
		{
			name: "fragment far ahead", code: codes.ServiceUnavailable, kind: vap.TypeBusy, maxAge: 1,
			hub: &hub{started: grant(newEar())},
			ask: func(h *house, s *stranger) *coap.Response {
				s.connect("a")
				s.must(s.post(pathStart, start(1)), codes.Created)
				return s.post(pathData, fragment(1, maxHeld, false))
			},
		},
		{
			name: "fragment for a full inbox", code: codes.ServiceUnavailable, kind: vap.TypeBusy, maxAge: 1,
			hub: &hub{started: grant(&ear{full: true})},
			ask: func(h *house, s *stranger) *coap.Response {
				s.connect("a")
				s.must(s.post(pathStart, start(1)), codes.Created)
				return s.post(pathData, fragment(1, 0, false))
			},
		},
		{
			name: "failed turn", code: codes.InternalServerError, kind: vap.TypeInternal,
			hub: &hub{started: func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
				s.Grant()
				return &ear{onLast: func(f Fragment) {
					s.Fail(f.Turn, &vap.Error{Code: codes.InternalServerError, Type: vap.TypeInternal})
				}}, nil
			}},
			ask: func(h *house, s *stranger) *coap.Response {
				s.connect("a")
				s.must(s.post(pathStart, start(1)), codes.Created)
				return s.post(pathData, fragment(1, 0, true))
			},
		},
		{
			name: "turn that was", code: codes.NotFound, kind: vap.TypeNotFound, object: "turn 0",
			hub: &hub{started: func(s *Session, _ vap.SessionStart) (SessionHandler, error) {
				s.Grant()
				return &ear{onLast: func(f Fragment) { s.Answer(f.Turn, vap.Answer{}) }}, nil
			}},
			ask: func(h *house, s *stranger) *coap.Response {
				s.connect("a")
				s.must(s.post(pathStart, start(1)), codes.Created)
				s.must(s.post(pathData, fragment(1, 0, true)), codes.Created)
				next := vap.SessionData{Session: 1, HasSession: true, Turn: 1}
				s.must(s.post(pathData, vap.AppendSessionData(nil, next)), codes.Continue)
				return s.post(pathData, fragment(1, 1, false))
			},
		},
		{
			name: "clientClose of nobody", code: codes.BadRequest, kind: vap.TypeWrongClientID, object: "b",
			ask: func(h *house, s *stranger) *coap.Response {
				s.connect("a")
				return s.post(pathClose, vap.AppendClientClose(nil, vap.ClientClose{ClientID: "b"}))
			},
		},
		{
			name: "clientClose of another", code: codes.Unauthorized, kind: vap.TypeUnauthorized,
			ask: func(h *house, s *stranger) *coap.Response {
				s.must(h.stranger("192.0.2.9:1").connect("b"), codes.Created)
				return s.post(pathClose, vap.AppendClientClose(nil, vap.ClientClose{ClientID: "b"}))
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			run(t, func(t *testing.T) {
				if test.hub == nil {
					test.hub = new(hub)
				}
				h := newHouse(t, netsim.Impairment{Delay: time.Millisecond}, test.hub, func(s *ServerConfig, _ *ClientConfig) { s.MaxClients = 2 })
				defer h.close()
				r := test.ask(h, h.stranger("192.0.2.8:1"))
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
