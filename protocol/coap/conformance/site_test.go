package conformance

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

// site is the plugtest's resources on package coap. What is to change periodically
// changes once a second.
type site struct {
	mux  coap.Mux
	done chan struct{}
	wg   sync.WaitGroup

	mu      sync.Mutex
	created int
}

// document is a resource that can be read, written, deleted and observed.
type document struct {
	site     *site
	maxAge   *uint32 // what observers are told
	non      bool    // notify by NON
	observed coap.Observable

	mu      sync.Mutex
	body    []byte // nil when there is none
	format  message.MediaType
	version uint64 // its ETag
	held    bool   // no longer changes by itself
}

func (d *document) set(body string, format message.MediaType) {
	d.mu.Lock()
	d.body, d.format = []byte(body), format
	d.version++
	d.mu.Unlock()
	d.observed.Changed()
}

func (d *document) etag() []byte { return binary.BigEndian.AppendUint64(nil, d.version) }

func (d *document) get(*coap.Request) *coap.Response {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.body == nil {
		return &coap.Response{Code: codes.NotFound}
	}
	format := d.format
	return &coap.Response{Code: codes.Content, ContentFormat: &format, MaxAge: d.maxAge, ETag: d.etag(), Body: d.body, NonConfirmable: d.non}
}

func (d *document) put(_ coap.Peer, req *coap.Request, reply func(*coap.Response)) {
	d.mu.Lock()
	var etag []byte
	code := codes.Created
	if d.body != nil {
		etag, code = d.etag(), codes.Changed
	}
	holds := req.Holds(etag)
	d.held = true
	d.mu.Unlock()
	if !holds {
		reply(&coap.Response{Code: codes.PreconditionFailed})
		return
	}
	format := message.TextPlain
	if req.ContentFormat != nil {
		format = *req.ContentFormat
	}
	d.set(string(req.Body), format)
	reply(&coap.Response{Code: code})
}

func (d *document) delete(_ coap.Peer, _ *coap.Request, reply func(*coap.Response)) {
	d.mu.Lock()
	d.body = nil
	d.mu.Unlock()
	reply(&coap.Response{Code: codes.Deleted})
	d.observed.Gone(codes.NotFound)
}

// add makes a document and lists it; attrs are names and values.
func (s *site) add(path, body string, attrs ...string) *document {
	d := &document{site: s, body: []byte(body)}
	d.observed.Get = d.get
	if path == "create1" {
		d.body = nil
	}
	if path != "separate" && path != "query" && path != "multi-format" && path != "secure" {
		s.mux.Handle(codes.GET, path, d.observed.Serve)
	}
	s.mux.HandleConditional(codes.PUT, path, d.put)
	s.mux.Handle(codes.DELETE, path, d.delete)
	l := coap.NewLink("/" + path)
	for pair := range slices.Chunk(attrs, 2) {
		l = l.With(pair[0], pair[1])
	}
	s.mux.Link(l)
	return d
}

