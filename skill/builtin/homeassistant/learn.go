package homeassistant

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"vapd/protocol/vap"
	"vapd/skill/builtin/homeassistant/api"
)

// settle is how long the house may change before it is looked at again: what people change
// comes in bursts, and all of it at a start of Home Assistant.
const settle = 5 * time.Second

// loadWait is how long a house may take to be told.
const loadWait = time.Minute

// startWait is how long a start of Home Assistant is waited for, and startLook how often it
// is asked.
const (
	startWait = 5 * time.Minute
	startLook = 2 * time.Second
)

// lookEvery is how often the house is looked at where nothing is heard of it: there are no
// events of what is exposed to assistants and in no registry.
const lookEvery = time.Hour

// states are how the entities are, by id.
type states struct {
	now map[string]api.State
	// known are all entities of the last look, also those that nobody may speak of.
	known map[string]bool
	// late are those that changed during a look; nil while there is none.
	late map[string]*api.State
}

// serve keeps up with the house as long as a connection lasts.
func (s *Skill) serve(ctx context.Context, c *api.Conn) error {
	select {
	case <-ctx.Done():
		return nil
	case <-s.started:
	}
	for _, event := range []string{api.EventEntities, api.EventDevices, api.EventAreas} {
		if err := c.Subscribe(ctx, event, func(api.Event) { s.look() }); err != nil {
			return err
		}
	}
	if err := c.Subscribe(ctx, api.EventState, s.change); err != nil {
		return err
	}
	if err := s.awaitStart(ctx, c); err != nil {
		return err
	}
	for {
		if err := s.load(ctx, c); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.changed:
		case <-time.After(lookEvery):
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(settle):
		}
	}
}

// awaitStart waits until Home Assistant has started: a house that is half there is not
// learnt. Where a part of it takes longer than startWait it does without.
func (s *Skill) awaitStart(ctx context.Context, c *api.Conn) error {
	defer s.setStarting(false)
	for until := time.Now().Add(startWait); ; {
		started, err := api.Started(ctx, c)
		if started || err != nil || time.Now().After(until) {
			return err
		}
		s.setStarting(true)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(startLook):
		}
	}
}

func (s *Skill) starting() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.starts
}

func (s *Skill) setStarting(starts bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if starts && !s.starts {
		s.cfg.Logger.Info("home assistant is starting", "wait", startWait)
	}
	s.starts = starts
}

// look asks for another look at the house.
func (s *Skill) look() {
	select {
	case s.changed <- struct{}{}:
	default: // somebody has asked already
	}
}

// begin notes what changes from now on until the end of load.
func (s *Skill) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.states.late = make(map[string]*api.State)
}

// load looks at the house, and teaches its names to the hub when they changed.
func (s *Skill) load(ctx context.Context, c *api.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, loadWait)
	defer cancel()
	select {
	case <-s.changed: // it is looked at now
	default:
	}
	s.begin()
	all, err := api.Load(ctx, c, speakable)
	if err != nil {
		return err
	}
	h := newHouse(all)
	if h.left > 0 {
		s.cfg.Logger.Warn("the house has more than can be spoken of: hide entities in home assistant, or expose fewer to assistants", "most", maxEntities, "left_out", h.left)
	}
	s.take(h, all.States)
	return s.learn(ctx, h)
}

// take puts a house, and how it is, in the place of the one before.
func (s *Skill) take(h *house, all []api.State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, known := make(map[string]api.State), make(map[string]bool)
	for _, state := range all {
		if known[state.ID] = true; h.byID[state.ID] != nil {
			now[state.ID] = state
		}
	}
	for id, state := range s.states.late {
		if delete(now, id); state != nil && h.byID[id] != nil {
			now[id] = *state
		}
	}
	s.house, s.states = h, states{now: now, known: known}
}

// learn teaches the names.
func (s *Skill) learn(ctx context.Context, h *house) error {
	m := s.Manifest()
	m.NLU = []vap.NLU{language(m.NLU[0], h)}
	s.mu.Lock()
	same := reflect.DeepEqual(m.NLU[0], s.learnt)
	s.mu.Unlock()
	if same {
		return nil
	}
	began := s.Now()
	if err := s.Learn(ctx, m); err != nil {
		return err
	}
	s.mu.Lock()
	s.learnt, s.words = m.NLU[0], words(m.NLU[0])
	s.mu.Unlock()
	s.cfg.Logger.Info("the house is learnt", "areas", len(h.areas), "entities", len(h.entities), "in", s.Now().Sub(began))
	return nil
}

// change notes how an entity is now. What is new, or has another name, is looked at.
func (s *Skill) change(e api.Event) {
	var data api.StateChanged
	if err := json.Unmarshal(e.Data, &data); err != nil {
		s.cfg.Logger.Debug("home assistant tells of a state that can't be read", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.states.late != nil {
		s.states.late[data.ID] = data.New
	}
	before, ours := s.states.now[data.ID]
	switch {
	case data.New == nil:
		delete(s.states.now, data.ID)
		if ours {
			s.look()
		}
	case ours:
		s.states.now[data.ID] = *data.New
		if data.New.Attributes.Name != before.Attributes.Name {
			s.look()
		}
	case !s.states.known[data.ID] && speakable(api.Entity{ID: data.ID}):
		s.look()
	}
}

// state is how an entity is; false where it is not there, or can't be reached.
func (s *Skill) state(e *entity) (api.State, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	state, ok := s.states.now[e.id]
	return state, ok && state.State != "unavailable"
}

// here is the area of a satellite: the one whose name is in the satellite's; nil where
// there is none, or the hub does not say.
func (s *Skill) here(ctx context.Context, client string) *area {
	all, err := s.Satellites(ctx)
	if err != nil {
		s.cfg.Logger.Debug("the hub does not tell the names of satellites", "error", err)
	}
	for _, c := range all {
		if c.ID == client {
			return s.current().areaIn(c.Name)
		}
	}
	return nil
}
