package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"vapd/hub/api"
	"vapd/hub/clients"
	"vapd/hub/session"
	"vapd/hub/skills"
	"vapd/hub/store"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

var errNoSkill = errors.New("no such skill: 'vapd hub skills' names all")

// newSkills makes the skills' part of the hub.
func (h *Hub) newSkills() (*skills.Skills, error) {
	return skills.New(skills.Config{
		HubID: h.cfg.ID, Languages: h.languages(), Satellites: reach{h}, Admit: h.admitSkill,
		Outbox: h.cfg.Store.Bucket(store.Outbox), Quiet: h.cfg.Quiet,
		May: h.cfg.Grants.May, Form: h.cfg.SkillForm, Logger: h.log, Now: h.cfg.Now,
		Report: h.watchers.tell,
		Learnt: func() {
			select {
			case h.learnt <- struct{}{}:
			default:
			}
		},
	})
}

// listenForSkills has the recognizer listen for what can be said to skills, until ctx ends.
// When many skills come at once they are learnt together.
func (h *Hub) listenForSkills(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.learnt:
		}
		if h.cfg.SetGrammar == nil {
			continue
		}
		began := h.cfg.Now()
		err := h.cfg.SetGrammar(ctx, h.skills.Sentences(h.cfg.Locales[0]))
		switch {
		case ctx.Err() != nil:
		case err != nil:
			h.log.Error("what skills understand can't be heard, but typed: 'vapd hub status' may say why", "error", err)
		default:
			h.log.Info("what skills understand is heard", "after", h.cfg.Now().Sub(began))
		}
	}
}

// Skills are the hub's skills, for those within its program to join.
func (h *Hub) Skills() *skills.Skills { return h.skills }

func (h *Hub) languages() (all []vap.Language) {
	for _, tag := range h.cfg.Locales {
		if l, err := vap.ParseLanguage(tag); err == nil {
			all = append(all, l)
		}
	}
	return all
}

// admitSkill lets a skill in by the same rules as satellites: on this machine without a key,
// elsewhere with one, everywhere with the token that it got first.
func (h *Hub) admitSkill(peer coap.Peer, req vap.Connect, elsewhere bool) (token string, err error) {
	r := clients.Request{ID: req.ID, Name: req.Name, Token: req.Token, From: peer.Addr(), Elsewhere: elsewhere}
	if r.Identity, err = skillIdentity(peer.Identity()); err == nil {
		d := h.cfg.SkillRegistry.Connect(r)[0]
		h.auditConnects(api.Skill, []clients.Request{r}, []clients.Decision{d})
		if d.Rekeyed {
			h.doors.revoke(pairing.SkillID(r.ID), peer.Identity())
		}
		token, err = d.Token, d.Err
	}
	if err != nil {
		h.log.Info("skill refused", "skill", r.ID, "address", r.From, "error", err)
		h.auditRefused(api.Skill, r, err)
		return "", connectError(err)
	}
	return token, nil
}

// tellSkills tells skills what happened at a client.
func (h *Hub) tellSkills(event, client string, fields map[string]any) {
	h.skills.Tell(event, client, fields)
}

// woke tells skills that a client was chosen that heard its wake word.
func (h *Hub) woke(client string, start vap.SessionStart) func() {
	return func() {
		if c, ok := vap.Find(start.Capabilities, vap.CapWakeword); ok {
			if w, err := vap.ParseWakeword(c); err == nil {
				h.tellSkills(vap.EventWake, client, map[string]any{"word": w.Word, "score": w.Score})
			}
		}
	}
}

// tellTurn tells skills of a turn that none of them answered.
func (h *Hub) tellTurn(e control.HubEvent) {
	switch {
	case e.Heard == "" && e.Answer == "":
		h.tellSkills(vap.EventEmpty, e.Client, nil)
	case e.Heard != "" && !e.Understood:
		h.tellSkills(vap.EventUnrecognized, e.Client, map[string]any{"text": e.Heard})
	}
}

