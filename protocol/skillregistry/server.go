package skillregistry

import (
	"cmp"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
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
	// ID is which hub this is; connect is answered with it.
	ID string
	// Form is how a skill wants its messages; nil is vap.Named for all.
	Form func(skillID string) vap.Form
	// KnowsEntity says whether the hub has an entity of that name itself, so that slots may
	// name it without its definition; nil has none.
	KnowsEntity func(vap.Language, string) bool
	Logger      *slog.Logger
	// MaxSkills that are connected at the same time; default 1000. More get 4.29.
	MaxSkills int
	// Silence after which a skill that does not listen counts as gone; default 2 min. Of
	// one that listens, the next request shows whether it is still there.
	Silence time.Duration
}

func (c *ServerConfig) setDefaults() {
	c.MaxSkills = cmp.Or(c.MaxSkills, 1000)
	c.Silence = cmp.Or(c.Silence, 2*time.Minute)
	c.Logger = cmp.Or(c.Logger, slog.New(slog.DiscardHandler))
	if c.Form == nil {
		c.Form = func(string) vap.Form { return vap.Named }
	}
	if c.KnowsEntity == nil {
		c.KnowsEntity = func(vap.Language, string) bool { return false }
	}
}

// Server is the hub's side, on one endpoint or several. Make it with NewServer and
// Register it on their muxes. The endpoints have to take bodies of vap.MaxRegistration
// (coap.Config.MaxBody).
type Server struct {
	cfg  ServerConfig
	stop chan struct{}
	wg   sync.WaitGroup

	requests atomic.Uint64 // the latest request's id

	mu       sync.Mutex
	closed   bool
	deciding int // connects that the policy has not answered
	skills   map[string]*skill
}

// skill is a connected skill.
type skill struct {
	info  SkillInfo // but for Events and Listening
	form  vap.Form
	langs []vap.Language // in which it may register

	mu          sync.Mutex // guards what follows; no other lock of this package is taken under it
	heard       time.Time
	gone        error // why it is connected no more
	events      []string
	registering bool           // the policy has not answered
	line        *coap.Observer // the way of requests; nil while it does not listen
	waiting     map[uint64]*request
}

// NewServer makes a Server.
func NewServer(cfg ServerConfig) *Server {
	cfg.setDefaults()
	s := &Server{cfg: cfg, stop: make(chan struct{}), skills: make(map[string]*skill)}
	// An answer to a request from before a restart must not fit one of today. The ids stay
	// below 2^53, which is as far as some languages count.
	s.requests.Store(rand.Uint64N(1 << 52))
	s.wg.Go(s.sweep)
	return s
}

// Register serves the registry's resources and lists its Link.
func (s *Server) Register(mux *coap.Mux) {
	mux.Error = vap.Unserved
	if !slices.Contains(mux.Prefixes, serverPrefix) {
		mux.Prefixes = append(mux.Prefixes, serverPrefix)
	}
	mux.Link(Link())
	mux.Handle(codes.POST, pathConnect, vap.Serve(vap.ParseConnect, s.connect))
	mux.Handle(codes.POST, pathRegister, vap.Serve(vap.ParseRegisterIntents, s.register))
	mux.Handle(codes.POST, pathNotification, vap.Serve(vap.ParseSkillNotification, s.notified))
	for _, method := range []codes.Code{codes.GET, codes.POST, coap.FETCH} {
		mux.Handle(method, pathQuery, vap.Serve(vap.ParseQuery, s.query))
	}
	mux.Handle(codes.GET, pathSkills+"*", s.listen)
	mux.Handle(codes.DELETE, pathSkills+"*", s.goodbye)
	mux.Handle(codes.DELETE, pathRegistry+"*", s.goodbye)
}

// Close ends all connections and joins the Server's goroutines. Skills are told, and
// requests under way fail. The endpoint stays open.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	all := slices.Collect(maps.Values(s.skills))
	s.mu.Unlock()
	close(s.stop)
	s.wg.Wait()
	for _, k := range all {
		s.remove(k, ErrClosed)
	}
}

// Skills are those connected now, ordered by id.
func (s *Server) Skills() []SkillInfo {
	s.mu.Lock()
	all := slices.Collect(maps.Values(s.skills))
	s.mu.Unlock()
	list := make([]SkillInfo, 0, len(all))
	for _, k := range all {
		list = append(list, k.snapshot())
	}
	slices.SortFunc(list, func(a, b SkillInfo) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Disconnect forgets the connection of a skill that was denied or forgotten.
func (s *Server) Disconnect(skillID string) {
	if k := s.find(skillID); k != nil {
		s.remove(k, ErrRemoved)
	}
}

func (s *Server) find(skillID string) *skill {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.skills[skillID]
}

// snapshot is the skill as it is now.
func (k *skill) snapshot() SkillInfo {
	k.mu.Lock()
	defer k.mu.Unlock()
	info := k.info
	info.Events, info.Listening = k.events, k.line != nil
	return info
}

// sweep removes skills that neither listen nor say anything.
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
		all := slices.Collect(maps.Values(s.skills))
		s.mu.Unlock()
		for _, k := range all {
			if !s.alive(k) {
				s.remove(k, ErrSilent)
			}
		}
	}
}

// alive reports whether the skill listens, or anything was heard of its peer lately.
func (s *Server) alive(k *skill) bool {
	heard := k.info.Peer.Stats().LastHeard
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.heard.After(heard) {
		heard = k.heard
	}
	return k.line != nil || time.Since(heard) < s.cfg.Silence
}
