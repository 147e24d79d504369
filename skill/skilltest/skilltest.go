// Package skilltest is a hub in memory, for the tests of skills: it asks a skill as a hub
// does, and has what the skill asks it.
//
//	hub := skilltest.Start(t, dice.New)
//	answer, err := hub.Ask(skill.Request{Intent: "roll", Slots: map[string]string{"sides": "20"}})
package skilltest

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
	"vapd/skill"
)

// Hub is a hub with one skill. Its methods may be called from any goroutine.
type Hub struct {
	t       testing.TB
	service skill.Service
	begun   chan struct{}

	mu      sync.Mutex
	known   map[string][]vap.Capability // what queries get, by client
	refused map[string]codes.Code       // of notices, by client
	told    []Told
	learnt  []vap.NLU
}

// Told is what a skill said on its own.
type Told struct {
	Client string
	skill.Notice
}

// Start runs the skill that newSkill makes until the test ends, and returns once it serves.
// It keeps what it keeps in a folder of the test.
func Start(t testing.TB, newSkill func(...func(*skill.Config)) *skill.Skill, options ...func(*skill.Config)) *Hub {
	t.Helper()
	h := &Hub{t: t, begun: make(chan struct{}), known: make(map[string][]vap.Capability), refused: make(map[string]codes.Code)}
	connect := func(s skill.Service) (skill.Line, error) {
		h.service, h.learnt = s, s.NLU
		return line{h}, nil
	}
	s := newSkill(slices.Concat([]func(*skill.Config){skill.Via(connect), skill.State(t.TempDir())}, options)...)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	select {
	case <-h.begun:
	case err := <-ended:
		cancel()
		t.Fatalf("the skill does not run: %v", err)
	}
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the skill ended: %v", err)
		}
	})
	return h
}

// Ask asks the skill for the intent of a request, and returns its answer.
func (h *Hub) Ask(r skill.Request) (skill.Answer, error) {
	in := request(r)
	in.Type, in.Intent = vap.RequestIntent, r.Intent
	a, err := h.service.Handle(h.t.Context(), in)
	return answer(h.t, a), err
}

// CanAnswer asks the skill how well it could answer a request.
func (h *Hub) CanAnswer(r skill.Request) float64 {
	in := request(r)
	in.Type, in.Intent = vap.RequestCanYouAnswer, r.Intent
	return float64(h.service.CanAnswer(h.t.Context(), in))
}

// Happen tells the skill of the event of a request, and returns what it says to that.
func (h *Hub) Happen(r skill.Request) (skill.Answer, error) {
	in := request(r)
	in.Type, in.Event = vap.RequestEvent, r.Event
	in.Capabilities = append(in.Capabilities, vap.Capability{Name: r.Event, Fields: r.Fields})
	a, err := h.service.Handle(h.t.Context(), in)
	return answer(h.t, a), err
}

// Know has queries to a client, or to vap.System, get these capabilities. What a client is
// not known to tell is not found.
func (h *Hub) Know(client string, all ...vap.Capability) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range all {
		h.known[client] = slices.DeleteFunc(h.known[client], func(old vap.Capability) bool { return old.Name == c.Name })
		h.known[client] = append(h.known[client], c)
	}
}

// Refuse has what the skill says to a client on its own fail with a code.
func (h *Hub) Refuse(client string, code codes.Code) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refused[client] = code
}

// Told is what the skill has said on its own, and was not refused.
func (h *Hub) Told() []Told {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.told)
}

// Learnt is what people can say to the skill.
func (h *Hub) Learnt() []vap.NLU {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.learnt
}

// request is a request as it is on the wire, but for what is asked.
func request(r skill.Request) vap.SkillRequest {
	in := vap.SkillRequest{Client: r.Client, Offers: r.Offers, Input: r.Input}
	in.Locale, _ = vap.ParseLanguage(r.Locale) // none where nobody spoke
	for _, name := range slices.Sorted(maps.Keys(r.Slots)) {
		value := r.Slots[name]
		in.Slots = append(in.Slots, vap.SlotValue{Name: name, Value: &value})
	}
	if r.Speaker != "" {
		in.Capabilities = append(in.Capabilities, vap.Capability{
			Name: vap.CapSpeaker, Fields: map[string]any{"speaker": r.Speaker, "confidence": r.Confidence},
		})
	}
	return in
}

// answer is an answer as the skill gave it.
func answer(t testing.TB, a skillregistry.Answer) skill.Answer {
	say, do := said(t, a.Capabilities)
	return skill.Answer{Say: say, Do: do, Ask: a.KeepOpen, Same: a.Code == codes.Content}
}

// said are the words among capabilities, and the others.
func said(t testing.TB, all []vap.Capability) (say string, do []vap.Capability) {
	for _, c := range all {
		if c.Name != vap.CapVoice {
			do = append(do, c)
			continue
		}
		text, err := vap.ParseText(c)
		if err != nil {
			t.Errorf("the skill says what has no words: %v", err)
		}
		say = text
	}
	return say, do
}

// line is a Hub as skills see it.
type line struct{ hub *Hub }

// Run implements skill.Line.
func (l line) Run(ctx context.Context) error {
	close(l.hub.begun)
	<-ctx.Done()
	return nil
}

// Register implements skill.Line.
func (l line) Register(_ context.Context, nlu []vap.NLU, _ []string) error {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	l.hub.learnt = nlu
	return nil
}

// Notify implements skill.Line.
func (l line) Notify(_ context.Context, items ...vap.NotificationItem) ([]vap.ItemResult, error) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	results := make([]vap.ItemResult, len(items))
	for i, item := range items {
		code := l.hub.refused[item.ClientID]
		if code != 0 && len(items) == 1 { // as a hub says of all that it has not taken
			return nil, &vap.Error{Code: code, Object: item.ClientID}
		}
		results[i] = vap.ItemResult{Type: item.Type, ClientID: item.ClientID, Code: code}
		if code != 0 {
			continue
		}
		n := skill.Notice{TTL: item.TTL, Urgent: item.Priority == vap.PriorityUrgent, Fleeting: item.Priority == vap.PriorityLow}
		n.Say, n.Do = said(l.hub.t, item.Capabilities)
		l.hub.told = append(l.hub.told, Told{item.ClientID, n})
	}
	return results, nil
}

// Query implements skill.Line.
func (l line) Query(_ context.Context, data ...vap.ClientQuery) ([]vap.ClientAnswer, error) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	answers := make([]vap.ClientAnswer, len(data))
	for i, q := range data {
		answers[i].ClientID = q.ClientID
		for _, asked := range q.Capabilities {
			r := vap.QueryNotFound(asked.Name, vap.KindCapability, asked.Name)
			if c, ok := vap.Find(l.hub.known[q.ClientID], asked.Name); ok {
				r = vap.QueryContent(c)
			}
			answers[i].Results = append(answers[i].Results, r)
		}
	}
	return answers, nil
}