// tellTimers tells skills of the timers that ring since a client's last report.
func (h *Hub) tellTimers(client string, before, now []vap.TimerState) {
	for _, t := range now {
		rang := slices.ContainsFunc(before, func(b vap.TimerState) bool { return b.ID == t.ID && b.Ringing })
		if t.Ringing && !rang {
			h.tellSkills(vap.EventTimerFinished, client, map[string]any{"id": t.ID, "label": t.Label})
		}
	}
}

// reach is how skills reach satellites.
type reach struct{ hub *Hub }

// Notify implements skills.Satellites: words are heard, after them the sounds that the skill
// made. A satellite that is engaged is no refusal, but asked again soon.
func (r reach) Notify(ctx context.Context, client string, capabilities ...vap.Capability) error {
	return r.hub.notify(ctx, client, capabilities)
}

func (r reach) Known(client string) bool {
	c, known := r.hub.cfg.Registry.Get(client)
	return known && c.State == clients.Approved
}

// Query implements skills.Satellites: what a satellite says itself, else what it said last.
func (r reach) Query(ctx context.Context, client string, asked ...vap.Capability) (results []vap.QueryResult) {
	var ask []vap.Capability
	for _, c := range asked {
		if text, said := r.hub.said.of(client); c.Name == vap.AskSaid && said {
			results = append(results, vap.QueryContent(vap.Capability{Name: vap.AskSaid, Fields: map[string]any{"text": text}}))
		} else if c.Name != vap.AskSaid {
			ask = append(ask, c)
		}
	}
	if len(ask) == 0 {
		return results
	}
	answered, err := r.hub.server.Query(ctx, client, ask...)
	if err == nil {
		return append(results, answered...)
	}
	r.hub.log.Debug("a satellite does not answer a query", "client", client, "error", err)
	for _, c := range ask {
		switch c.Name {
		case vap.CapTimer:
			results = append(results, vap.QueryContent(vap.TimersCapability(r.hub.mirror.timers(client, r.hub.cfg.Now()))))
		case vap.CapVolume:
			results = append(results, vap.QueryContent(r.hub.mirror.volume(client).Capability()))
		}
	}
	return results
}

// System implements skills.Satellites.
func (r reach) System(asked vap.Capability) (vap.Capability, bool) {
	if asked.Name != vap.AskClients {
		return vap.Capability{}, false
	}
	all := []any{}
	for _, c := range r.hub.cfg.Registry.List() {
		if c.State == clients.Approved {
			all = append(all, map[string]any{"id": c.ID, "name": c.Name, "connected": r.Connected(c.ID)})
		}
	}
	return vap.Capability{Name: vap.AskClients, Fields: map[string]any{"clients": all}}, true
}

func (r reach) Connected(client string) bool {
	_, ok := r.hub.server.Peer(client)
	return ok
}

// aboutSkills carries out the commands that concern skills; false says that c is none.
func (h *Hub) aboutSkills(ctx context.Context, c api.Command) (api.Result, error, bool) {
	switch c := c.(type) {
	case api.ListSkills:
		return h.listSkills(), nil, true
	case api.ApproveSkill:
		return nil, skillNamed(c.ID, h.cfg.SkillRegistry.Decide(c.ID, clients.Approved)), true
	case api.DenySkill:
		return nil, h.expelSkill(c.ID, h.cfg.SkillRegistry.Decide(c.ID, clients.Denied)), true
	case api.ForgetSkill:
		err := h.cfg.SkillRegistry.Forget(c.ID)
		if err == nil {
			h.skills.Forget(c.ID)
			err = h.cfg.Grants.Set(c.ID, false)
		}
		return nil, h.expelSkill(c.ID, err), true
	case api.GrantSkill:
		if _, known := h.cfg.SkillRegistry.Get(c.ID); !known {
			return nil, skillNamed(c.ID, clients.ErrUnknown), true
		}
		return nil, h.cfg.Grants.Set(c.ID, c.Granted, c.Capabilities...), true
	case api.Say:
		return h.say(ctx, c), nil, true
	}
	return h.pairSkill(ctx, c)
}

