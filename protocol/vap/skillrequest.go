package vap

import "github.com/tinylib/msgp/msgp"

// SkillRequest is what the registry asks of a skill, in a notification of the resource
// vap/skillRegistry/skills/ID. The skill answers with a SkillNotification.
type SkillRequest struct {
	ID      uint64 // written as request_id and as requestId
	SkillID string
	// Client is who asks, and Offers what that client can do.
	Client string
	Offers []Offer
	// Type is RequestIntent, RequestEvent or RequestCanYouAnswer.
	Type string
	// Intent is the intent in question; Event the event's name, "" for other types.
	Intent, Event string
	Locale        Language // of the utterance; zero where nobody spoke
	Input         string   // the utterance
	Slots         []SlotValue
	// Capabilities are what else is known of the request, and an event's fields.
	Capabilities []Capability
}

// SlotValue is what was said for a slot.
type SlotValue struct {
	Name  string
	Value *string // nil when nothing was
}

// AppendSkillRequest appends the encoded message to b.
func AppendSkillRequest(b []byte, f Form, m SkillRequest) []byte {
	e := f.encoder(b)
	if !e.array {
		e.text("skillId", m.SkillID)
	}
	e.uint("request_id", m.ID)
	if !e.array {
		e.uint("requestId", m.ID)
	}
	e.key("client")
	c := e.inner()
	c.text("systemId", m.Client)
	c.offers(m.Offers)
	e.b = c.b
	e.key("request")
	r := e.inner()
	appendRequestData(r, m)
	return r.b
}

func appendRequestData(e *encoder, m SkillRequest) {
	e.requestType(m.Type)
	intent := m.Intent
	if m.Type == RequestEvent && intent == "" {
		intent = m.Event // which the reference implementation looks for there
	}
	e.text("intent", intent)
	if !e.array {
		e.optional("event", m.Event)
	}
	locale := ""
	if m.Locale.Language != "" {
		locale = m.Locale.String()
	}
	e.text("locale", locale)
	if !e.array {
		e.optional("input", m.Input)
	}
	appendList(e, "slots", m.Slots, func(e *encoder, s SlotValue) {
		e.text("name", s.Name)
		if s.Value == nil {
			e.null("value")
		} else {
			e.text("value", *s.Value)
		}
	})
	if !e.array && len(m.Capabilities) > 0 {
		e.capabilities(m.Capabilities)
	}
}

// ParseSkillRequest decodes a message.
func ParseSkillRequest(b []byte) (m SkillRequest, err error) {
	d := decoder{b: b}
	var id bool
	d.object([]string{"request_id", "client", "request"}, func(key []byte) bool {
		switch string(key) {
		case "skillId":
			m.SkillID = d.text()
		case "request_id", "requestId":
			m.ID, id = d.requestID(), true
		case "client":
			d.client(&m)
		case "request":
			d.requestData(&m)
		default:
			return false
		}
		return true
	})
	d.need("requestId", id)
	d.need("request", m.Type != "")
	return m, d.end()
}

func (d *decoder) client(m *SkillRequest) {
	d.object([]string{"systemId", "capabilities"}, func(key []byte) bool {
		switch string(key) {
		case "systemId":
			m.Client = d.text()
		case "capabilities":
			m.Offers = d.offers()
		default:
			return false
		}
		return true
	})
}

func (d *decoder) requestData(m *SkillRequest) {
	d.object([]string{"type", "intent", "locale", "slots"}, func(key []byte) bool {
		switch string(key) {
		case "type":
			m.Type = d.tag(requestTypes())
		case "intent":
			m.Intent = d.text()
		case "event":
			m.Event = d.text()
		case "locale":
			m.Locale = d.locale()
		case "input":
			m.Input = d.text()
		case "slots":
			m.Slots = list(d, maxSlots, d.slotValue)
		case "capabilities":
			m.Capabilities = d.capabilities()
		default:
			return false
		}
		return true
	})
	d.need("type", m.Type != "")
	if m.Type == RequestEvent {
		if m.Event == "" {
			m.Event = m.Intent
		}
		m.Intent = ""
	}
}

// locale reads a language that may be "".
func (d *decoder) locale() Language {
	if s, rest, err := msgp.ReadStringZC(d.b); err == nil && len(s) == 0 {
		d.b = rest
		return Language{}
	}
	return d.language()
}

func (d *decoder) slotValue() (s SlotValue) {
	d.object([]string{"name", "value"}, func(key []byte) bool {
		switch string(key) {
		case "name":
			s.Name = d.text()
		case "value":
			v := d.text()
			s.Value = &v
		default:
			return false
		}
		return true
	})
	d.need("name", s.Name != "")
	return s
}
