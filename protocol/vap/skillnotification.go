package vap

import (
	"math"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/tinylib/msgp/msgp"
)

// SkillNotification is the body of POST vap/skillRegistry/notification: answers to
// requests, and what the skill says on its own.
type SkillNotification struct {
	SkillID string
	Items   []NotificationItem
}

// NotificationItem is one of them.
type NotificationItem struct {
	// Type is ItemRequested, ItemStandalone or RequestCanYouAnswer, which says what else
	// there is.
	Type       string
	RequestID  uint64  // of all but standalone
	Confidence float32 // of canYouAnswer: 0 to 1
	ClientID   string  // of standalone: to whom
	// Capabilities are of requested and standalone.
	Capabilities []Capability
	// Code is ours: 2.05 says of an answer that the same request will always get it,
	// class 4 or 5 that the skill failed. 0 means 2.04.
	Code codes.Code
	// KeepOpen is ours: the answer is a question, and the client shall listen for what
	// is said to it. It is endSession on the wire, negated.
	KeepOpen bool
	// TTL is ours, of standalone: how long it is worth to be heard, when the client is away;
	// 0 leaves it to the hub. On the wire it is in seconds.
	TTL time.Duration
	// Priority is ours, of standalone: "" or one of Priority*.
	Priority string
}

// Priorities of what a skill says on its own. Without one it waits for a client that is
// away, and for the end of the hours in which nobody is to be disturbed.
const (
	PriorityLow    = "low"    // now or never
	PriorityUrgent = "urgent" // at any hour
)

// maxTTL bounds what is taken for one: a year.
const maxTTL = 365 * 24 * time.Hour

// Standalone is what a skill says on its own to a client.
func Standalone(clientID string, capabilities ...Capability) NotificationItem {
	return NotificationItem{Type: ItemStandalone, ClientID: clientID, Capabilities: capabilities}
}

// Limits of one message.
const (
	maxItems = 64
	maxAsked = 64 // capabilities that a query asks of one client
)

// AppendSkillNotification appends the encoded message to b.
func AppendSkillNotification(b []byte, f Form, m SkillNotification) []byte {
	e := f.encoder(b)
	e.text("skillId", m.SkillID)
	appendList(e, "data", m.Items, appendItem)
	return e.b
}

func appendItem(e *encoder, i NotificationItem) {
	e.text("type", i.Type)
	switch i.Type {
	case ItemStandalone:
		e.text("clientId", i.ClientID)
		e.capabilities(i.Capabilities)
	case RequestCanYouAnswer:
		e.uint("requestId", i.RequestID)
		e.key("confidence")
		e.b = msgp.AppendFloat32(e.b, i.Confidence)
	default:
		e.uint("requestId", i.RequestID)
		e.capabilities(i.Capabilities)
	}
	if e.array {
		return
	}
	if i.Code != 0 {
		e.code(i.Code)
	}
	if i.KeepOpen {
		e.bool("endSession", false)
	}
	if i.TTL > 0 {
		e.uint("ttl", uint64((i.TTL+time.Second-1)/time.Second)) // 0 would be the hub's choice
	}
	e.optional("priority", i.Priority)
}

// ParseSkillNotification decodes a message.
func ParseSkillNotification(b []byte) (m SkillNotification, err error) {
	d := decoder{b: b}
	var data bool
	d.object([]string{"skillId", "data"}, func(key []byte) bool {
		switch string(key) {
		case "skillId":
			m.SkillID = d.text()
		case "data":
			m.Items, data = list(&d, maxItems, d.item), true
		default:
			return false
		}
		return true
	})
	d.need("skillId", m.SkillID != "")
	d.need("data", data)
	return m, d.end()
}