func skillNamed(id string, err error) error {
	if errors.Is(err, clients.ErrUnknown) {
		return fmt.Errorf("hub: %q: %w", id, errNoSkill)
	}
	return err
}

func (h *Hub) expelSkill(id string, err error) error {
	if err != nil {
		return skillNamed(id, err)
	}
	h.skills.Disconnect(id)
	h.doors.revoke(pairing.SkillID(id), "")
	return nil
}

func (h *Hub) listSkills() []control.HubSkill {
	out := []control.HubSkill{}
	for id, name := range h.skills.Own() {
		out = append(out, control.HubSkill{ID: id, Name: name, State: control.SkillOwn, Connected: true, Listening: true})
	}
	slices.SortFunc(out, func(a, b control.HubSkill) int { return cmp.Compare(a.ID, b.ID) })
	there := h.skills.Connected()
	for _, c := range h.cfg.SkillRegistry.List() {
		v := control.HubSkill{
			ID: c.ID, Name: c.Name, State: string(c.State), Key: string(c.Key), May: h.cfg.Grants.Of(c.ID), FirstSeen: c.FirstSeen, LastSeen: c.LastSeen,
		}
		for _, s := range there {
			if s.ID == c.ID {
				v.Connected, v.Listening, v.Encrypted, v.Address = true, s.Listening, s.Peer.Verified(), s.Peer.Addr().String()
			}
		}
		out = append(out, v)
	}
	return out
}

// say answers a sentence of the owner.
func (h *Hub) say(ctx context.Context, c api.Say) control.HubSaid {
	v := control.HubSaid{}
	for _, s := range h.skills.Why(c.Text, h.cfg.Locales[0]).Steps {
		v.Why = append(v.Why, control.HubWhy{Stage: string(s.Stage), Skill: s.Skill, Intent: s.Intent, Score: s.Score, Said: s.Said})
	}
	r, skill := h.understand(ctx, session.Utterance{Client: c.Client, Text: c.Text})
	v.Say, v.Skill, v.Understood, v.Again = r.Say, skill, r.Understood, r.Again
	return v
}

// controlSkills are the methods that concern skills.
func (h *Hub) controlSkills(m *control.Mux) {
	control.Handle(m, control.MethodSkills, func(ctx context.Context, _ struct{}) (api.Result, error) {
		return h.Do(ctx, owner, api.ListSkills{})
	})
	onSkill := func(name string, command func(id string) api.Command) {
		control.Handle(m, name, func(ctx context.Context, c control.ClientID) (api.Result, error) {
			return h.Do(ctx, owner, command(c.ID))
		})
	}
	onSkill(control.MethodApproveSkill, func(id string) api.Command { return api.ApproveSkill{ID: id} })
	onSkill(control.MethodDenySkill, func(id string) api.Command { return api.DenySkill{ID: id} })
	onSkill(control.MethodUnpairSkill, func(id string) api.Command { return api.UnpairSkill{ID: id} })
	onSkill(control.MethodRotateSkill, func(id string) api.Command { return api.RotateSkill{ID: id} })
	onSkill(control.MethodLostSkill, func(id string) api.Command { return api.LostSkill{ID: id} })
	onSkill(control.MethodForgetSkill, func(id string) api.Command { return api.ForgetSkill{ID: id} })
	control.Handle(m, control.MethodGrantSkill, func(ctx context.Context, g control.SkillGrant) (api.Result, error) {
		return h.Do(ctx, owner, api.GrantSkill{ID: g.ID, Capabilities: g.Capabilities, Granted: g.Granted})
	})
	control.Handle(m, control.MethodUnderstand, func(ctx context.Context, s control.HubSay) (api.Result, error) {
		return h.Do(ctx, owner, api.Say{Client: s.Client, Text: s.Text})
	})
}
