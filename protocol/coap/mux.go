package coap

import (
	"fmt"
	"strings"
	"sync"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// FETCH is the method 0.05 of RFC 8132, a GET whose body selects.
const FETCH codes.Code = 5

const wellKnownCore = ".well-known/core"

// Mux hands requests to resources by path and method, answers 4.04 and 4.05, and
// lists its links at /.well-known/core. The zero value has no resources.
type Mux struct {
	// Error makes the response to a request that no resource takes (code 4.04), whose
	// method its resource has not (4.05), or that accepts no links (4.06); nil answers with the bare code.
	Error func(req *Request, code codes.Code) *Response
	// Prefixes are first segments that a peer may write literally although they
	// only say who listens ("Server" in "Server/vap/..."): a path that no resource
	// has is tried without them.
	Prefixes []string

	mu    sync.RWMutex
	paths map[string]map[codes.Code]resource
	links []Link
}

// resource is one method of a path.
type resource struct {
	handler     Handler
	conditional bool
}

// Handle serves method on path (no leading slash). A last segment "*" stands for
// any one segment; an exact path wins. It panics when both are taken already, as
// that is a mistake of the program.
//
// A request with If-Match or If-None-Match gets 4.02 as the options' text demands of
// who does not know them (RFC 7252 section 5.4.1), before h is called: h would change
// what the client wanted left alone.
func (m *Mux) Handle(method codes.Code, path string, h Handler) {
	m.handle(method, path, resource{handler: h})
}

// HandleConditional is Handle for an h that asks Request.Holds.
func (m *Mux) HandleConditional(method codes.Code, path string, h Handler) {
	m.handle(method, path, resource{handler: h, conditional: true})
}

func (m *Mux) handle(method codes.Code, path string, r resource) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.paths == nil {
		m.paths = make(map[string]map[codes.Code]resource)
	}
	if m.paths[path] == nil {
		m.paths[path] = make(map[codes.Code]resource)
	}
	if m.paths[path][method].handler != nil {
		panic(fmt.Sprintf("coap: two handlers for %v %s", method, path))
	}
	m.paths[path][method] = r
}

// Link lists l at /.well-known/core, after those listed before.
func (m *Mux) Link(l Link) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.links = append(m.links, l)
}

// Serve is the Handler. Of what comes to a group it answers only /.well-known/core:
// nothing else should be done by everybody at once.
func (m *Mux) Serve(peer Peer, req *Request, reply func(*Response)) {
	if req.Multicast && (req.Path != wellKnownCore || req.Code != codes.GET) {
		reply(nil)
		return
	}
	methods := m.find(req.Path)
	if r := methods[req.Code]; r.handler != nil {
		if !r.conditional && (req.IfNoneMatch || len(req.IfMatch) > 0) {
			reply(&Response{Code: codes.BadOption})
			return
		}
		r.handler(peer, req, reply)
		return
	}
	if req.Path == wellKnownCore && methods == nil && req.Code == codes.GET {
		reply(m.core(req))
		return
	}
	code := codes.NotFound
	if methods != nil || req.Path == wellKnownCore {
		code = codes.MethodNotAllowed
	}
	reply(m.fail(req, code))
}

func (m *Mux) fail(req *Request, code codes.Code) *Response {
	if req.Multicast {
		return nil
	}
	if m.Error != nil {
		return m.Error(req, code)
	}
	return &Response{Code: code}
}

func (m *Mux) find(path string) map[codes.Code]resource {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if methods := m.lookup(path); methods != nil {
		return methods
	}
	for _, prefix := range m.Prefixes {
		if rest, ok := strings.CutPrefix(path, prefix+"/"); ok {
			return m.lookup(rest)
		}
	}
	return nil
}

func (m *Mux) lookup(path string) map[codes.Code]resource {
	if methods := m.paths[path]; methods != nil {
		return methods
	}
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return m.paths[path[:i]+"/*"]
	}
	return nil
}

// core answers /.well-known/core (RFC 6690 section 4). To a group it is silent
// unless something matches.
func (m *Mux) core(req *Request) *Response {
	if req.Accept != nil && *req.Accept != message.AppLinkFormat {
		return m.fail(req, codes.NotAcceptable)
	}
	m.mu.RLock()
	links := FilterLinks(m.links, req.Query)
	m.mu.RUnlock()
	if req.Multicast && len(links) == 0 {
		return nil
	}
	format := message.AppLinkFormat
	return &Response{Code: codes.Content, ContentFormat: &format, Body: AppendLinks(nil, links)}
}
