package vap

import (
	"fmt"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/tinylib/msgp/msgp"
)

// Query is the body of GET, FETCH and POST vap/skillRegistry/query: what a skill wants
// to know of clients, or of System, the hub.
type Query struct {
	SkillID string
	Data    []ClientQuery
}

// What a hub tells skills that ask, besides capabilities of satellites (docs/skill-registry.md).
const (
	AskClients = "clients" // System: all satellites
	AskSkills  = "skills"  // System: all skills, and what can be said to them
	AskSaid    = "said"    // a satellite: what it said last
)

// ClientQuery asks one client. What is asked is the capability's business.
type ClientQuery struct {
	ClientID     string
	Capabilities []Capability
}

// AppendQuery appends the encoded message to b.
func AppendQuery(b []byte, f Form, m Query) []byte {
	e := f.encoder(b)
	e.text("skillId", m.SkillID)
	appendList(e, "data", m.Data, func(e *encoder, q ClientQuery) {
		e.text("clientId", q.ClientID)
		e.capabilities(q.Capabilities)
	})
	return e.b
}

// ParseQuery decodes a message.
func ParseQuery(b []byte) (m Query, err error) {
	d := decoder{b: b}
	var data bool
	d.object([]string{"skillId", "data"}, func(key []byte) bool {
		switch string(key) {
		case "skillId":
			m.SkillID = d.text()
		case "data":
			m.Data, data = list(&d, maxItems, d.clientQuery), true
		default:
			return false
		}
		return true
	})
	d.need("skillId", m.SkillID != "")
	d.need("data", data)
	return m, d.end()
}

func (d *decoder) clientQuery() (q ClientQuery) {
	var caps bool
	d.object([]string{"clientId", "capabilities"}, func(key []byte) bool {
		switch string(key) {
		case "clientId":
			q.ClientID = d.text()
		case "capabilities":
			q.Capabilities, caps = d.capabilities(), true
		default:
			return false
		}
		return true
	})
	if len(q.Capabilities) > maxAsked {
		d.fail(tooLarge())
	}
	d.need("clientId", q.ClientID != "")
	d.need("capabilities", caps)
	return q
}

// QueryAnswer is the answer (2.05) to a Query.
type QueryAnswer struct{ Data []ClientAnswer }

// ClientAnswer is what one client answered, one result for each capability asked.
type ClientAnswer struct {
	ClientID string
	Results  []QueryResult
}

// QueryResult is what became of one capability that was asked for.
type QueryResult struct {
	Name string
	// Code is 2.05 and Fields what was asked for, or an error: 4.04 with kind ("client" or
	// "capability") and object, 4.08 with object and maybe type and docRef, 4.01.
	Code   codes.Code
	Fields map[string]any
}

// QueryContent is an answer.
func QueryContent(c Capability) QueryResult {
	return QueryResult{Name: c.Name, Code: codes.Content, Fields: c.Fields}
}

// Kinds of what a query did not find.
const (
	KindClient     = "client"
	KindCapability = "capability"
)

// QueryNotFound says that a client, or its capability, is not there.
func QueryNotFound(name, kind, object string) QueryResult {
	return QueryResult{Name: name, Code: codes.NotFound, Fields: map[string]any{"kind": kind, "object": object}}
}

// QueryIncomplete says that the query lacks object, of a type that may be unknown ("").
func QueryIncomplete(name, object, typ, docRef string) QueryResult {
	fields := map[string]any{"object": object}
	set(fields, "type", typ)
	set(fields, "docRef", docRef)
	return QueryResult{Name: name, Code: codes.RequestEntityIncomplete, Fields: fields}
}

// QueryUnauthorized says that the skill may not ask for that capability.
func QueryUnauthorized(name string) QueryResult {
	return QueryResult{Name: name, Code: codes.Unauthorized}
}

// Err is the error that a result says, or nil.
func (r QueryResult) Err() error {
	if r.Code>>5 == 2 {
		return nil
	}
	text := func(key string) string {
		s, _ := r.Fields[key].(string)
		return s
	}
	e := &Error{Code: r.Code, Type: text("type"), Object: text("object"), DocRef: text("docRef")}
	if e.Type == "" {
		e.Type = text("kind")
	}
	return fmt.Errorf("query of %s: %w", r.Name, e)
}

// AppendQueryAnswer appends the encoded message to b.
func AppendQueryAnswer(b []byte, f Form, m QueryAnswer) []byte {
	e := f.encoder(b)
	appendList(e, "data", m.Data, func(e *encoder, a ClientAnswer) {
		e.text("clientId", a.ClientID)
		e.key("capabilities")
		e.b = msgp.AppendArrayHeader(e.b, uint32(len(a.Results)))
		for _, r := range a.Results {
			e.b = appendQueryResult(e.b, r)
		}
	})
	return e.b
}

// appendQueryResult appends a map in either form, since its fields are the capability's.
func appendQueryResult(b []byte, r QueryResult) []byte {
	b = msgp.AppendMapHeader(b, uint32(2+len(r.Fields)))
	b = msgp.AppendString(msgp.AppendString(b, "name"), r.Name)
	b = msgp.AppendUint64(msgp.AppendString(b, "code"), uint64(decimal(r.Code)))
	return appendEntries(b, r.Fields)
}

// ParseQueryAnswer decodes a message.
func ParseQueryAnswer(b []byte) (m QueryAnswer, err error) {
	d := decoder{b: b}
	d.object([]string{"data"}, func(key []byte) bool {
		if string(key) != "data" {
			return false
		}
		m.Data = list(&d, maxItems, d.clientAnswer)
		return true
	})
	return m, d.end()
}

func (d *decoder) clientAnswer() (a ClientAnswer) {
	d.object([]string{"clientId", "capabilities"}, func(key []byte) bool {
		switch string(key) {
		case "clientId":
			a.ClientID = d.text()
		case "capabilities":
			a.Results = list(d, maxAsked, d.queryResult)
		default:
			return false
		}
		return true
	})
	return a
}

func (d *decoder) queryResult() QueryResult {
	var r QueryResult
	n := d.mapHeader()
	if n > 2 {
		r.Fields = make(map[string]any, n-2)
	}
	for range n {
		key := d.text()
		switch {
		case d.err != nil:
			return QueryResult{}
		case key == "name":
			r.Name = d.text()
		case key == "code":
			r.Code = d.code()
		case r.Fields == nil:
			r.Fields = make(map[string]any)
			fallthrough
		default:
			r.Fields[key] = d.value(0)
		}
	}
	d.need("name", r.Name != "")
	d.need("code", r.Code != 0)
	return r
}
