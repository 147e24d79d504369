// Package hatest is a stand-in for Home Assistant: a server of its WebSocket API with a house
// of the test's, which checks and keeps the services that are called.
package hatest

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Server is the stand-in. Make it with New, and Serve it.
type Server struct {
	token string

	mu     sync.Mutex
	house  House
	calls  []Call
	fail   map[string]Failure // by service, and command
	delay  time.Duration
	deaf   bool
	common bool // the user is no administrator
	starts bool // it has not started
	refuse int  // tokens that were refused
	conns  map[*conn]bool
	gone   sync.Cond // a connection is
}

// Failure is what is answered in the place of a result.
type Failure struct{ Code, Message string }

// New makes a server of a house that takes one token.
func New(token string, house House) *Server {
	s := &Server{token: token, house: house, fail: make(map[string]Failure), conns: make(map[*conn]bool)}
	s.gone.L = &s.mu
	return s
}

// Serve serves the connections of a listener until it is closed.
func (s *Server) Serve(l net.Listener) error {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/websocket", s.accept)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	return server.Serve(l)
}

// Drop ends all connections at once, and waits until they are.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.ws.CloseNow()
	}
	for len(s.conns) > 0 {
		s.gone.Wait()
	}
}

// Refused counts the tokens that were refused.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refuse
}

// Calls are the services that were called since the last time, carried out or not.
func (s *Server) Calls() []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	s.calls = nil
	return calls
}

// Token changes the token.
func (s *Server) Token(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.token = token
}

// Fail has a service ("light.turn_on") or a command ("get_states") fail; the zero Failure
// has it work again.
func (s *Server) Fail(what string, f Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail[what] = f; f == (Failure{}) {
		delete(s.fail, what)
	}
}

// Delay has the results of services come late.
func (s *Server) Delay(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.delay = d
}

// Deaf has nothing be answered at all.
func (s *Server) Deaf(deaf bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaf = deaf
}

// Common has the token be that of a user who is no administrator.
func (s *Server) Common() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.common = true
}

// Starting has it be starting, or have started.
func (s *Server) Starting(starts bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starts = starts
}

// Change changes the house, and tells of it with an event, such as
// "entity_registry_updated".
func (s *Server) Change(event string, change func(*House)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.house)
	s.tell(event, map[string]any{"action": "update"})
}

// Set changes a state, and tells of it.
func (s *Server) Set(id, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set(id, state)
}

// set is Set; mu is held.
func (s *Server) set(id, state string) {
	for i, e := range s.house.Entities {
		if e.ID == id {
			s.house.Entities[i].State = state
			s.tell("state_changed", map[string]any{"entity_id": id, "new_state": stateOf(s.house.Entities[i])})
		}
	}
}

// tell sends an event to who has subscribed it; mu is held.
func (s *Server) tell(event string, data any) {
	for c := range s.conns {
		for id, subscribed := range c.events {
			if subscribed == event {
				c.put(map[string]any{"id": id, "type": "event", "event": map[string]any{"event_type": event, "data": data, "origin": "LOCAL"}})
			}
		}
	}
}

// conn is one connection. events is guarded by the Server's mu.
type conn struct {
	ws     *websocket.Conn
	events map[int64]string
	out    chan any
	last   int64 // id
}

// put queues a message, and drops a client that does not read, as the real one does.
func (c *conn) put(m any) {
	select {
	case c.out <- m:
	default:
		c.ws.CloseNow()
	}
}

// maxPending is how many messages wait for a client.
const maxPending = 4096

func (s *Server) accept(w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow()
	c := &conn{ws: ws, events: make(map[int64]string), out: make(chan any, maxPending)}
	ctx := context.Background()
	if !s.auth(ctx, c) {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	var writer sync.WaitGroup
	writer.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case m := <-c.out:
				write(ctx, ws, m)
			}
		}
	})
	s.mu.Lock()
	s.conns[c] = true
	s.mu.Unlock()
	s.read(ctx, c)
	cancel()
	writer.Wait()
	s.mu.Lock()
	delete(s.conns, c)
	s.gone.Broadcast()
	s.mu.Unlock()
}

func write(ctx context.Context, ws *websocket.Conn, m any) {
	data, err := json.Marshal(m)
	if err != nil {
		panic("hatest: " + err.Error()) // a mistake of a test
	}
	if ws.Write(ctx, websocket.MessageText, data) != nil {
		ws.CloseNow()
	}
}

