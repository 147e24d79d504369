package pairing

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// How long windows stay open, and how often a code can be tried.
const (
	PushWindow = 2 * time.Minute
	CodeWindow = 10 * time.Minute
	CodeTries  = 5
)

// Keys is where the hub keeps the keys of its satellites, one Keyring each. Its methods
// may be called from any goroutine.
type Keys interface {
	// Offer adds p.Key to the keyring of satellite p.ID (Keyring.Offer) and approves the
	// satellite. When it returns nil that is on the disk. An empty p.Name leaves the name
	// that is known.
	Offer(p Pairing) error
	// Replace adds next to the keyring of a satellite as Offer does, but only while old is
	// in it: who was unpaired meanwhile stays so.
	Replace(id string, old, next Key) error
	// Paired reports, from memory, whether a satellite of this id has a key.
	Paired(id string) bool
	// Key finds the key of a Pairing.Identity.
	Key(identity string) (Key, bool)
}

// Config is what a Server needs.
type Config struct {
	HubID   string // 1 to MaxID bytes
	HubName string // at most MaxName bytes
	Keys    Keys
	// Told is told of everything that happens, for the audit log and whoever waits on
	// the command line: one event after the other in their order, without a lock, from
	// any goroutine. It must not block. May be nil.
	Told func(Event)
	// Rand is the source of all secrets; default crypto/rand.
	Rand   io.Reader
	Logger *slog.Logger // default: nothing is logged
}

// Server is the hub's side. It remembers one push window and one code window, each with
// one exchange at most, and the last few satellites that asked; nothing that a stranger
// sends makes it remember more.
type Server struct {
	cfg  Config
	desk desk

	mu     sync.Mutex
	closed bool
	push   *pushWindow
	code   *codeWindow
	asked  []asker

	events  []Event // to be told
	telling bool    // by some goroutine
}

// NewServer makes a Server. Register it on the mux of the plain CoAP endpoint, and Close
// it when the hub ends.
func NewServer(cfg Config) (*Server, error) {
	if err := checkParty("hub", cfg.HubID, cfg.HubName); err != nil {
		return nil, err
	}
	if cfg.Keys == nil {
		return nil, errors.New("pairing: a hub needs a place for its keys: set Config.Keys")
	}
	if cfg.Told == nil {
		cfg.Told = func(Event) {}
	}
	setDefaults(&cfg.Rand, &cfg.Logger)
	return &Server{cfg: cfg}, nil
}

// Register serves the resources under vap/pairing.
func (s *Server) Register(mux *coap.Mux) {
	mux.Handle(codes.POST, pathHello, s.serve(s.hello, "version", "id"))
	mux.Handle(codes.POST, pathKey, s.serve(s.exchangeKeys, "session", "key", "nonce"))
	mux.Handle(codes.POST, pathConfirm, s.serve(s.confirmPush, "session", "confirm"))
	mux.Handle(codes.POST, pathShare, s.serve(s.answerShare, "version", "id", "share"))
	mux.Handle(codes.POST, pathProof, s.serve(s.confirmCode, "session", "confirm"))
}

// Close closes both windows and joins all goroutines. Requests from now on are refused.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.desk.shut()
	s.Cancel(ByPush, "the hub ends")
	s.Cancel(ByCode, "the hub ends")
	s.desk.wait()
}

// step answers one request; it runs on a goroutine of its own, one at a time.
type step func(peer coap.Peer, m message) (message, error)

// serve checks a request and lets step answer it.
func (s *Server) serve(do step, needs ...string) coap.Handler {
	return func(peer coap.Peer, req *coap.Request, reply func(*coap.Response)) {
		m, e := decode(req.Body)
		if e == nil {
			e = m.need(needs...)
		}
		if e == nil && needs[0] == "version" {
			e = checkFirst(m, len(req.Body))
		}
		if e == nil {
			e = s.desk.take()
		}
		if e != nil {
			reply(e.Response())
			return
		}
		go func() {
			defer s.desk.done()
			answer, err := do(peer, m)
			s.desk.leave() // before the peer can ask again
			reply(s.response(req, answer, err))
		}()
	}
}

// checkFirst checks a message of which nothing is known before.
func checkFirst(m message, size int) *vap.Error {
	switch {
	case m.version != Version:
		return &vap.Error{Code: codes.BadRequest, Type: vap.TypeVersion, Object: fmt.Sprint(Version)}
	case size < firstSize:
		return malformed("pad")
	}
	return nil
}

func (s *Server) response(req *coap.Request, m message, err error) *coap.Response {
	if err == nil {
		return &coap.Response{Code: codes.Changed, Body: m.encode()}
	}
	var e *vap.Error
	if !errors.As(err, &e) {
		s.cfg.Logger.Error("pairing failed", "path", req.Path, "error", err)
		e = &vap.Error{Code: codes.InternalServerError, Type: vap.TypeInternal}
	}
	return e.Response()
}

// typeClosed is the error of everything that no window is open for.
const typeClosed = "pairingClosed"

func closedError() *vap.Error { return &vap.Error{Code: codes.Forbidden, Type: typeClosed} }

// Cancel closes the window of a way, if it is open, for the reason that the owner reads.
func (s *Server) Cancel(way Way, reason string) {
	s.mu.Lock()
	switch way {
	case ByPush:
		s.closePush(reason)
	case ByCode:
		s.closeCode(reason)
	}
	s.unlock()
}

// tell says what happened when s.mu is unlocked by s.unlock. s.mu is held.
func (s *Server) tell(e Event) { s.events = append(s.events, e) }

// unlock unlocks s.mu and tells what happened, in order: who finds another goroutine
// telling leaves its events to that one.
func (s *Server) unlock() {
	defer s.mu.Unlock()
	if s.telling {
		return
	}
	s.telling = true
	for len(s.events) > 0 {
		e := s.events[0]
		s.events = s.events[1:]
		s.mu.Unlock()
		s.cfg.Logger.Info("pairing", "event", e.Kind, "way", e.Way, "satellite", e.ID, "from", e.From, "reason", e.Reason)
		s.cfg.Told(e)
		s.mu.Lock()
	}
	s.telling = false
}

// happened tells of what no state of the Server belongs to.
func (s *Server) happened(e Event) {
	s.mu.Lock()
	s.tell(e)
	s.unlock()
}
