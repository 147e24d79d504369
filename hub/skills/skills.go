package skills

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/hub/intent/entity"
	"vapd/hub/intent/nlu"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
)

// Satellites are how skills reach people.
type Satellites interface {
	// Notify tells a satellite, and waits for its answer. It leaves out what the satellite
	// can't do.
	Notify(ctx context.Context, client string, capabilities ...vap.Capability) error
	// Connected reports whether a satellite is there, and Known whether it ever was.
	Connected(client string) bool
	Known(client string) bool
	// Query asks a satellite, and waits for its answers, of which some may be missing.
	Query(ctx context.Context, client string, asked ...vap.Capability) []vap.QueryResult
	// System is what the hub has to tell of a capability.
	System(asked vap.Capability) (vap.Capability, bool)
}

// Config is what a Skills needs.
type Config struct {
	HubID      string
	Languages  []vap.Language // of the people, as skills are told
	Satellites Satellites
	// Admit decides whether a skill may connect, and gives its new token, if it gets one.
	// It may wait for the disk.
	Admit func(peer coap.Peer, req vap.Connect, elsewhere bool) (token string, err error)
	// May says whether a skill may have a capability carried out.
	May  func(skill, capability string) bool
	Form func(skill string) vap.Form // as skillregistry.ServerConfig has it; may be nil
	// Outbox keeps what waits for satellites.
	Outbox Store
	// Quiet reports whether nobody is to be disturbed at a time; nil: never.
	Quiet func(time.Time) bool
	// Report is told what happens to skills, and what they say on their own; it must not
	// block. May be nil.
	Report func(control.HubEvent)
	// Learnt is told when Sentences has changed; it must not block. May be nil.
	Learnt func()
	Logger *slog.Logger
	Now    func() time.Time
}

// Skills are the hub's skills. Make it with New, Register it on the hub's muxes, and Run it.
type Skills struct {
	cfg    Config
	server *skillregistry.Server
	model  *nlu.Model
	outbox *outbox
	admit  chan func() // what waits for the disk
	learn  chan func() // what waits for the model
	tell   chan func() // what skills say on their own, and ask
	events chan func() // what skills are told; its workers may wait for those of tell
	tallies

	mu         sync.Mutex
	sets       map[string][]nlu.Set // that skills registered, by id
	locals     map[string]*line     // skills within the hub, by id
	names      map[string]string    // of the skills that were ever here, by id
	used       map[string]time.Time // when each answered last
	delivering map[string]bool      // clients that get what waited
	questions  map[string]*question // that wait for an answer, by client
}

const (
	maxAdmitting = 256
	maxLearning  = 64
	maxTelling   = 256
	tellers      = 8 // notifications under way at once
	tellWait     = 10 * time.Second
)

// New makes a Skills that nobody has connected to.
func New(cfg Config) (*Skills, error) {
	waiting, err := openOutbox(cfg.Outbox, cfg.Now())
	if err != nil {
		return nil, err
	}
	s := &Skills{
		cfg: cfg, tallies: newTallies(), outbox: waiting, delivering: make(map[string]bool), model: nlu.New(nlu.Config{Now: cfg.Now}),
		admit: make(chan func(), maxAdmitting), learn: make(chan func(), maxLearning), tell: make(chan func(), maxTelling), events: make(chan func(), maxTelling),
		sets: make(map[string][]nlu.Set), locals: make(map[string]*line), names: make(map[string]string), used: make(map[string]time.Time), questions: make(map[string]*question),
	}
	s.server = skillregistry.NewServer(skillregistry.ServerConfig{
		Policy: policy{s}, ID: cfg.HubID, Form: cfg.Form, Logger: cfg.Logger,
		KnowsEntity: func(_ vap.Language, name string) bool { _, known := entity.Named(name); return known },
	})
	return s, nil
}

// Register serves the registry's resources.
func (s *Skills) Register(mux *coap.Mux) { s.server.Register(mux) }

// Connected are the skills that are there.
func (s *Skills) Connected() []skillregistry.SkillInfo { return s.server.Skills() }

// Why says how a sentence is understood.
func (s *Skills) Why(text, language string) nlu.Why { return s.model.Parse(text, language).Why }

// Forget forgets what people can say to a skill.
func (s *Skills) Forget(id string) {
	s.model.Remove(id)
	s.learnt(id, nil)
}

// learnt notes what people can say to a skill, and tells.
func (s *Skills) learnt(id string, sets []nlu.Set) {
	s.mu.Lock()
	if s.sets[id] = sets; sets == nil {
		delete(s.sets, id)
	}
	s.mu.Unlock()
	if s.cfg.Learnt != nil {
		s.cfg.Learnt()
	}
}

// Disconnect ends the connection of a skill that may not be here any more.
func (s *Skills) Disconnect(id string) { s.server.Disconnect(id) }

// Close ends all connections.
func (s *Skills) Close() { s.server.Close() }

// Run does what takes time until ctx ends.
func (s *Skills) Run(ctx context.Context) {
	var wg sync.WaitGroup
	work := func(jobs chan func()) {
		wg.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case do := <-jobs:
					do()
				}
			}
		})
	}
	work(s.admit)
	work(s.learn)
	for range tellers {
		work(s.tell)
		work(s.events)
	}
	wg.Go(func() { s.rounds(ctx) })
	wg.Wait()
}

// later queues what takes time; busy is what to answer when too much waits.
func later(jobs chan func(), do func(), refuse func(error)) {
	select {
	case jobs <- do:
	default:
		refuse(&vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeBusy, RetryAfter: time.Second})
	}
}
