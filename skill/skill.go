package skill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
)

// Handler answers a request. ctx ends when the answer is of no use any more. An error is
// told to the hub, which tells the person that something went wrong; a *vap.Error keeps its
// code.
type Handler func(ctx context.Context, r *Request) (Answer, error)

// Config is what may be otherwise than usual.
type Config struct {
	// Connect is the way to the hub; default: CoAP("").
	Connect Connect
	// State is the folder of what the skill keeps; default: $STATE_DIRECTORY, else
	// $XDG_STATE_HOME/vap_skill/ID.
	State  string
	Logger *slog.Logger     // default: slog.Default
	Now    func() time.Time // what time it is, in the zone of the people; default: time.Now
}

// Skill is a skill. Make it with New, say what it handles, then call Run. Methods that Run
// comes after are for one goroutine, the others for any number.
type Skill struct {
	id       string
	manifest Manifest
	cfg      Config
	err      error // of what was said before Run
	intents  map[string]Handler
	events   map[string]Handler
	chores   []chore
	can      func(context.Context, *Request) float64
	store    *Store

	mu   sync.Mutex
	line Line // nil while it does not run
}

// New makes a skill of an id in the form of org.company.product and the manifest's files.
// What is wrong with them Run tells.
func New(id string, manifest fs.FS, options ...func(*Config)) *Skill {
	s := &Skill{id: id, intents: make(map[string]Handler), events: make(map[string]Handler)}
	s.manifest, s.err = ReadManifest(manifest)
	for _, o := range options {
		o(&s.cfg)
	}
	if s.cfg.Connect == nil {
		s.cfg.Connect = CoAP("")
	}
	s.cfg.Logger = cmp.Or(s.cfg.Logger, slog.Default())
	if s.cfg.Now == nil {
		s.cfg.Now = time.Now
	}
	if s.cfg.State == "" {
		var err error
		s.cfg.State, err = stateDir(id)
		s.err = errors.Join(s.err, err)
	}
	s.store = OpenStore(s.cfg.State)
	return s
}

func stateDir(id string) (string, error) {
	if dir := os.Getenv("STATE_DIRECTORY"); dir != "" {
		return dir, nil
	}
	home := os.Getenv("XDG_STATE_HOME")
	if home == "" {
		user, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("skill: no folder for what it keeps: set XDG_STATE_HOME: %w", err)
		}
		home = filepath.Join(user, ".local", "state")
	}
	return filepath.Join(home, "vap_skill", filepath.Base(id)), nil
}

// ID is the skill's.
func (s *Skill) ID() string { return s.id }

// Now is what time it is, in the zone of the people. Tests may tell another one.
func (s *Skill) Now() time.Time { return s.cfg.Now() }

// Store keeps things over restarts.
func (s *Skill) Store() *Store { return s.store }

// Handle says what answers an intent of the manifest.
func (s *Skill) Handle(intent string, h Handler) *Skill {
	known := false
	for _, n := range s.manifest.NLU {
		known = known || slices.ContainsFunc(n.Intents, func(i vap.Intent) bool { return i.Name == intent })
	}
	if !known && s.err == nil {
		s.err = fmt.Errorf("skill %s: the manifest has no intent %q", s.id, intent)
	}
	s.intents[intent] = h
	return s
}

// On says what is called when an event happens, such as "started", "client_joined" or
// "timer_finished". What it answers is said where it happened.
func (s *Skill) On(event string, h Handler) *Skill {
	s.events[event] = h
	return s
}

// chore is what a skill does now and then.
type chore struct {
	every time.Duration
	do    func(context.Context) error
}

// Every says what is done again and again while the skill runs, once at a time. ctx ends
// when Run does. An error is logged.
func (s *Skill) Every(d time.Duration, do func(ctx context.Context) error) *Skill {
	s.chores = append(s.chores, chore{d, do})
	return s
}

func (s *Skill) doEvery(ctx context.Context, c chore) {
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			if err := c.do(ctx); err != nil && ctx.Err() == nil {
				s.cfg.Logger.Warn("what a skill does now and then failed", "skill", s.id, "error", err, "again in", c.every)
			}
		}
	}
}

// CanAnswer says how well a request can be answered, from 0 to 1, when several skills could.
// Without it a skill says 1. It has 300 ms.
func (s *Skill) CanAnswer(can func(ctx context.Context, r *Request) float64) *Skill {
	s.can = can
	return s
}

// Run serves the hub until ctx ends, and comes back whenever the hub was away. It returns
// nil then, or what is wrong with the skill, or why the hub will never take it.
func (s *Skill) Run(ctx context.Context) error {
	if err := s.check(); err != nil {
		return err
	}
	line, err := s.connect()
	if err != nil {
		return fmt.Errorf("skill %s: %w", s.id, err)
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.line = nil
	}()
	ctx, cancel := context.WithCancel(ctx)
	var chores sync.WaitGroup
	defer chores.Wait()
	defer cancel()
	for _, c := range s.chores {
		chores.Go(func() { s.doEvery(ctx, c) })
	}
	return line.Run(ctx)
}

// connect holds mu: a handler may be called, and use the line, before Connect has returned.
func (s *Skill) connect() (line Line, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line, err = s.cfg.Connect(Service{
		ID: s.id, Name: cmp.Or(s.manifest.Name, s.id), NLU: s.manifest.NLU, Events: slices.Sorted(maps.Keys(s.events)),
		State: s.cfg.State, Store: s.store, Handle: s.handle, CanAnswer: s.canAnswer, Logger: s.cfg.Logger,
	})
	return s.line, err
}

