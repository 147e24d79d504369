package link

import (
	"net/netip"

	"vapd/protocol/vap"
)

// State is how far the link has come.
type State uint8

// States of the link.
const (
	Searching State = iota // no hub known, or it does not answer
	Pending                // the hub's owner has not approved this satellite yet
	Denied                 // the hub refuses this satellite
	Up
)

// String is the state as it is logged and shown.
func (s State) String() string { return [...]string{"searching", "pending", "denied", "up"}[s] }

// Hub is a hub that may be there.
type Hub struct {
	// Name is the key of its token: the name it announces, or Configured for the one
	// that the owner named, whatever address that has.
	Name string
	Addr netip.AddrPort
}

// Configured is the Name of a hub whose address was configured.
const Configured = "configured"

// Status is the link at one moment.
type Status struct {
	State State
	Hub   Hub // the one connected to, or tried last
	// Answer is what the hub said when it took the satellite.
	Answer vap.Connected
	// Why is what stands between the satellite and a hub; nil while Up.
	Why error
	// Losses is how often the link went down since start.
	Losses int64
}
