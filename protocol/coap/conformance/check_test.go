package conformance

import (
	"fmt"
	"slices"
	"strings"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
)

// format is one to point at.
func format(m message.MediaType) *message.MediaType { return &m }

// transact has the client send r and checks what every row says of a request and its
// response: one of the codes, piggybacked or, to NON, as NON. The response's content
// has a format, and is what the client shows.
func (c *cell) transact(r request, want ...codes.Code) *exchange {
	s := c.do(r)
	x := c.exchange(r)
	c.checkRequest(x.req, r)
	resp := x.resp()
	if r.non {
		c.check(resp.Type == message.NonConfirmable, "response to NON is %v", resp.Type)
		c.check(x.empty == nil, "NON was acknowledged")
	} else {
		c.check(resp.Type == message.Acknowledgement && resp.MessageID == x.req.MessageID, "response is not piggybacked: %v", resp)
	}
	c.checkContent(resp, want...)
	c.checkShown(s, resp)
	return x
}

func (c *cell) checkRequest(d *datagram, r request) {
	typ := message.Confirmable
	if r.non {
		typ = message.NonConfirmable
	}
	c.check(d.Type == typ, "request is %v, not %v", d.Type, typ)
	c.check(len(d.Token) <= message.MaxTokenSize, "token of %d bytes", len(d.Token))
	c.check(slices.Equal(d.values(message.URIQuery), r.query), "Uri-Query %q, not %q", d.values(message.URIQuery), r.query)
	c.check(r.format == nil || d.format() == int(*r.format), "Content-Format of the request: %d", d.format())
	accept, ok := d.uint(message.Accept)
	c.check(ok == (r.accept != nil) && (!ok || accept == uint32(*r.accept)), "Accept %d, %v", accept, ok)
	c.check(slices.Equal(d.values(message.ETag), some(r.etag)), "ETag of the request: %x", d.values(message.ETag))
	c.check(slices.Equal(d.values(message.IfMatch), some(r.ifMatch)), "If-Match: %x", d.values(message.IfMatch))
	c.check(d.has(message.IfNoneMatch) == r.ifNoneMatch, "If-None-Match: %v", !r.ifNoneMatch)
}

