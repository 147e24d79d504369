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
	Unpaired               // there is a hub, and the satellite has to be paired with it
	Up
)

// String is the state as it is logged and shown.
func (s State) String() string {
	return [...]string{"searching", "pending", "denied", "unpaired", "up"}[s]
}

// Hub is a hub that may be there.
type Hub struct {
	// ID is which hub it is, whatever its name and address, and the key of its token.
	// It is empty for a hub that was found without it, and is asked then.
	ID   string
	Name string // for people
	Addr netip.AddrPort
	// Secured is the port for CoAP over DTLS, as a hint, or 0 when none is known.
	Secured uint16
	// Configured says that the owner named its address.
	Configured bool
}

// maxID bounds an id, in bytes: ids come from the network.
const maxID = 128

// identified is h with the id that it tells; what can't be an id changes nothing.
func (h Hub) identified(id string) Hub {
	if id != "" && len(id) <= maxID {
		h.ID = id
	}
	return h
}

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
