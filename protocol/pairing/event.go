package pairing

import "net/netip"

// Kind of an Event.
type Kind string

// Kinds of events. Every one belongs into the hub's audit log.
const (
	// Asked: a satellite's key was held while no window was open. The owner may open one.
	Asked Kind = "asked to pair"
	// Opened: the owner opened a window.
	Opened Kind = "pairing opened"
	// Compare: a satellite is there; the owner has to compare Event.Code and call
	// Server.Approve or Server.Deny.
	Compare Kind = "code to compare"
	// Tried: somebody used the code way; Event.TriesLeft says how often it can be done.
	Tried Kind = "code tried"
	// Paired: the key is stored.
	Paired Kind = "paired"
	// Closed: the window is closed without a pairing; Event.Reason says why.
	Closed Kind = "pairing closed"
	// Rotated: a new key was agreed, and is valid beside the old one until it is used.
	Rotated Kind = "key rotated"
)

// Way of pairing.
type Way string

// Ways.
const (
	ByPush Way = "push"
	ByCode Way = "code"
	ByFile Way = "key file" // not over the network
)

// Event is what happened on the hub. It has no secrets.
type Event struct {
	Kind Kind
	Way  Way
	// ID and Name are what the satellite says of itself, which is proved by nothing
	// before Paired. From is where it spoke from.
	ID, Name string
	From     netip.AddrPort
	// Replaces says that a satellite of this id has a key already, which the new one
	// will replace.
	Replaces bool
	// Code of Compare.
	Code Code
	// TriesLeft of Tried.
	TriesLeft int
	// Reason of Closed, for people.
	Reason string
}
