package satellite

import (
	"vapd/protocol/clientregistry"
	"vapd/satellite/turn"
)

// Announcement is something that the hub wants to have said, and that nobody here asked
// for. Reply tells the hub, once, whether it is.
type Announcement struct {
	clientregistry.Announcement
	Reply func(error)
}

// engaged reports whether an announcement has to wait: a conversation is not interrupted,
// nor what is said already, nor a person who compares a code.
func (s State) engaged() bool {
	return s.Turn != TurnIdle || s.Announcing || s.Pairing == PairComparing
}

// announce takes an announcement if there is time for it.
func (s State) announce(a *Announcement) (State, []Command) {
	if s.engaged() {
		return s, []Command{RefuseAnnouncement{a}}
	}
	s.Announcing = true
	s.AnnouncementN++
	return s, []Command{PlayAnnouncement{N: s.AnnouncementN, What: a}}
}

// silence ends an announcement that plays.
func (s State) silence() (State, []Command) {
	if !s.Announcing {
		return s, nil
	}
	s.Announcing = false
	return s, []Command{CancelAnnouncement{}}
}

// announced takes what the hub wants to have said; it is called on the goroutine that
// reads the socket.
func (s *Satellite) announced(a clientregistry.Announcement, reply func(error)) {
	if !s.inbox.put(Announced{&Announcement{a, reply}}) {
		reply(clientregistry.Engaged())
	}
}

func (s *Satellite) newAnnouncer() *turn.Announcer {
	return turn.NewAnnouncer(turn.AnnouncerConfig{
		Speaker: s.cfg.Speaker, Opus: s.cfg.Opus, Logger: s.cfg.Logger,
		Ended: func(n uint32) { s.happen(AnnouncementEnded{n}) },
	})
}

// carryOutAnnouncement begins what a command says about announcements.
func (s *Satellite) carryOutAnnouncement(c Command) {
	switch c := c.(type) {
	case PlayAnnouncement:
		s.announcer.Start(turn.Announcement{N: c.N, From: c.What.From, Text: c.What.Text, Sound: c.What.Sound})
		c.What.Reply(nil)
	case RefuseAnnouncement:
		c.What.Reply(clientregistry.Engaged())
	case CancelAnnouncement:
		s.announcer.Cancel()
	}
}
