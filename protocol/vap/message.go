package vap

import "time"

// Connect is the body of POST vap/clientRegistry/connect and vap/skillRegistry/connect
// (both seeds, "Init").
type Connect struct {
	ID, Name, Version string
	Token             string // uniqueAuthenticationToken; empty when the client has none
	// Capabilities is what the client can do; HasCapabilities is false for a peer
	// that sends no list at all, which gets voice text and PCM.
	Capabilities    []Offer
	HasCapabilities bool
}

// AppendConnect appends the encoded message to b.
func AppendConnect(b []byte, m Connect) []byte {
	e := newEncoder(b)
	e.text("id", m.ID)
	e.text("name", m.Name)
	e.text("vapVersion", m.Version)
	e.optional("uniqueAuthenticationToken", m.Token)
	if m.HasCapabilities {
		e.offers(m.Capabilities)
	}
	return e.b
}

// ParseConnect decodes a message. Errors of all Parse functions are *Error.
func ParseConnect(b []byte) (m Connect, err error) {
	d := decoder{b: b}
	var id, name, version bool
	d.object([]string{"id", "name", "vapVersion"}, func(key []byte) bool {
		switch string(key) {
		case "id":
			m.ID, id = d.text(), true
		case "name":
			m.Name, name = d.text(), true
		case "vapVersion":
			m.Version, version = d.text(), true
		case "uniqueAuthenticationToken":
			m.Token = d.text()
		case "capabilities":
			m.Capabilities, m.HasCapabilities = d.offers(), true
		default:
			return false
		}
		return true
	})
	d.need("id", id)
	d.need("name", name)
	d.need("vapVersion", version)
	return m, d.end()
}

// Connected is the answer to Connect (2.01).
type Connected struct {
	Locales      []string // BCP 47
	Token        string   // only when one was issued
	Capabilities []Offer  // of the hub
	HubID        string   // ours: which hub it is, whatever its name and address; empty of others
}

// AppendConnected appends the encoded message to b.
func AppendConnected(b []byte, m Connected) []byte {
	e := newEncoder(b)
	e.key("locales")
	e.b = appendStrings(e.b, m.Locales)
	e.optional("uniqueAuthenticationToken", m.Token)
	if len(m.Capabilities) > 0 {
		e.offers(m.Capabilities)
	}
	e.optional("hubId", m.HubID)
	return e.b
}

// ParseConnected decodes a message.
func ParseConnected(b []byte) (m Connected, err error) {
	d := decoder{b: b}
	d.object([]string{"locales"}, func(key []byte) bool {
		switch string(key) {
		case "locales":
			m.Locales = d.strings()
		case "uniqueAuthenticationToken":
			m.Token = d.text()
		case "capabilities":
			m.Capabilities = d.offers()
		case "hubId":
			m.HubID = d.text()
		default:
			return false
		}
		return true
	})
	return m, d.end()
}

// SessionStart is the body of POST vap/clientRegistry/sessionStart. Session, Turn and
// ClientID are ours: HasSession is false for a peer that sends none and is known by
// its connection.
type SessionStart struct {
	Session      uint64
	HasSession   bool
	Turn         uint32 // of the first utterance
	ClientID     string
	Capabilities []Capability
	// At is exactTimeStamp: when the wake word ended (UTC); zero when absent.
	At time.Time
}

// AppendSessionStart appends the encoded message to b.
func AppendSessionStart(b []byte, m SessionStart) []byte {
	e := newEncoder(b)
	if m.HasSession {
		e.uint("sessionId", m.Session)
		e.uint("turn", uint64(m.Turn))
	}
	e.optional("clientId", m.ClientID)
	e.capabilities(m.Capabilities)
	if !m.At.IsZero() {
		e.uint("exactTimeStamp", uint64(m.At.UnixMicro()))
	}
	return e.b
}

// ParseSessionStart decodes a message.
func ParseSessionStart(b []byte) (m SessionStart, err error) {
	d := decoder{b: b}
	d.object([]string{"capabilities", "exactTimeStamp"}, func(key []byte) bool {
		switch string(key) {
		case "sessionId":
			m.Session, m.HasSession = d.uint64(), true
		case "turn":
			m.Turn = d.uint32()
		case "clientId":
			m.ClientID = d.text()
		case "capabilities":
			m.Capabilities = d.capabilities()
		case "exactTimeStamp":
			m.At = d.timestamp()
		default:
			return false
		}
		return true
	})
	return m, d.end()
}

// SessionStarted is the answer to SessionStart (2.01).
type SessionStarted struct {
	Session uint64
	// Recorded is ours: the hub keeps what is said in the session.
	Recorded bool
}