// check finds what the author forgot.
func (s *Skill) check() error {
	if s.err != nil {
		return s.err
	}
	if err := skillregistry.CheckID(s.id); err != nil {
		return err
	}
	return s.handles(s.manifest)
}

// handles finds an intent without a handler.
func (s *Skill) handles(m Manifest) error {
	for _, n := range m.NLU {
		for _, i := range n.Intents {
			if s.intents[i.Name] == nil {
				return fmt.Errorf("skill %s: nothing handles the intent %q of %s: call Handle", s.id, i.Name, n.Language)
			}
		}
	}
	return nil
}

func (s *Skill) handle(ctx context.Context, in vap.SkillRequest) (skillregistry.Answer, error) {
	r := newRequest(in)
	h, name := s.intents[r.Intent], r.Intent
	if in.Type == vap.RequestEvent {
		h, name = s.events[r.Event], r.Event
	}
	if h == nil {
		return skillregistry.Answer{}, fmt.Errorf("skill %s: nothing handles %q", s.id, name)
	}
	a, err := h(ctx, r)
	return a.wire(), err
}

func (s *Skill) canAnswer(ctx context.Context, in vap.SkillRequest) float32 {
	r := newRequest(in)
	switch {
	case s.intents[r.Intent] == nil:
		return 0
	case s.can == nil:
		return 1
	}
	return float32(s.can(ctx, r))
}

// ErrNotRunning is for what needs Run.
var ErrNotRunning = errors.New("skill: it does not run")

func (s *Skill) running() (Line, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.line == nil {
		return nil, ErrNotRunning
	}
	return s.line, nil
}

// Notice is something that a skill says on its own.
type Notice struct {
	Answer
	// TTL is how long it is worth to be heard, when it has to wait; 0: an hour. A week is
	// the most.
	TTL time.Duration
	// Urgent is said at any hour; others wait for the end of those in which nobody is to
	// be disturbed. Fleeting is said now or never.
	Urgent, Fleeting bool
}

// Notify says something to a satellite that has not asked. The hub keeps it when the
// satellite is away. An error says why nobody will hear it; a *vap.Error is the hub's.
func (s *Skill) Notify(ctx context.Context, client string, n Notice) error {
	line, err := s.running()
	if err != nil {
		return err
	}
	item := vap.NotificationItem{Type: vap.ItemStandalone, ClientID: client, Capabilities: n.capabilities(), TTL: n.TTL}
	switch {
	case n.Urgent:
		item.Priority = vap.PriorityUrgent
	case n.Fleeting:
		item.Priority = vap.PriorityLow
	}
	if _, err := line.Notify(ctx, item); err != nil {
		return fmt.Errorf("skill %s: the hub does not tell %q: %w", s.id, client, err)
	}
	return nil
}

// Query asks a satellite, or the hub (vap.System), for what capabilities tell. Each result
// has its code.
func (s *Skill) Query(ctx context.Context, client string, asked ...vap.Capability) ([]vap.QueryResult, error) {
	line, err := s.running()
	if err != nil {
		return nil, err
	}
	answers, err := line.Query(ctx, vap.ClientQuery{ClientID: client, Capabilities: asked})
	if err != nil {
		return nil, err
	}
	for _, a := range answers {
		if a.ClientID == client {
			return a.Results, nil
		}
	}
	return nil, fmt.Errorf("skill %s: the hub's answer to a query says nothing of %q", s.id, client)
}

// QueryOne asks a satellite, or the hub (vap.System), for what one capability tells. An
// answer other than 2.05 is a *vap.Error with its code, such as codes.NotFound.
func (s *Skill) QueryOne(ctx context.Context, client, capability string) (vap.Capability, error) {
	results, err := s.Query(ctx, client, vap.Capability{Name: capability})
	if err != nil {
		return vap.Capability{}, err
	}
	for _, r := range results {
		switch {
		case r.Name != capability:
		case r.Code == codes.Content:
			return vap.Capability{Name: capability, Fields: r.Fields}, nil
		default:
			return vap.Capability{}, &vap.Error{Code: r.Code, Object: capability}
		}
	}
	return vap.Capability{}, fmt.Errorf("skill %s: the hub's answer to a query says nothing of %q", s.id, capability)
}

// NotFound reports whether an error of QueryOne says that there is no such satellite, or that
// it has nothing to tell.
func NotFound(err error) bool {
	refused, ok := errors.AsType[*vap.Error](err)
	return ok && refused.Code == codes.NotFound
}

// Satellite is one of the house.
type Satellite struct {
	ID, Name  string
	Connected bool
}

// Satellites asks the hub for those that may connect.
func (s *Skill) Satellites(ctx context.Context) (all []Satellite, err error) {
	c, err := s.QueryOne(ctx, vap.System, vap.AskClients)
	list, _ := c.Fields["clients"].([]any)
	for _, v := range list {
		var one Satellite
		m, _ := v.(map[string]any)
		one.ID, _ = m["id"].(string)
		one.Name, _ = m["name"].(string)
		if one.Connected, _ = m["connected"].(bool); one.ID != "" {
			all = append(all, one)
		}
	}
	return all, err
}

// Learn replaces what people can say, as when a house got another lamp. Handlers stay: an
// intent without one is an error.
func (s *Skill) Learn(ctx context.Context, m Manifest) error {
	if err := s.handles(m); err != nil {
		return err
	}
	line, err := s.running()
	if err != nil {
		return err
	}
	return line.Register(ctx, m.clone().NLU, slices.Sorted(maps.Keys(s.events)))
}

// Manifest is a copy of what it was made with, to be changed a little for Learn.
func (s *Skill) Manifest() Manifest { return s.manifest.clone() }
