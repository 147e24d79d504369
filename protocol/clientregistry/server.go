package clientregistry

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// ServerConfig is what a Server needs. Zero numbers take their defaults.
type ServerConfig struct {
	Policy Policy
	// ID is which hub this is, and Name what people call it. The registry's link has
	// them as hubId and title, and connect is answered with the ID.
	ID, Name string
	// Secured is the port for CoAP over DTLS, which the link has as coaps; 0: none.
	Secured uint16
	Logger  *slog.Logger
	// MaxClients that are connected at the same time; default 1000. More get 4.29.
	MaxClients int
	// Silence after which a client counts as gone; default 60 s.
	Silence time.Duration
	// IdleSession ends a session that waits for its next turn, counted from the end of
	// playback, or whose fragments stay away; default 8 s.
	IdleSession time.Duration
}

func (c *ServerConfig) setDefaults() {
	c.MaxClients = cmp.Or(c.MaxClients, 1000)
	c.Silence = cmp.Or(c.Silence, 60*time.Second)
	c.IdleSession = cmp.Or(c.IdleSession, 8*time.Second)
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
}

// maxHeldBytes bounds the fragments of all sessions that wait for one before them, or
// for their sessionStart.
const maxHeldBytes = 16 << 20

// Server is the hub's side, on one endpoint or several. Make it with NewServer and
// Register it on their muxes; it reaches a client through the endpoint that heard it.
type Server struct {
	cfg  ServerConfig
	stop chan struct{}
	wg   sync.WaitGroup

	heldBytes atomic.Int64  // of fragments
	streams   atomic.Uint32 // the latest stream's number

	mu       sync.Mutex
	closed   bool
	deciding int // connects that the policy has not answered
	byID     map[string]*member
	byPeer   map[coap.PeerID]*member
}

// member is a connected client.
type member struct {
	info ClientInfo

	mu      sync.Mutex // guards what follows, and is never held with another lock
	heard   time.Time
	session *Session
	orphans orphans
	// announcement is the stream that the client plays outside of a session.
	announcement *Stream
	gone         error // why it is a member no more
	// past is the session before, and what its late fragments are answered.
	past struct {
		id  uint64
		err *vap.Error
	}
}

// NewServer makes a Server.
func NewServer(cfg ServerConfig) *Server {
	cfg.setDefaults()
	s := &Server{
		cfg:    cfg,
		stop:   make(chan struct{}),
		byID:   make(map[string]*member),
		byPeer: make(map[coap.PeerID]*member),
	}
	// The pieces of a stream from before a restart must not fit one of today.
	s.streams.Store(rand.Uint32())
	s.wg.Go(s.sweep)
	return s
}

// Register serves the registry's resources and lists its link (rt=vap-client-registry).
func (s *Server) Register(mux *coap.Mux) {
	mux.Error = vap.Unserved
	mux.Prefixes = append(mux.Prefixes, serverPrefix)
	link := coap.NewLink("/vap").With("rt", registryResource)
	for _, a := range [][2]string{{"title", s.cfg.Name}, {"hubId", s.cfg.ID}} {
		if a[1] != "" {
			link = link.With(a[0], a[1])
		}
	}
	if s.cfg.Secured != 0 {
		link = link.With("coaps", strconv.Itoa(int(s.cfg.Secured)))
	}
	mux.Link(link)
	mux.Handle(codes.POST, pathConnect, vap.Serve(vap.ParseConnect, s.connect))
	mux.Handle(codes.POST, pathStart, vap.Serve(vap.ParseSessionStart, s.start))
	mux.Handle(codes.POST, pathData, vap.Serve(vap.ParseSessionData, s.data))
	mux.Handle(codes.POST, pathClose, vap.Serve(vap.ParseClientClose, s.goodbye))
	mux.Handle(codes.POST, pathFromClient, vap.Serve(vap.ParseNotification, s.notified))
}

// Close ends all sessions and joins the Server's goroutines. The endpoint stays open.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	members := slices.Collect(maps.Values(s.byID))
	s.mu.Unlock()
	close(s.stop)
	s.wg.Wait()
	for _, m := range members {
		s.remove(m, ErrClosed)
	}
}

// Clients are those connected now, ordered by id.
func (s *Server) Clients() []ClientInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]ClientInfo, 0, len(s.byID))
	for _, m := range s.byID {
		list = append(list, m.info)
	}
	slices.SortFunc(list, func(a, b ClientInfo) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Count is how many clients are connected now.
func (s *Server) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byID)
}

// Query asks a connected client, over its own link, for what capabilities tell. Each result
// has its code. A client that takes no queries is a *vap.Error.
func (s *Server) Query(ctx context.Context, clientID string, asked ...vap.Capability) ([]vap.QueryResult, error) {
	peer, ok := s.Peer(clientID)
	if !ok {
		return nil, fmt.Errorf("clientregistry: query to %q: the client is not connected", clientID)
	}
	body := vap.AppendQuery(nil, vap.Named, vap.Query{SkillID: vap.System, Data: []vap.ClientQuery{{ClientID: clientID, Capabilities: asked}}})
	r, err := peer.Do(ctx, &coap.Request{Code: coap.FETCH, Path: pathAskClient, Body: body})
	if err != nil {
		return nil, fmt.Errorf("clientregistry: query to %q: %w", clientID, err)
	}
	if e := vap.ErrorFrom(r); e != nil {
		return nil, e
	}
	a, err := vap.ParseQueryAnswer(r.Body)
	if err == nil && (len(a.Data) != 1 || a.Data[0].ClientID != clientID) {
		err = malformed("data")
	}
	if err != nil {
		return nil, fmt.Errorf("clientregistry: the answer of %q to a query: %w", clientID, err)
	}
	return a.Data[0].Results, nil
}

// Client is a connected client.
func (s *Server) Client(clientID string) (ClientInfo, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.byID[clientID]
	if m == nil {
		return ClientInfo{}, false
	}
	return m.info, true
}

// Peer is the peer of a connected client.
func (s *Server) Peer(clientID string) (coap.Peer, bool) {
	c, there := s.Client(clientID)
	return c.Peer, there
}

// Disconnect forgets the connection of a client that was denied or forgotten.
func (s *Server) Disconnect(clientID string) {
	s.mu.Lock()
	m := s.byID[clientID]
	s.mu.Unlock()
	if m != nil {
		s.remove(m, ErrRemoved)
	}
}

// sweep removes clients that fell silent.
func (s *Server) sweep() {
	tick := time.NewTicker(max(s.cfg.Silence/4, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		members := slices.Collect(maps.Values(s.byID))
		s.mu.Unlock()
		for _, m := range members {
			if !s.alive(m) {
				s.remove(m, ErrSilent)
			}
		}
	}
}

// alive reports whether anything was heard of m lately; its pings, which this package
// does not see, count.
func (s *Server) alive(m *member) bool {
	heard := m.info.Peer.Stats().LastHeard
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.heard.After(heard) {
		heard = m.heard
	}
	return time.Since(heard) < s.cfg.Silence
}

// hold counts n bytes of a fragment that has to wait; false when there is no room.
func (s *Server) hold(n int) bool {
	if s.heldBytes.Add(int64(n)) > maxHeldBytes {
		s.heldBytes.Add(-int64(n))
		return false
	}
	return true
}

func (s *Server) release(n int) { s.heldBytes.Add(-int64(n)) }
