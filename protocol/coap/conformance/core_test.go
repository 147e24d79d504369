package conformance

import (
	"strings"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
)

// coreRows are TD_COAP_CORE_01 to 23 and 31.
func coreRows() []row {
	return []row{
		{name: "CORE_01", objective: "GET, confirmable", run: func(c *cell) { c.get(false) }},
		{name: "CORE_02", objective: "DELETE, confirmable", run: func(c *cell) { c.delete(false) }},
		{name: "CORE_03", objective: "PUT, confirmable", run: func(c *cell) { c.put(false) }},
		{name: "CORE_04", objective: "POST, confirmable", run: func(c *cell) { c.post(false) }},
		{name: "CORE_05", objective: "GET, non-confirmable", run: func(c *cell) { c.get(true) }},
		{name: "CORE_06", objective: "DELETE, non-confirmable", run: func(c *cell) { c.delete(true) }},
		{name: "CORE_07", objective: "PUT, non-confirmable", run: func(c *cell) { c.put(true) }},
		{name: "CORE_08", objective: "POST, non-confirmable", run: func(c *cell) { c.post(true) }},
		{name: "CORE_09", objective: "separate response", run: func(c *cell) { c.separate(nil) }},
		{name: "CORE_10", objective: "non-empty token", run: func(c *cell) {
			x := c.transact(request{method: codes.GET, path: "test", token: token("abcd")}, codes.Content)
			c.checkToken(x)
		}},
		{name: "CORE_11", objective: "non-empty token, separate response", run: func(c *cell) {
			c.checkToken(c.separate(token("abcd")))
		}},
		{name: "CORE_12", objective: "empty token", run: func(c *cell) {
			x := c.transact(request{method: codes.GET, path: "test", token: token("")}, codes.Content)
			c.check(len(x.req.Token) == 0, "token %x", x.req.Token)
		}},
		{name: "CORE_13", objective: "several Uri-Path options", run: func(c *cell) {
			x := c.transact(request{method: codes.GET, path: "seg1/seg2/seg3"}, codes.Content)
			c.check(len(x.req.values(message.URIPath)) == 3, "Uri-Path %q", x.req.values(message.URIPath))
		}},
		{name: "CORE_14", objective: "several Uri-Query options", run: func(c *cell) {
			c.transact(request{method: codes.GET, path: "query", query: []string{"first=1", "second=2", "third=3"}}, codes.Content)
		}},
		{name: "CORE_15", objective: "lost request, lost piggybacked response", lossy: true, run: lostPiggybacked},
		{name: "CORE_16", objective: "lost messages around a separate response", lossy: true, run: lostSeparate},
		{name: "CORE_17", objective: "separate response, non-confirmable", run: separateNon},
		{name: "CORE_18", objective: "Location-Path", run: func(c *cell) {
			r := request{method: codes.POST, path: "test", format: format(message.TextPlain), body: "make it"}
			got := c.transact(r, codes.Created).resp().values(message.LocationPath)
			c.check(strings.Join(got, " ") == "location1 location2 location3", "Location-Path %q", got)
		}},
		{name: "CORE_19", objective: "Location-Query", run: func(c *cell) {
			r := request{method: codes.POST, path: "location-query", format: format(message.TextPlain), body: "make it"}
			got := c.transact(r, codes.Created).resp().values(message.LocationQuery)
			c.check(strings.Join(got, " ") == "first=1 second=2", "Location-Query %q", got)
		}},
		{name: "CORE_20", objective: "Accept", run: func(c *cell) {
			r := request{method: codes.GET, path: "multi-format"}
			bodies := make(map[string]bool)
			for _, m := range []message.MediaType{message.TextPlain, message.AppXML} {
				r.accept = format(m)
				resp := c.transact(r, codes.Content).resp()
				c.check(resp.format() == int(m), "Content-Format %d, asked for %d", resp.format(), m)
				bodies[string(resp.Payload)] = true
			}
			c.check(len(bodies) == 2, "both formats are %v", bodies)
		}},
		{name: "CORE_21", objective: "ETag", run: validation},
		{name: "CORE_22", objective: "If-Match", run: ifMatch},
		{name: "CORE_23", objective: "If-None-Match", run: func(c *cell) {
			r := request{method: codes.PUT, path: "create1", format: format(message.TextPlain), body: "first", ifNoneMatch: true}
			c.transact(r, codes.Created)
			c.holds("create1", "first")
			r.body = "second"
			c.transact(r, codes.PreconditionFailed)
			c.holds("create1", "first")
		}},
		{name: "CORE_31", objective: "ping", run: ping},
	}
}

func token(s string) *string { return &s }

func (c *cell) checkToken(x *exchange) {
	n := len(x.req.Token)
	c.check(n >= 1 && n <= 8, "token of %d bytes", n)
}

func (c *cell) get(non bool) {
	c.transact(request{method: codes.GET, path: "test", non: non}, codes.Content)
}

func (c *cell) delete(non bool) {
	c.transact(request{method: codes.DELETE, path: "test", non: non}, codes.Deleted)
	s := c.another(request{method: codes.GET, path: "test"})
	c.check(s.code == codes.NotFound, "what was deleted is still %v", s.code)
}

func (c *cell) put(non bool) {
	r := request{method: codes.PUT, path: "test", non: non, format: format(message.TextPlain), body: "put it"}
	c.transact(r, codes.Changed, codes.Created)
	c.holds("test", r.body)
}