func (d *decoder) item() (i NotificationItem) {
	var id, client, caps, confidence bool
	d.tagged(&i.Type, []string{"capabilities", "capabilities", "confidence"}, func(key []byte) bool {
		switch string(key) {
		case "requestId", "request_id":
			i.RequestID, id = d.requestID(), true
		case "clientId":
			i.ClientID, client = d.text(), true
		case "capabilities":
			i.Capabilities, caps = d.capabilities(), true
		case "confidence":
			i.Confidence, confidence = d.confidence(), true
		case "code":
			i.Code = d.code()
		case "endSession":
			i.KeepOpen = !d.bool()
		case "ttl":
			i.TTL = min(time.Duration(d.uint32())*time.Second, maxTTL)
		case "priority":
			i.Priority = d.text()
		default:
			return false
		}
		return true
	})
	standalone, asked := i.Type == ItemStandalone, i.Type == RequestCanYouAnswer
	d.need("requestId", id || standalone)
	d.need("clientId", client || !standalone)
	d.need("capabilities", caps || asked)
	d.need("confidence", confidence || !asked)
	return i
}

// tagged reads an object that begins with a type of itemTypes, which says what its
// other fields are: an id, and the one of last that belongs to the type.
func (d *decoder) tagged(typ *string, last []string, field func(key []byte) bool) {
	if msgp.NextType(d.b) != msgp.ArrayType {
		d.object(nil, func(key []byte) bool {
			if string(key) == "type" {
				*typ = d.tag(itemTypes())
				return true
			}
			return field(key)
		})
		d.need("type", *typ != "")
		return
	}
	if d.arrayHeader() != 3 {
		d.fail(malformed(""))
	}
	d.field([]byte("type"), func([]byte) bool { *typ = d.tag(itemTypes()); return true })
	d.need("type", *typ != "")
	id := "requestId"
	if *typ == ItemStandalone {
		id = "clientId"
	}
	d.field([]byte(id), field)
	d.field([]byte(last[max(slices.Index(itemTypes(), *typ), 0)]), field)
}

func (d *decoder) confidence() float32 {
	var v float64
	switch msgp.NextType(d.b) {
	case msgp.IntType, msgp.UintType:
		v = float64(d.uint(1))
	default:
		f, rest, err := msgp.ReadFloat64Bytes(d.b)
		if d.took(rest, err) {
			v = f
		}
	}
	if !(v >= 0 && v <= 1) || math.IsNaN(v) {
		d.fail(malformed(""))
		return 0
	}
	return float32(v)
}

// SkillNotified is the answer to SkillNotification: what became of each item.
type SkillNotified struct{ Items []ItemResult }

// ItemResult is what became of the item with this type and id.
type ItemResult struct {
	Type      string
	RequestID uint64
	ClientID  string // of standalone
	// Code is 2.04 or 2.05, 4.02 for a request that does not wait for this skill, and what
	// the hub says of standalone ones: 4.04 for an unknown client, 4.01 for a capability
	// that the skill may not use.
	Code codes.Code
}

// AppendSkillNotified appends the encoded message to b.
func AppendSkillNotified(b []byte, f Form, m SkillNotified) []byte {
	e := f.encoder(b)
	appendList(e, "data", m.Items, appendResult)
	return e.b
}

// AppendSkillRefused appends the body of an error of which all items are the reason: the
// fields of both.
func AppendSkillRefused(b []byte, refusal *Error, m SkillNotified) []byte {
	e := newEncoder(b)
	e.code(refusal.Code)
	e.text("type", refusal.Type)
	e.optional("object", refusal.Object)
	appendList(e, "data", m.Items, appendResult)
	return e.b
}

func appendResult(e *encoder, i ItemResult) {
	e.text("type", i.Type)
	if i.Type == ItemStandalone {
		e.text("clientId", i.ClientID)
	} else {
		e.uint("requestId", i.RequestID)
	}
	e.code(i.Code)
}

// ParseSkillNotified decodes a message. The body of an error has the items as well,
// when all of them failed.
func ParseSkillNotified(b []byte) (m SkillNotified, err error) {
	d := decoder{b: b}
	d.object([]string{"data"}, func(key []byte) bool {
		if string(key) != "data" {
			return false
		}
		m.Items = list(&d, maxItems, d.result)
		return true
	})
	return m, d.end()
}

func (d *decoder) result() (i ItemResult) {
	d.tagged(&i.Type, []string{"code", "code", "code"}, func(key []byte) bool {
		switch string(key) {
		case "requestId", "request_id":
			i.RequestID = d.requestID()
		case "clientId":
			i.ClientID = d.text()
		case "code":
			i.Code = d.code()
		default:
			return false
		}
		return true
	})
	d.need("code", i.Code != 0)
	return i
}
