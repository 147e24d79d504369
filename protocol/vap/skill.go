package vap

import (
	"math"
	"slices"
	"strconv"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/tinylib/msgp/msgp"
)

// Types of errors of the skill registry, as they are on the wire.
const (
	TypeNotPermitted   = "notPermitted" // the owner has not granted the skill the capability
	TypeWrongSkillID   = "wrong skillId"
	TypeWrongRequestID = "wrong requestId" // no such request waits for this skill
	TypeMissingEntity  = "missing entity"
	TypeMissingSlot    = "missing slot"
	TypeTooManySkills  = "tooManySkills"
)

// CapSpeaker is the capability of a request that says who may have spoken: speaker, a name,
// and confidence, from 0 to 1.
const CapSpeaker = "speaker"

// Form is how a peer wants the messages of the skill registry written. Both are read.
type Form uint8

// Forms of messages.
const (
	// Named writes maps.
	Named Form = iota
	// ReferencePython is what the reference skill in Python reads: arrays of exactly the
	// fields that the reference implementation has, in its order, and {n: nil} for the
	// type of a request. What vapd adds is left out.
	ReferencePython
)

func (f Form) encoder(b []byte) *encoder {
	e := &encoder{b: b, array: f == ReferencePython}
	return e.inner()
}

// Types of requests to a skill, and of the items of its notifications.
const (
	RequestIntent       = "intent"
	RequestEvent        = "event"
	RequestCanYouAnswer = "canYouAnswer" // also an item's: the answer to one
	ItemRequested       = "requested"    // the answer to an intent or event
	ItemStandalone      = "standalone"   // sent on the skill's own
)

// Events that the hub tells skills that registered for them; their fields are in the one
// capability of the request, which has the event's name (docs/skill-registry.md).
const (
	EventStarted       = "started"
	EventWake          = "wake"
	EventUnrecognized  = "unrecognized"
	EventEmpty         = "empty"
	EventTimerFinished = "timer_finished"
	EventClientJoined  = "client_joined"
	EventClientLeft    = "client_left"
)

// canAnswer is how the reference implementation spells RequestCanYouAnswer in requests.
const canAnswer = "canAnswer"

// The types in the order of the reference implementation, where a number stands for one.
func requestTypes() []string { return []string{RequestIntent, RequestEvent, RequestCanYouAnswer} }
func itemTypes() []string    { return []string{ItemRequested, ItemStandalone, RequestCanYouAnswer} }

// tag reads a type in one of its three forms: its name, its number, and {number: nil}.
func (d *decoder) tag(types []string) string {
	var n uint64
	switch msgp.NextType(d.b) {
	case msgp.StrType:
		name := d.text()
		if name == canAnswer {
			name = RequestCanYouAnswer
		}
		if !slices.Contains(types, name) {
			d.fail(malformed(""))
		}
		return name
	case msgp.MapType:
		if d.mapHeader() != 1 {
			d.fail(malformed(""))
		}
		if n = d.uint64(); d.err == nil && !d.null() {
			d.fail(malformed(""))
		}
	default:
		n = d.uint64()
	}
	if n >= uint64(len(types)) {
		d.fail(malformed(""))
	}
	if d.err != nil {
		return ""
	}
	return types[n]
}

// requestType writes a request's type; one that has no number is written by its name.
func (e *encoder) requestType(name string) {
	e.key("type")
	if n := slices.Index(requestTypes(), name); e.array && n >= 0 {
		e.b = msgp.AppendNil(msgp.AppendInt(msgp.AppendMapHeader(e.b, 1), n))
		return
	}
	e.b = msgp.AppendString(e.b, name)
}

// requestID reads the number of a request, which the seed writes as text as well.
func (d *decoder) requestID() uint64 {
	if msgp.NextType(d.b) != msgp.StrType {
		return d.uint64()
	}
	n, err := strconv.ParseUint(d.text(), 10, 64)
	if err != nil {
		d.fail(malformed(""))
	}
	return n
}

// code reads a code as bodies write it: 401 is 4.01.
func (d *decoder) code() codes.Code {
	n := d.uint(math.MaxUint16)
	if n/100 > 7 || n%100 > 31 {
		d.fail(malformed(""))
	}
	return codes.Code(n/100<<5 | n%100)
}

func (e *encoder) code(c codes.Code) { e.uint("code", uint64(decimal(c))) }

// list reads a list of at most limit elements.
func list[T any](d *decoder, limit int, one func() T) []T {
	n := d.arrayHeader()
	if n > limit {
		d.fail(tooLarge())
	}
	if d.err != nil || n == 0 {
		return nil
	}
	all := make([]T, 0, n)
	for range n {
		v := one()
		if d.err != nil {
			return nil
		}
		all = append(all, v)
	}
	return all
}

// textUpTo reads text of at most limit bytes.
func (d *decoder) textUpTo(limit int) string {
	s := d.text()
	if len(s) > limit {
		d.fail(tooLarge())
	}
	return s
}

func tooLarge() *Error {
	return &Error{Code: codes.RequestEntityTooLarge, Type: TypeTooLarge}
}

// appendList appends a list of objects as the next field.
func appendList[T any](e *encoder, name string, all []T, one func(*encoder, T)) {
	e.key(name)
	e.b = msgp.AppendArrayHeader(e.b, uint32(len(all)))
	for _, v := range all {
		f := e.inner()
		one(f, v)
		e.b = f.b
	}
}

func (e *encoder) null(name string) {
	e.key(name)
	e.b = msgp.AppendNil(e.b)
}

// textOrNull is text, and nil for none.
func (e *encoder) textOrNull(name, v string) {
	if v == "" {
		e.null(name)
		return
	}
	e.text(name, v)
}

// SkillConnected is the answer (2.01) to a Connect at vap/skillRegistry/connect.
type SkillConnected struct {
	Langs        []Language
	Token        string  // only when one was issued
	Capabilities []Offer // ours: of the hub
	HubID        string  // ours: which hub it is
}

const maxLanguages = 64

// AppendSkillConnected appends the encoded message to b.
func AppendSkillConnected(b []byte, f Form, m SkillConnected) []byte {
	e := f.encoder(b)
	appendList(e, "langs", m.Langs, appendLanguage)
	if e.array {
		return e.b
	}
	e.optional("uniqueAuthenticationToken", m.Token)
	if len(m.Capabilities) > 0 {
		e.offers(m.Capabilities)
	}
	e.optional("hubId", m.HubID)
	return e.b
}

// ParseSkillConnected decodes a message.
func ParseSkillConnected(b []byte) (m SkillConnected, err error) {
	d := decoder{b: b}
	d.object([]string{"langs"}, func(key []byte) bool {
		switch string(key) {
		case "langs":
			m.Langs = list(&d, maxLanguages, d.language)
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

// SkillClose is the body of DELETE vap/skillRegistry/skills/ID and vap/skillRegistry/ID,
// which may as well have none.
type SkillClose struct{ SkillID string }

// AppendSkillClose appends the encoded message to b.
func AppendSkillClose(b []byte, f Form, m SkillClose) []byte {
	e := f.encoder(b)
	e.text("skillId", m.SkillID)
	return e.b
}

// ParseSkillClose decodes a message.
func ParseSkillClose(b []byte) (m SkillClose, err error) {
	d := decoder{b: b}
	d.object([]string{"skillId"}, func(key []byte) bool {
		if string(key) != "skillId" {
			return false
		}
		m.SkillID = d.text()
		return true
	})
	d.need("skillId", m.SkillID != "")
	return m, d.end()
}