func newSite() *site {
	s := &site{done: make(chan struct{})}
	s.add("test", "test")
	s.mux.Handle(codes.POST, "test", always(&coap.Response{Code: codes.Created, Location: "location1/location2/location3"}))
	separate := s.add("separate", "separate")
	s.mux.Handle(codes.GET, "separate", func(_ coap.Peer, req *coap.Request, reply func(*coap.Response)) {
		time.AfterFunc(time.Second, func() { reply(separate.get(req)) })
	})
	s.add("seg1/seg2/seg3", "segments")
	s.add("query", "")
	s.mux.Handle(codes.GET, "query", func(_ coap.Peer, req *coap.Request, reply func(*coap.Response)) {
		reply(content(strings.Join(req.Query, "&"), message.TextPlain))
	})
	s.add("location-query", "")
	s.mux.Handle(codes.POST, "location-query", always(&coap.Response{Code: codes.Created, LocationQuery: []string{"first=1", "second=2"}}))
	s.add("multi-format", "")
	s.mux.Handle(codes.GET, "multi-format", multiFormat)
	s.add("validate", "valid")
	s.add("create1", "")
	s.add("large", large(largeSize, 0), "sz", fmt.Sprint(largeSize))
	s.add("large-update", "")
	s.add("large-create", "")
	s.mux.Handle(codes.POST, "large-create", s.create)
	s.add("large-post", "")
	s.mux.Handle(codes.POST, "large-post", turnRound)
	s.observables()
	s.add("path", "</path/sub1>;ct=0,</path/sub2>;ct=0,</path/sub3>;ct=0", "ct", "40").format = message.AppLinkFormat
	for _, path := range []string{"path/sub1", "path/sub2", "path/sub3"} {
		s.add(path, "/"+path)
	}
	s.add("link1", "1", "rt", "Type1 Type2", "if", "If1")
	s.add("link2", "2", "rt", "Type2 Type3", "if", "If2")
	s.add("link3", "3", "rt", "Type1 Type3", "if", "foo")
	s.add("nothing", "", "rt", "")
	s.add("secure", "")
	s.mux.Handle(codes.GET, "secure", func(peer coap.Peer, _ *coap.Request, reply func(*coap.Response)) {
		if !peer.Verified() {
			reply(&coap.Response{Code: codes.Unauthorized})
			return
		}
		reply(content("secure", message.TextPlain))
	})
	return s
}

func (s *site) stop() {
	close(s.done)
	s.wg.Wait()
}

// observables change each second, for as long as nobody puts something else into them.
// What goes in blocks does so every third second.
func (s *site) observables() {
	const slow = 3
	seconds := uint32(2)
	obs, non := s.add("obs", "0", "obs", ""), s.add("obs-non", "0", "obs", "")
	big, pumping := s.add("obs-large", large(largeSize, 0), "obs", ""), s.add("obs-pumping", "0", "obs", "")
	non.non = true
	for _, d := range []*document{obs, non, big, pumping} {
		d.maxAge = &seconds
	}
	s.wg.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for n := uint(1); ; n++ {
			select {
			case <-s.done:
				return
			case <-tick.C:
			}
			obs.tick(fmt.Sprint(n))
			non.tick(fmt.Sprint(n))
			if n%slow == 0 {
				big.tick(large(largeSize, n))
				pumping.tick(large([]int{20, largeSize}[n/slow%2], n))
			}
		}
	})
}

// tick changes what is there.
func (d *document) tick(body string) {
	d.mu.Lock()
	ok := d.body != nil && !d.held
	d.mu.Unlock()
	if ok {
		d.set(body, message.TextPlain)
	}
}

func content(body string, format message.MediaType) *coap.Response {
	return &coap.Response{Code: codes.Content, ContentFormat: &format, Body: []byte(body)}
}

func always(resp *coap.Response) coap.Handler {
	return func(_ coap.Peer, _ *coap.Request, reply func(*coap.Response)) { reply(resp) }
}

func multiFormat(_ coap.Peer, req *coap.Request, reply func(*coap.Response)) {
	switch {
	case req.Accept == nil || *req.Accept == message.TextPlain:
		reply(content("plain", message.TextPlain))
	case *req.Accept == message.AppXML:
		reply(content("<xml/>", message.AppXML))
	default:
		reply(&coap.Response{Code: codes.NotAcceptable})
	}
}

// create makes /large-create/N.
func (s *site) create(_ coap.Peer, req *coap.Request, reply func(*coap.Response)) {
	s.mu.Lock()
	s.created++
	path := fmt.Sprintf("large-create/%d", s.created)
	s.mu.Unlock()
	s.add(path, string(req.Body))
	reply(&coap.Response{Code: codes.Created, Location: path})
}

// turnRound answers with the body turned round.
func turnRound(_ coap.Peer, req *coap.Request, reply func(*coap.Response)) {
	body := slices.Clone(req.Body)
	slices.Reverse(body)
	format := message.TextPlain
	reply(&coap.Response{Code: codes.Changed, ContentFormat: &format, Body: body})
}