func (s *Server) auth(ctx context.Context, c *conn) bool {
	write(ctx, c.ws, map[string]string{"type": "auth_required", "ha_version": "2026.11.0"})
	_, data, err := c.ws.Read(ctx)
	var m struct {
		Type  string `json:"type"`
		Token string `json:"access_token"`
	}
	if err != nil || json.Unmarshal(data, &m) != nil {
		return false
	}
	s.mu.Lock()
	ok := m.Type == "auth" && m.Token == s.token
	if !ok {
		s.refuse++
	}
	s.mu.Unlock()
	if !ok {
		write(ctx, c.ws, map[string]string{"type": "auth_invalid", "message": "Invalid access token or password"})
		return false
	}
	write(ctx, c.ws, map[string]string{"type": "auth_ok", "ha_version": "2026.11.0"})
	return true
}

// command is what a client sends.
type command struct {
	ID      int64          `json:"id"`
	Type    string         `json:"type"`
	Event   string         `json:"event_type"`
	IDs     []string       `json:"entity_ids"`
	Domain  string         `json:"domain"`
	Service string         `json:"service"`
	Data    map[string]any `json:"service_data"`
	Target  struct {
		Entities []string `json:"entity_id"`
	} `json:"target"`
}

func (s *Server) read(ctx context.Context, c *conn) {
	for {
		_, data, err := c.ws.Read(ctx)
		if err != nil {
			return
		}
		var m command
		if json.Unmarshal(data, &m) != nil {
			return
		}
		s.mu.Lock()
		switch {
		case s.deaf:
		case m.ID <= c.last:
			c.refuse(m.ID, Failure{"id_reuse", "Identifier values have to increase."})
		default:
			s.answer(c, m)
		}
		c.last = max(c.last, m.ID)
		s.mu.Unlock()
	}
}

func (c *conn) refuse(id int64, f Failure) {
	c.put(map[string]any{"id": id, "type": "result", "success": false, "error": map[string]string{"code": f.Code, "message": f.Message}})
}

func (c *conn) result(id int64, result any) {
	c.put(map[string]any{"id": id, "type": "result", "success": true, "result": result})
}

// answer answers a command; mu is held.
func (s *Server) answer(c *conn, m command) {
	if f, ok := s.fail[m.Type]; ok {
		c.refuse(m.ID, f)
		return
	}
	switch m.Type {
	case "ping":
		c.put(map[string]any{"id": m.ID, "type": "pong"})
	case "subscribe_events":
		c.events[m.ID] = m.Event
		c.result(m.ID, nil)
	case "get_config":
		state := "RUNNING"
		if s.starts {
			state = "STARTING"
		}
		c.result(m.ID, map[string]any{"unit_system": map[string]string{"temperature": s.house.unit()}, "state": state})
	case "get_states":
		c.result(m.ID, s.house.states())
	case "config/area_registry/list":
		c.result(m.ID, s.house.areas())
	case "config/floor_registry/list":
		c.result(m.ID, s.house.floors())
	case "config/device_registry/list":
		c.result(m.ID, s.house.devices())
	case "config/entity_registry/list":
		c.result(m.ID, s.house.registry())
	case "config/entity_registry/get_entries":
		c.result(m.ID, s.house.entries(m.IDs))
	case "homeassistant/expose_entity/list":
		if s.common {
			c.refuse(m.ID, Failure{"unauthorized", "Unauthorized"})
			return
		}
		c.result(m.ID, map[string]any{"exposed_entities": s.house.exposed()})
	case "call_service":
		s.call(c, m)
	default:
		c.refuse(m.ID, Failure{"unknown_command", "Unknown command."})
	}
}

// call carries a service out; mu is held.
func (s *Server) call(c *conn, m command) {
	call := Call{m.Domain + "." + m.Service, m.Target.Entities, m.Data}
	s.calls = append(s.calls, call)
	known, ok := services()[call.Service]
	unable := s.house.unable(known, call)
	finish := func() { c.result(m.ID, map[string]any{"context": map[string]any{"id": "1"}}) }
	switch f, fails := s.fail[call.Service]; {
	case fails:
		finish = func() { c.refuse(m.ID, f) }
	case !ok:
		finish = func() { c.refuse(m.ID, Failure{"not_found", "Service " + call.Service + " not found."}) }
	case known.check(call) != "":
		finish = func() { c.refuse(m.ID, Failure{"invalid_format", known.check(call)}) }
	case unable != "": // it is done for none of them
		finish = func() {
			c.refuse(m.ID, Failure{"service_validation_error", "Validation error: Entity " + unable + " does not support action " + call.Service})
		}
	case known.state != "":
		for _, id := range call.Entities {
			s.set(id, known.state)
		}
	}
	if s.delay == 0 {
		finish()
		return
	}
	time.AfterFunc(s.delay, finish)
}
