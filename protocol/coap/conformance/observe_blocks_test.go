package conformance

import (
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
)

// observeLarge checks that notifications begin a transfer, which the client ends.
func observeLarge(c *cell) {
	rel := c.register(request{path: "obs-large"})
	for range 3 {
		s, ok := rel.next(c, c.wanted())
		c.check(ok && len(s.body) == largeSize && whole(s.body), "shown is %q, %v", brief(s.body), ok)
	}
	c.checkNews(rel)
	for _, d := range c.news(rel) {
		c.checkFirstBlock(d)
	}
	c.checkRest(rel)
}

func (c *cell) checkFirstBlock(d *datagram) {
	b, ok := d.block(message.Block2)
	c.check(ok && b.num == 0 && b.more && len(d.Payload) == b.size, "Block2 %v, %+v, %d bytes", ok, b, len(d.Payload))
}

// checkRest checks that the client asked for further blocks, without Observe.
func (c *cell) checkRest(rel *relation) {
	rest := 0
	for _, x := range c.exchanges(rel.r) {
		if b, ok := x.req.block(message.Block2); ok && b.num > 0 {
			rest++
			c.check(!x.req.has(message.Observe), "request for a block has Observe")
		}
	}
	c.check(rest >= 1, "%d further blocks were asked for", rest)
}

// observePumping goes on until both sizes were notified, and until both began an
// observation.
func observePumping(c *cell) {
	var begun [2]bool // without and with blocks
	for range 12 {
		rel := c.register(request{path: "obs-pumping"})
		first := c.news(rel)[0]
		blocks := 0
		if first.has(message.Block2) {
			blocks = 1
		}
		if !begun[blocks] {
			begun[blocks] = true
			c.pump(rel)
		}
		if begun[0] && begun[1] {
			return
		}
		rel.off(c)
		time.Sleep(300 * time.Millisecond) // out of step with the resource's second
	}
	c.fatal("observations began without and with blocks: %v", begun)
}

func (c *cell) pump(rel *relation) {
	var seen [2]bool
	for range 8 {
		s, ok := rel.next(c, c.wanted())
		c.check(ok && whole(s.body), "shown is %q, %v", brief(s.body), ok)
		if len(s.body) == largeSize {
			seen[1] = true
		} else {
			seen[0] = true
		}
		if seen[0] && seen[1] {
			break
		}
	}
	c.check(seen[0] && seen[1], "small and large ones: %v", seen)
	for _, d := range c.news(rel) {
		if d.has(message.Block2) {
			c.checkFirstBlock(d)
		}
	}
	c.checkNews(rel)
	c.checkRest(rel)
}