// AppendSessionStarted appends the encoded message to b.
func AppendSessionStarted(b []byte, m SessionStarted) []byte {
	e := newEncoder(b)
	e.uint("sessionId", m.Session)
	if m.Recorded {
		e.bool("recorded", true)
	}
	return e.b
}

// ParseSessionStarted decodes a message; all of it is optional.
func ParseSessionStarted(b []byte) (m SessionStarted, err error) {
	d := decoder{b: b}
	d.object(nil, func(key []byte) bool {
		switch string(key) {
		case "sessionId":
			m.Session = d.uint64()
		case "recorded":
			m.Recorded = d.bool()
		default:
			return false
		}
		return true
	})
	return m, d.end()
}

// SessionData is the body of POST vap/clientRegistry/sessionData: one fragment of turn
// Turn, numbered by Seq from 0. A message with a session has a seq as well.
type SessionData struct {
	Session      uint64
	HasSession   bool
	Turn, Seq    uint32
	ClientID     string
	Capabilities []Capability
	Last         bool // lastFragment
}

// AppendSessionData appends the encoded message to b.
func AppendSessionData(b []byte, m SessionData) []byte {
	e := newEncoder(b)
	if m.HasSession {
		e.uint("sessionId", m.Session)
		e.uint("turn", uint64(m.Turn))
		e.uint("seq", uint64(m.Seq))
	}
	e.optional("clientId", m.ClientID)
	e.capabilities(m.Capabilities)
	e.bool("lastFragment", m.Last)
	return e.b
}

// ParseSessionData decodes a message.
func ParseSessionData(b []byte) (m SessionData, err error) {
	d := decoder{b: b}
	var seq, caps, last bool
	d.object([]string{"capabilities", "lastFragment"}, func(key []byte) bool {
		switch string(key) {
		case "sessionId":
			m.Session, m.HasSession = d.uint64(), true
		case "turn":
			m.Turn = d.uint32()
		case "seq":
			m.Seq, seq = d.uint32(), true
		case "clientId":
			m.ClientID = d.text()
		case "capabilities":
			m.Capabilities, caps = d.capabilities(), true
		case "lastFragment":
			m.Last, last = d.bool(), true
		default:
			return false
		}
		return true
	})
	d.need("capabilities", caps)
	d.need("lastFragment", last)
	d.need("seq", seq || !m.HasSession)
	return m, d.end()
}

// Answer is the answer to the last fragment (2.01).
type Answer struct {
	Capabilities []Capability
	EndSession   bool
}

// AppendAnswer appends the encoded message to b.
func AppendAnswer(b []byte, m Answer) []byte {
	e := newEncoder(b)
	e.capabilities(m.Capabilities)
	e.bool("endSession", m.EndSession)
	return e.b
}

// ParseAnswer decodes a message. A missing endSession ends the session.
func ParseAnswer(b []byte) (m Answer, err error) {
	d := decoder{b: b}
	m.EndSession = true
	d.object([]string{"capabilities", "endSession"}, func(key []byte) bool {
		switch string(key) {
		case "capabilities":
			m.Capabilities = d.capabilities()
		case "endSession":
			m.EndSession = d.bool()
		default:
			return false
		}
		return true
	})
	return m, d.end()
}

// Notification is the body of POST vap/notification (hub to client) and of POST
// vap/clientRegistry/notification (client to hub, where ClientID is set).
type Notification struct {
	ClientID     string
	Capabilities []Capability
}

// AppendNotification appends the encoded message to b.
func AppendNotification(b []byte, m Notification) []byte {
	e := newEncoder(b)
	e.optional("clientId", m.ClientID)
	e.capabilities(m.Capabilities)
	return e.b
}

// ParseNotification decodes a message.
func ParseNotification(b []byte) (m Notification, err error) {
	d := decoder{b: b}
	var caps bool
	d.object([]string{"capabilities"}, func(key []byte) bool {
		switch string(key) {
		case "clientId":
			m.ClientID = d.text()
		case "capabilities":
			m.Capabilities, caps = d.capabilities(), true
		default:
			return false
		}
		return true
	})
	d.need("capabilities", caps)
	return m, d.end()
}

// ClientClose is the body of POST vap/clientRegistry/clientClose.
type ClientClose struct{ ClientID string }

// AppendClientClose appends the encoded message to b.
func AppendClientClose(b []byte, m ClientClose) []byte {
	e := newEncoder(b)
	e.text("clientId", m.ClientID)
	return e.b
}

// ParseClientClose decodes a message.
func ParseClientClose(b []byte) (m ClientClose, err error) {
	d := decoder{b: b}
	var id bool
	d.object([]string{"clientId"}, func(key []byte) bool {
		if string(key) != "clientId" {
			return false
		}
		m.ClientID, id = d.text(), true
		return true
	})
	d.need("clientId", id)
	return m, d.end()
}
