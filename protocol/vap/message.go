package vap

import "time"

// Connect is the body of POST vap/clientRegistry/connect (client registry seed, "Init").
type Connect struct {
	ID, Name, Version string
	Token             string // uniqueAuthenticationToken; empty when the client has none
	// Capabilities is what the client can do; HasCapabilities is false for a peer
	// that sends no list at all, which gets voice text and PCM.
	Capabilities    []Offer
	HasCapabilities bool
}

// Connected is the answer to Connect (2.01).
type Connected struct {
	Locales      []string // BCP 47
	Token        string   // only when one was issued
	Capabilities []Offer  // of the hub
}

// SessionStart is the body of POST vap/clientRegistry/sessionStart. Session, Turn and
// ClientID are ours: HasSession is false for a peer that sends none and is known by
// its connection.
type SessionStart struct {
	Session      uint64
	HasSession   bool
	Turn         uint32
	ClientID     string
	Capabilities []Capability
	// At is exactTimeStamp: when the wake word ended (UTC); zero when absent.
	At time.Time
}

// SessionData is the body of POST vap/clientRegistry/sessionData: one fragment of turn
// Turn, numbered by Seq from 0.
type SessionData struct {
	Session      uint64
	HasSession   bool
	Turn, Seq    uint32
	ClientID     string
	Capabilities []Capability
	Last         bool // lastFragment
}

// Answer is the answer to the last fragment (2.01).
type Answer struct {
	Capabilities []Capability
	EndSession   bool
}

// Notification is the body of POST vap/notification (hub to client) and of POST
// vap/clientRegistry/notification (client to hub, where ClientID is set).
type Notification struct {
	ClientID     string
	Capabilities []Capability
}

// ClientClose is the body of POST vap/clientRegistry/clientClose.
type ClientClose struct{ ClientID string }
