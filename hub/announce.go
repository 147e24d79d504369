package hub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"vapd/hub/session"
	"vapd/hub/speech"
	"vapd/protocol/clientregistry"
	"vapd/protocol/control"
	"vapd/protocol/vap"
)

// notice is what a skill says on its own.
type notice struct {
	from   string
	say    session.Speech
	others []vap.Capability // beside it
}

// readNotice takes capabilities apart. wrong is what can't be said of them; the rest can.
func readNotice(capabilities []vap.Capability) (n notice, wrong error) {
	for _, c := range capabilities {
		var err error
		switch c.Name {
		case vap.CapVoice, vap.CapText:
			var text string
			text, err = vap.ParseText(c)
			if n.say.Text != "" && text != "" {
				text = " " + text
			}
			n.say.Text += text
		case vap.CapSound:
			err = n.say.Add(c)
		default:
			n.others = append(n.others, c)
			continue
		}
		n.from, wrong = c.From, cmp.Or(wrong, err)
	}
	return n, wrong
}

// capabilities are the notice without its sound.
func (n notice) capabilities() []vap.Capability {
	all := n.others[:len(n.others):len(n.others)]
	if n.say.Text == "" {
		return all
	}
	words := vap.TextCapability(vap.CapVoice, n.say.Text)
	words.From = n.from
	return append(all, words)
}

// notify has a satellite say and do what a skill wants. It returns when the satellite has
// begun, or will not. A satellite that is engaged is an error that is no *vap.Error, since it
// refuses nothing: the notice is kept, and the skills are told soon to try again.
func (h *Hub) notify(ctx context.Context, client string, capabilities []vap.Capability) error {
	n, wrong := readNotice(capabilities)
	if wrong != nil {
		h.log.Warn("a part of what a skill says is left out", "skill", n.from, "client", client, "error", wrong)
	}
	info, there := h.server.Client(client)
	sound, plays := info.Offer(vap.CapSound)
	var err error
	if there && !n.say.Empty() && (plays || !info.Listed) {
		err = h.announce(ctx, info, sound, n)
	} else {
		err = h.server.Notify(ctx, client, n.capabilities()...)
	}
	if refused := new(vap.Error); errors.As(err, &refused) && refused.Type == vap.TypeBusy {
		h.engaged.add(client)
		return fmt.Errorf("hub: %q is engaged: %s", client, refused)
	}
	if err != nil {
		return err
	}
	h.said.note(client, n.say.Text)
	return wrong
}

// announce has a satellite say a notice aloud. It returns when that has begun; then it goes
// on without the caller.
func (h *Hub) announce(ctx context.Context, client clientregistry.ClientInfo, sound vap.Offer, n notice) error {
	if h.server.Engaged(client.ID) {
		return clientregistry.Engaged() // before it is synthesized
	}
	speaking, cancel := context.WithCancel(h.ctx)
	out := &noticeOutlet{
		hub: h, client: client.ID, notice: n, begun: make(chan error, 1),
		detach: context.AfterFunc(ctx, cancel),
	}
	h.wg.Go(func() {
		defer cancel()
		out.over(speaking, h.mouth().Say(speaking, n.say, sound, out, nil))
	})
	return <-out.begun
}

// noticeOutlet sends the sound of a notice to a satellite.
type noticeOutlet struct {
	hub    *Hub
	client string
	notice notice
	detach func() bool // from the caller's context
	begun  chan error  // one slot, for the caller
	asked  bool        // the satellite
	told   bool        // the caller
	stream *clientregistry.Stream
}

// Stream implements session.Outlet.
func (o *noticeOutlet) Stream(ctx context.Context, codec string, rate int) (session.Stream, error) {
	o.asked = true
	stream, err := o.hub.server.Announce(ctx, o.client, codec, rate, o.notice.capabilities()...)
	if err != nil {
		return nil, err
	}
	o.stream = stream
	o.begin()
	return stream, nil
}

// Whole implements session.Outlet.
func (o *noticeOutlet) Whole(ctx context.Context, sound vap.Capability) error {
	o.asked = true
	sound.From = o.notice.from
	if err := o.hub.server.Notify(ctx, o.client, append(o.notice.capabilities(), sound)...); err != nil {
		return err
	}
	o.begin()
	return nil
}

// begin tells the caller that the satellite speaks, unless the caller has given up.
func (o *noticeOutlet) begin() {
	if o.detach() {
		o.tell(nil)
	}
}

func (o *noticeOutlet) tell(err error) {
	if !o.told {
		o.told = true
		o.begun <- err
	}
}

// over ends the announcement, which came to err. One that the hub itself can't make heard
// goes without its sound: words are better than nothing.
func (o *noticeOutlet) over(ctx context.Context, err error) {
	log := o.hub.log.With("skill", o.notice.from, "client", o.client)
	if o.stream != nil {
		o.stream.Close()
	}
	switch {
	case o.told && errors.Is(err, clientregistry.ErrStreamRefused):
		log.Info("what a skill says was stopped")
		o.cut(err)
	case o.told && err != nil:
		log.Warn("what a skill says was not heard to its end", "error", err)
		o.cut(err)
	case o.told:
		log.Info("a skill spoke")
	case errors.Is(err, speech.ErrBusy):
		err = session.Failure(err)
	case !o.asked && ctx.Err() == nil:
		log.Error("what a skill says is not heard, but sent as text", "error", err)
		if e := o.hub.server.Notify(ctx, o.client, o.notice.capabilities()...); e != nil {
			o.tell(e)
		}
		o.tell(session.Failure(err))
	}
	o.detach()
	o.tell(err)
}

// cut tells who watches that the announcement ended early.
func (o *noticeOutlet) cut(why error) {
	o.hub.watchers.tell(control.HubEvent{
		Kind: control.EventNotice, Skill: o.notice.from, Client: o.client, Answer: o.notice.say.Text, Result: control.NoticeCut, Why: why.Error(),
	})
}

// askAgainAfter is when a satellite that was engaged is asked again.
const askAgainAfter = time.Second

// engaged are the satellites for which something waits since they were engaged.
type engaged struct {
	bell chan struct{} // one slot

	mu      sync.Mutex
	clients map[string]bool
}

func newEngaged() engaged {
	return engaged{bell: make(chan struct{}, 1), clients: make(map[string]bool)}
}

func (e *engaged) add(client string) {
	e.mu.Lock()
	e.clients[client] = true
	e.mu.Unlock()
	select {
	case e.bell <- struct{}{}:
	default:
	}
}

func (e *engaged) take() map[string]bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	clients := e.clients
	e.clients = make(map[string]bool)
	return clients
}

// askAgain has skills try again what satellites were engaged for, until ctx ends.
func (h *Hub) askAgain(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.engaged.bell:
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(askAgainAfter):
		}
		for client := range h.engaged.take() {
			h.skills.Joined(client)
		}
	}
}