func (c *cell) post(non bool) {
	r := request{method: codes.POST, path: "test", non: non, format: format(message.TextPlain), body: "post it"}
	c.transact(r, codes.Created, codes.Changed)
}

// separate is a GET whose response comes when it was acknowledged already.
func (c *cell) separate(token *string) *exchange {
	r := request{method: codes.GET, path: "separate", token: token}
	s := c.do(r)
	x := c.exchange(r)
	c.checkRequest(x.req, r)
	c.check(x.empty != nil, "the request was not acknowledged")
	resp := x.resp()
	c.check(resp.Type == message.Confirmable, "the response is %v", resp.Type)
	c.checkContent(resp, codes.Content)
	c.check(resp.first.Sub(x.req.first) > 900*time.Millisecond, "the response came after %v", resp.first.Sub(x.req.first))
	c.checkShown(s, resp)
	acked := c.eventually(10*time.Second, func() bool {
		x = c.exchange(r)
		ack := x.acked(x.resp())
		return ack != nil && ack.Type == message.Acknowledgement
	})
	c.check(acked, "the response was not acknowledged")
	return x
}

func separateNon(c *cell) {
	r := request{method: codes.GET, path: "separate", non: true}
	s := c.do(r)
	x := c.exchange(r)
	c.checkRequest(x.req, r)
	c.check(x.empty == nil, "NON was acknowledged")
	c.check(x.resp().Type == message.NonConfirmable, "the response is %v", x.resp().Type)
	c.checkContent(x.resp(), codes.Content)
	c.checkShown(s, x.resp())
}

// lostPiggybacked loses the request, and then the response.
func lostPiggybacked(c *cell) {
	r := request{method: codes.GET, path: "test"}
	for _, d := range []netsim.Direction{netsim.Up, netsim.Down} {
		c.lose(d, 1)
		x := c.transact(r, codes.Content)
		c.check(x.req.sent >= 2, "%v was lost, the request was sent %d times", d, x.req.sent)
	}
}

// lostSeparate loses the request, its acknowledgement, the response, and the response's
// acknowledgement.
func lostSeparate(c *cell) {
	for _, lost := range []struct {
		what string
		dir  netsim.Direction
		n    int
	}{
		{"request", netsim.Up, 1},
		{"acknowledgement", netsim.Down, 1},
		{"response", netsim.Down, 2},
		{"acknowledgement of the response", netsim.Up, 2},
	} {
		c.settle(1500 * time.Millisecond) // what a server that forgot a request makes of its repetition
		c.lose(lost.dir, lost.n)
		x := c.separate(nil)
		switch lost.what {
		case "request":
			c.check(x.req.sent >= 2, "the lost request was sent %d times", x.req.sent)
		case "acknowledgement":
			// Repeated, or made needless by the response.
			c.check(x.empty.arrived < x.empty.sent, "no acknowledgement was lost")
			stopped := x.req.last.Before(x.resp().first.Add(time.Second))
			c.check(stopped, "the request was repeated after its response")
		default:
			again := c.eventually(15*time.Second, func() bool { return c.exchange(request{method: codes.GET, path: "separate"}).resp().sent >= 2 })
			c.check(again, "%s was lost, and the response not repeated", lost.what)
		}
	}
}

func validation(c *cell) {
	r := request{method: codes.GET, path: "validate"}
	first := c.transact(r, codes.Content).resp()
	tags := first.values(message.ETag)
	if len(tags) != 1 {
		c.fatal("ETag %x", tags)
	}
	r.etag = tags[0]
	valid := c.transact(r, codes.Valid).resp()
	c.check(len(valid.Payload) == 0 && valid.values(message.ETag)[0] == r.etag, "2.03 is %v", valid)
	c.another(request{method: codes.PUT, path: "validate", format: format(message.TextPlain), body: "changed"})
	changed := c.transact(r, codes.Content).resp()
	tags = changed.values(message.ETag)
	c.check(len(tags) == 1 && tags[0] != r.etag, "ETag of the change: %x", tags)
	c.check(string(changed.Payload) == "changed", "the change is %q", changed.Payload)
}

func ifMatch(c *cell) {
	get := request{method: codes.GET, path: "validate"}
	put := request{method: codes.PUT, path: "validate", format: format(message.TextPlain)}
	tag := func() string {
		tags := c.transact(get, codes.Content).resp().values(message.ETag)
		if len(tags) != 1 {
			c.fatal("ETag %x", tags)
		}
		return tags[0]
	}
	put.ifMatch, put.body = tag(), "one"
	c.transact(put, codes.Changed)
	c.holds("validate", "one")
	stale := tag()
	put.ifMatch, put.body = "", "two"
	c.transact(put, codes.Changed)
	c.holds("validate", "two")
	put.ifMatch, put.body = stale, "three"
	c.transact(put, codes.PreconditionFailed)
	c.holds("validate", "two")
}

func ping(c *cell) {
	c.client.ping(c)
	pong := func() bool {
		for _, d := range c.list() {
			if d.dir == netsim.Up && d.Code == codes.Empty && d.Type == message.Confirmable && len(d.raw) == 4 {
				for _, back := range c.list() {
					if back.dir == netsim.Down && len(back.raw) == 4 && back.Type == message.Reset && back.MessageID == d.MessageID && back.arrived > 0 {
						return true
					}
				}
			}
		}
		return false
	}
	c.check(c.eventually(40*time.Second, pong), "no empty CON of four bytes was answered by RST")
}
