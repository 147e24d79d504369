package clientregistry

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// ServerConfig is what a Server needs. Zero numbers take their defaults.
type ServerConfig struct {
	Policy Policy
	Logger *slog.Logger
	// MaxClients that are connected at the same time; default 1000. More get 4.29.
	MaxClients int
	// Silence after which a client counts as gone; default 60 s.
	Silence time.Duration
	// IdleSession ends a session that waits for its next turn; default 8 s.
	IdleSession time.Duration
}

// Server is the hub's side. Make it with NewServer, Register it on the endpoint's mux
// and Attach the endpoint.
type Server struct{}

// NewServer makes a Server.
func NewServer(cfg ServerConfig) *Server { return &Server{} }

// Register serves the registry's resources and lists its link (rt=vap-client-registry).
func (s *Server) Register(mux *coap.Mux) {}

// Attach gives the Server the endpoint through which it reaches clients.
func (s *Server) Attach(e *coap.Endpoint) {}

// Close ends all sessions and joins the Server's goroutines. The endpoint stays open.
func (s *Server) Close() {}

// Clients are those connected now, ordered by id.
func (s *Server) Clients() []ClientInfo { return nil }

// Notify sends capabilities to a connected client and waits for its answer. Those that
// it did not list are left out; when nothing remains Notify does nothing.
func (s *Server) Notify(ctx context.Context, clientID string, capabilities ...vap.Capability) error {
	return errors.New("clientregistry: under construction")
}

// Disconnect forgets the connection of a client that was denied or forgotten.
func (s *Server) Disconnect(clientID string) {}

// Session is a session as the hub's policy sees it. Its methods may be called from any
// goroutine and return at once.
type Session struct{}

// ID is the session's id, the client's or (for peers that send none) the Server's.
func (s *Session) ID() uint64 { return 0 }

// Client is whose session it is.
func (s *Session) Client() ClientInfo { return ClientInfo{} }

// Grant answers the sessionStart with 2.01.
func (s *Session) Grant() {}

// Refuse answers the sessionStart, and every fragment from then on, with e, and ends
// the session.
func (s *Session) Refuse(e *vap.Error) {}

// Heard tells the client that turn's utterance has ended with fragment seq.
func (s *Session) Heard(turn, seq uint32) {}

// Answer answers the last fragment of turn, which may not have come yet. When
// a.EndSession is true the session is over once streams of it have been sent.
func (s *Session) Answer(turn uint32, a vap.Answer) {}

// Fail answers the last fragment of turn with e and ends the session.
func (s *Session) Fail(turn uint32, e *vap.Error) {}

// Stream opens a stream of audio to the client, which a capability sound in the answer
// announces (Announcement). codec and rate are for the announcement.
func (s *Session) Stream(codec string, rate int) *Stream { return &Stream{} }

// Stream sends pieces of audio as notifications, several in flight, in the client's
// own time.
type Stream struct{}

// Announcement is the capability that announces the stream.
func (o *Stream) Announcement() vap.Capability { return vap.Capability{} }

// Send sends one piece: an Opus packet, or at most 1024 bytes of PCM. It waits for room in the window until ctx
// ends, and fails when the client refused the stream (it was cancelled there).
func (o *Stream) Send(ctx context.Context, data []byte, last bool) error { return nil }

// Wait returns when the client has acknowledged every piece.
func (o *Stream) Wait(ctx context.Context) error { return nil }
