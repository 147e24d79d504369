package hub

import (
	"context"
	"errors"
	"fmt"

	"vapd/hub/api"
	"vapd/hub/audit"
	"vapd/hub/people"
	"vapd/protocol/control"
	"vapd/wakeword/speaker"
)

// errNoPeople is for a hub that knows nobody's voice, ever.
var errNoPeople = errors.New("hub: this hub listens to nobody's voice")

// aboutPeople carries out the commands that concern those whose voice the hub knows; false
// says that c is none.
func (h *Hub) aboutPeople(c api.Command) (api.Result, error, bool) {
	p := h.cfg.People
	switch c.(type) {
	case api.AddPerson, api.ForgetPerson, api.HearVoices:
		if p == nil {
			return nil, errNoPeople, true
		}
	}
	switch c := c.(type) {
	case api.AddPerson:
		return nil, p.Add(c.Name, c.Model, c.Voices), true
	case api.ForgetPerson:
		return nil, p.Forget(c.Name), true
	case api.HearVoices:
		if _, known := h.cfg.Registry.Get(c.Client); !known {
			return nil, fmt.Errorf("hub: %q: %w", c.Client, errNoClient), true
		}
		return nil, nil, true
	}
	return nil, nil, false
}

// controlPeople are the methods that concern them.
func (h *Hub) controlPeople(m *control.Mux) {
	control.Handle(m, control.MethodAddPerson, func(ctx context.Context, n control.NewVoices) (api.Result, error) {
		voices, err := voicesOf(n.Voices)
		if err != nil {
			return nil, err
		}
		return h.Do(ctx, owner, api.AddPerson{Name: n.Name, Model: n.Model, Voices: voices})
	})
	control.Handle(m, control.MethodForgetPerson, func(ctx context.Context, n control.PersonName) (api.Result, error) {
		return h.Do(ctx, owner, api.ForgetPerson{Name: n.Name})
	})
	control.HandleStream(m, control.TopicVoices, func(ctx context.Context, c control.ClientID, send func(control.HeardVoice)) error {
		if _, err := h.Do(ctx, owner, api.HearVoices{Client: c.ID}); err != nil {
			return err
		}
		defer h.cfg.People.Hear(c.ID, func(u people.Utterance) {
			send(control.HeardVoice{
				Heard: u.Heard, Short: u.Voice.Frames == 0, Model: u.Model,
				Voice: control.Voice{Factors: u.Voice.Factors[:], Frames: u.Voice.Frames},
			})
		})()
		<-ctx.Done()
		return nil
	})
}

// voicesOf are voices as they come from the control socket.
func voicesOf(in []control.Voice) ([]speaker.Voice, error) {
	voices := make([]speaker.Voice, len(in))
	for i, v := range in {
		if len(v.Factors) != speaker.Factors {
			return nil, fmt.Errorf("hub: a voice of %d factors: %w", len(v.Factors), people.ErrModel)
		}
		voices[i] = speaker.Voice{Factors: [speaker.Factors]float32(v.Factors), Frames: v.Frames}
	}
	return voices, nil
}

// peopleCounts are for the status.
func (h *Hub) peopleCounts() (v control.HubPeople) {
	v.Required = h.cfg.RequireSpeaker
	if p := h.cfg.People; p != nil {
		n := p.Counts()
		v.Named, v.Unsure, v.Short, v.Refused = n.Named, n.Unsure, n.Short, n.Refused
		v.Stale = p.Stale()
		v.Known = len(p.List()) - len(v.Stale)
	}
	return v
}

// speakerRefused counts an utterance of somebody who is not known.
func (h *Hub) speakerRefused(client string) {
	if h.cfg.People != nil {
		h.cfg.People.Refused()
	}
	h.journal.refuse(audit.Entry{
		Actor: "client " + client, Action: "speaker.refused", Object: client, Result: "not known with enough confidence",
	}, 1)
}
