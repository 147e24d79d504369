package clientregistry

import (
	"cmp"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Announcement is what the hub has a client say outside of sessions.
type Announcement struct {
	From string // who says so, a skill or vap.System
	Text string // the words; empty where there is only sound
	// Sound is the audio, streamed or whole; nil when there is none.
	Sound *IncomingStream
}

// Engaged is how a client refuses an announcement that it can't play yet, as it is in a
// session or plays another: the hub asks again.
func Engaged() error { return busy() }

// isAnnouncement reports whether a notification has something to say.
func isAnnouncement(all []vap.Capability) bool {
	for _, c := range all {
		if c.Name == vap.CapVoice || c.Name == vap.CapSound {
			return true
		}
	}
	return false
}

// announces reports whether a sound alone announces a new stream: a piece of one has data,
// or is the last.
func (c *Client) announces(sound vap.Sound) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cfg.Announced != nil && sound.Data == nil && !sound.Last && c.streams[sound.Stream] == nil
}

// announced takes an announcement, and what the client is to do beside it.
func (c *Client) announced(peer coap.Peer, all []vap.Capability, reply func(*coap.Response)) {
	var a Announcement
	var sound *vap.Sound
	var others []vap.Capability
	for _, one := range all {
		var err error
		switch one.Name {
		case vap.CapVoice:
			a.From = cmp.Or(a.From, one.From)
			a.Text, err = vap.ParseText(one)
		case vap.CapSound:
			a.From = cmp.Or(a.From, one.From)
			var s vap.Sound
			s, err = vap.ParseSound(one)
			sound = &s
		default:
			others = append(others, one)
		}
		if err != nil {
			reply(vap.AsError(err).Response())
			return
		}
	}
	if sound != nil {
		if a.Sound = c.announcedSound(peer, *sound); a.Sound == nil {
			reply(busy().Response())
			return
		}
	}
	c.cfg.Announced(a, func(err error) {
		if err != nil {
			if a.Sound != nil {
				a.Sound.Cancel()
			}
			reply(vap.AsError(err).Response())
			return
		}
		for _, one := range others {
			if c.take(one) != nil {
				c.cfg.Logger.Info("the hub asked for something unknown", "capability", one.Name)
			}
		}
		reply(&coap.Response{Code: codes.Changed})
	})
}

// announcedSound makes a stream of what the hub announced: it comes in pieces, or is here
// whole. It is nil while the client is in a session, or another announcement was not read.
func (c *Client) announcedSound(peer coap.Peer, sound vap.Sound) *IncomingStream {
	i := newIncomingStream(c, nil, peer)
	i.sound = sound
	if sound.Data != nil {
		i.sound.Stream, i.sound.Data = 0, nil
		i.order.add(0, vap.Sound{Data: sound.Data, Last: true}, time.Now())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.session != nil || c.announcement != nil || c.streams[sound.Stream] != nil {
		return nil
	}
	c.announcement = i
	if i.sound.Stream != 0 {
		c.streams[sound.Stream] = i
	}
	return i
}
