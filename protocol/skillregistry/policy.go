package skillregistry

import (
	"slices"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Policy is asked for every decision of a hub. Its methods are called on the goroutine
// that reads the socket or on a timer's: they return at once. Each reply is called once,
// from any goroutine. An error that is not a *vap.Error goes out as 5.00.
type Policy interface {
	// Connect decides about a skill that introduces itself. elsewhere says that a skill of
	// this id is connected and alive at another address. The languages that it answers
	// are those in which the skill's intents are taken; none takes all.
	Connect(peer coap.Peer, req vap.Connect, elsewhere bool, reply func(vap.SkillConnected, error))
	// Registered takes all that the skill wants to be asked, in the place of what it
	// registered before. It is checked, and the languages are those of Connect.
	Registered(s SkillInfo, r vap.RegisterIntents, reply func(error))
	// Notified takes what a skill says on its own (an item of type standalone). An error's
	// code becomes the item's: 4.04 for an unknown client, 4.01 for a capability that the
	// skill may not use.
	Notified(s SkillInfo, item vap.NotificationItem, reply func(error))
	// Queried answers what a skill wants to know of one client or of vap.SYSTEM. What is
	// not among the results is answered 4.04.
	Queried(s SkillInfo, q vap.ClientQuery, reply func([]vap.QueryResult))
	// Joined and Left are told when a skill connects, and when it says goodbye (why is
	// nil), is replaced by a new connection (ErrReplaced), falls silent (ErrSilent), or is
	// disconnected by the hub (ErrRemoved, ErrClosed).
	Joined(s SkillInfo)
	Left(s SkillInfo, why error)
	// Listening is told when s.Listening has changed: when the skill can be asked, and when
	// it can't any more.
	Listening(s SkillInfo)
}

// SkillInfo is a connected skill.
type SkillInfo struct {
	ID, Name     string
	Peer         coap.Peer
	Capabilities []vap.Offer
	// Events are those that it asked for in its last registration.
	Events []string
	// Listening says that it observes its resource, and can be asked.
	Listening bool
}

// Wants reports whether the skill asked to be told of the event.
func (s SkillInfo) Wants(event string) bool { return slices.Contains(s.Events, event) }

// Answer is what a skill answers to a request.
type Answer struct {
	// Capabilities are for the client that asked.
	Capabilities []vap.Capability
	// Code is 0 or 2.04; 2.05 when the same request will always get the same answer; or
	// the error of a skill that failed.
	Code codes.Code
	// Confidence answers a canYouAnswer: 0 (no) to 1.
	Confidence float32
	// KeepOpen says that the answer is a question: the client listens for what is said.
	KeepOpen bool
}