func some(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// checkContent checks a response's code and that content has a format.
func (c *cell) checkContent(d *datagram, want ...codes.Code) {
	c.check(slices.Contains(want, d.Code), "response %v, not one of %v", d.Code, want)
	if d.Code == codes.Content {
		c.check(len(d.Payload) > 0, "2.05 has no payload")
	}
	// What is told with an error is a diagnostic message, which has none (RFC 7252
	// section 5.5.2).
	c.check(len(d.Payload) == 0 || d.Code >= 128 || d.format() >= 0, "response has a payload and no Content-Format")
}

// checkShown compares what the client displays with a response without blocks.
func (c *cell) checkShown(s shown, d *datagram) {
	if s.code != 0 {
		c.check(s.code == d.Code, "client shows %v, the response is %v", s.code, d.Code)
	}
	if d.Code < 128 && !d.has(message.Block2) {
		c.check(s.body == string(d.Payload), "client shows %q, the response is %q", s.body, d.Payload)
	}
}

// format is the Content-Format, -1 when absent.
func (d *datagram) format() int {
	v, ok := d.uint(message.ContentFormat)
	if !ok {
		return -1
	}
	return int(v)
}

// another is another client's request to the server, past the tap.
func (c *cell) another(r request) shown {
	direct := &cell{row: c.row, pair: c.pair, ctx: c.ctx, addr: c.plain}
	defer direct.clean()
	s, err := vapd{}.do(direct, r)
	if err != nil {
		c.fatal("another client: %v %s: %v", r.method, r.path, err)
	}
	return s
}

// holds checks what the server has at path.
func (c *cell) holds(path, body string) {
	if s := c.another(request{method: codes.GET, path: path}); s.body != body {
		c.check(false, "the server's /%s is %v %q, not %q", path, s.code, brief(s.body), brief(body))
	}
}

func brief(s string) string {
	if len(s) > 64 {
		return fmt.Sprintf("%s... (%d bytes)", s[:64], len(s))
	}
	return s
}

// large is a body of n bytes of which no two parts are alike.
func large(n int, seed uint) string {
	var b strings.Builder
	for b.Len() < n {
		fmt.Fprintf(&b, "%06d-%04d;", seed, b.Len())
	}
	return b.String()[:n]
}

// whole reports whether body is a large one, with no gaps and in the right order.
func whole(body string) bool {
	var seed uint
	_, err := fmt.Sscanf(body, "%06d-", &seed)
	return err == nil && body == large(len(body), seed)
}

// download checks a body that came in blocks (RFC 7959 Block2) and returns it. early is
// the size that the client had to begin with, 0 when it had not.
func (c *cell) download(xs []*exchange, early int, code codes.Code) string {
	var body strings.Builder
	size := 0
	for i, x := range xs {
		asked, has := x.req.block(message.Block2)
		switch {
		case i > 0:
			c.check(has && !asked.more && asked.num*asked.size == body.Len() && asked.size <= size,
				"request %d asks for %+v after %d bytes", i, asked, body.Len())
		case early > 0:
			c.check(has && asked == block{0, false, early}, "first request asks for %+v", asked)
		default:
			c.check(!has, "first request has Block2")
		}
		resp := x.resp()
		if resp == nil {
			c.fatal("no response to %v", x.req)
		}
		b, ok := resp.block(message.Block2)
		last := i == len(xs)-1
		c.check(ok && b.more == !last, "response %d: Block2 %v, %+v", i, ok, b)
		c.check(b.num*b.size == body.Len(), "response %d is block %+v after %d bytes", i, b, body.Len())
		c.check(!has || b.size <= asked.size, "response %d: blocks of %d, asked for %d", i, b.size, asked.size)
		c.check(i < 2 || b.size == size, "response %d: blocks of %d, then %d", i, size, b.size)
		c.check(len(resp.Payload) == b.size || last && len(resp.Payload) <= b.size, "response %d has %d bytes", i, len(resp.Payload))
		c.checkContent(resp, code)
		size = b.size
		body.Write(resp.Payload)
	}
	c.check(len(xs) > 1, "only %d blocks", len(xs))
	return body.String()
}

// upload checks a body that went in blocks (Block1): each answered by 2.31, the last by
// the code. It returns the body.
func (c *cell) upload(xs []*exchange, code codes.Code) string {
	var body strings.Builder
	size := 0
	for i, x := range xs {
		sent, ok := x.req.block(message.Block1)
		last := i == len(xs)-1
		c.check(ok && sent.more == !last, "request %d: Block1 %v, %+v", i, ok, sent)
		c.check(sent.num*sent.size == body.Len(), "request %d is block %+v after %d bytes", i, sent, body.Len())
		c.check(len(x.req.Payload) == sent.size || last && len(x.req.Payload) <= sent.size, "request %d has %d bytes", i, len(x.req.Payload))
		c.check(i < 2 || sent.size == size, "request %d: blocks of %d, then %d", i, size, sent.size)
		resp := x.resp()
		if resp == nil {
			c.fatal("no response to %v", x.req)
		}
		b, ok := resp.block(message.Block1)
		c.check(ok && b.num == sent.num && b.size <= sent.size, "response %d: Block1 %v, %+v to %+v", i, ok, b, sent)
		if last {
			c.check(!b.more, "last response says more")
			c.checkContent(resp, code)
		} else {
			c.check(resp.Code == codes.Continue && b.more, "response %d: %v, more %v", i, resp.Code, b.more)
		}
		size = b.size
		body.Write(x.req.Payload)
	}
	c.check(len(xs) > 2, "only %d blocks", len(xs))
	return body.String()
}

// downs is how many datagrams went to the client, copies included.
func (c *cell) downs() (n int) {
	for _, d := range c.list() {
		if d.dir == netsim.Down {
			n += d.sent
		}
	}
	return n
}
