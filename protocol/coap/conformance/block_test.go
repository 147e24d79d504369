package conformance

import (
	"strings"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// largeSize is that of /large: three blocks of the 512 bytes that our server chooses, two
// of 1024, and not too many of 16. uploadSize is what clients send.
const (
	largeSize  = 1300
	uploadSize = 2100
)

// blockRows are TD_COAP_BLOCK_01 to 06.
func blockRows() []row {
	return []row{
		{name: "BLOCK_01", objective: "GET in blocks, early negotiation", run: func(c *cell) { c.getLarge(64) }},
		{name: "BLOCK_02", objective: "GET in blocks, late negotiation", run: func(c *cell) { c.getLarge(0) }},
		{name: "BLOCK_03", objective: "PUT in blocks", run: func(c *cell) {
			r := request{method: codes.PUT, path: "large-update", format: format(message.TextPlain), body: large(uploadSize, 3)}
			c.do(r)
			c.check(c.upload(c.exchanges(r), codes.Changed) == r.body, "another body went")
			c.holds("large-update", r.body)
		}},
		{name: "BLOCK_04", objective: "POST in blocks, that creates", run: createLarge},
		{name: "BLOCK_05", objective: "POST in blocks both ways", run: postLarge},
		{name: "BLOCK_06", objective: "GET in blocks of 16 bytes", run: func(c *cell) { c.getLarge(16) }},
	}
}

func (c *cell) getLarge(block int) {
	r := request{method: codes.GET, path: "large", block: block}
	s := c.do(r)
	body := c.download(c.exchanges(r), block, codes.Content)
	c.check(len(body) == largeSize && whole(body), "/large is %q", brief(body))
	c.check(s.body == body, "client shows %q", brief(s.body))
}

func createLarge(c *cell) {
	r := request{method: codes.POST, path: "large-create", format: format(message.TextPlain), body: large(uploadSize, 4)}
	c.do(r)
	xs := c.exchanges(r)
	c.check(c.upload(xs, codes.Created) == r.body, "another body went")
	place := xs[len(xs)-1].resp().values(message.LocationPath)
	c.check(len(place) == 2 && place[0] == "large-create" && place[1] != "" && !strings.Contains(place[1], "/"), "Location-Path %q", place)
	s := c.do(request{method: codes.GET, path: strings.Join(place, "/")})
	c.check(s.body == r.body, "at %q is %q", place, brief(s.body))
}

// postLarge sends a body and is answered by the same turned round.
func postLarge(c *cell) {
	r := request{method: codes.POST, path: "large-post", format: format(message.TextPlain), body: large(uploadSize, 5)}
	s := c.do(r)
	xs := c.exchanges(r)
	up := 0
	for up < len(xs) && xs[up].req.has(message.Block1) {
		up++
	}
	c.check(c.upload(xs[:up], codes.Changed) == r.body, "another body went")
	for _, x := range xs[up:] {
		c.check(len(x.req.Payload) == 0, "request for a block of the response has a payload")
		c.check(x.req.format() == xs[0].req.format(), "request for a block of the response has Content-Format %d, not %d", x.req.format(), xs[0].req.format())
	}
	back := c.download(xs[max(up-1, 0):], 0, codes.Changed)
	var want strings.Builder
	for i := range r.body {
		want.WriteByte(r.body[len(r.body)-1-i])
	}
	c.check(back == want.String(), "back came %q", brief(back))
	c.check(s.body == back, "client shows %q", brief(s.body))
}
