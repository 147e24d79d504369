package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/netsim"
)

// observeRows are TD_COAP_OBS_01, 02 and 04 to 14.
func observeRows() []row {
	return []row{
		{name: "OBS_01", objective: "confirmable notifications", run: func(c *cell) { c.observing(request{path: "obs"}) }},
		{name: "OBS_02", objective: "non-confirmable notifications", run: func(c *cell) { c.observing(request{path: "obs-non", non: true}) }},
		{name: "OBS_04", objective: "client finds out that the server forgot (Max-Age)", run: renewal},
		{name: "OBS_05", objective: "server finds out that the client is off", run: clientOff},
		{name: "OBS_06", objective: "server is told by RST", run: clientReboots},
		{name: "OBS_07", objective: "DELETE ends it", run: func(c *cell) {
			c.lastWord(request{method: codes.DELETE, path: "obs"}, codes.NotFound)
		}},
		{name: "OBS_08", objective: "another Content-Format ends it", run: func(c *cell) {
			c.lastWord(request{method: codes.PUT, path: "obs", format: format(message.AppJSON), body: "{}"}, codes.NotAcceptable)
		}},
		{name: "OBS_09", objective: "update of what is observed", run: updating},
		{name: "OBS_10", objective: "another GET does not cancel", run: anotherGet},
		{name: "OBS_11", objective: "lost notification", lossy: true, run: lostNotifications},
		{name: "OBS_12", objective: "Observe 1 cancels", run: cancellation},
		{name: "OBS_13", objective: "notifications in blocks", run: observeLarge},
		{name: "OBS_14", objective: "notifications with and without blocks", run: observePumping},
	}
}

// relation is what a row follows: one observation and its registration.
type relation struct {
	observation
	r   request
	req *datagram // the registration
}

// wanted is the patience for one notification: they come each second.
func (c *cell) wanted() time.Duration {
	if c.loss > 0 {
		return 20 * time.Second
	}
	return 10 * time.Second
}

// register lets the client observe and checks how that begins.
func (c *cell) register(r request) *relation {
	r.method = codes.GET
	if r.span == 0 {
		r.span = 2 * time.Minute
	}
	rel := &relation{r: r}
	attempts := 1
	if r.non {
		attempts = 5 // a lost one is lost for good
	}
	for ok := false; !ok; attempts-- {
		if attempts == 0 {
			c.fatal("nothing came of the registration")
		}
		rel.observation = c.client.observe(c, r)
		_, ok = rel.next(c, c.wanted()/time.Duration(attempts))
	}
	x := c.registration(r)
	rel.req = x.req
	c.checkRequest(x.req, r)
	resp := x.resps[0]
	c.check(r.non || resp.Type == message.Acknowledgement && resp.MessageID == x.req.MessageID, "response to the registration is %v", resp)
	c.check(resp.has(message.Observe), "response to the registration has no Observe")
	c.checkContent(resp, codes.Content)
	return rel
}

// registration is the last GET with Observe 0 that was answered.
func (c *cell) registration(r request) *exchange {
	for _, x := range slices.Backward(c.exchanges(r)) {
		if v, ok := x.req.uint(message.Observe); ok && v == 0 && x.resp() != nil {
			return x
		}
	}
	c.fatal("the tap saw no answered GET with Observe 0")
	return nil
}

// news are the response to the registration and the notifications, in the order they
// were sent. Further piggybacked responses are to other requests with that token.
func (c *cell) news(rel *relation) []*datagram {
	var all []*datagram
	for _, d := range c.list() {
		if d.isResponse() && d.client == rel.req.client && bytes.Equal(d.Token, rel.req.Token) && d.order > rel.req.order &&
			(len(all) == 0 || d.Type != message.Acknowledgement) {
			all = append(all, d)
		}
	}
	return all
}

// follow reads n notifications and checks everything that was sent so far.
func (c *cell) follow(rel *relation, n int) {
	for range n {
		if s, ok := rel.next(c, c.wanted()); !ok || s.body == "" {
			c.fatal("notification: shown is %q, %v", s.body, ok)
		}
	}
	c.checkNews(rel)
}

// checkNews checks type, code, format, order and acknowledgement of notifications.
func (c *cell) checkNews(rel *relation) {
	all := c.news(rel)
	c.check(len(all) > 1, "no notification")
	var prev uint32
	for i, d := range all {
		c.check(d.Code == codes.Content && d.format() == all[0].format(), "notification %v", d)
		observe, ok := d.uint(message.Observe)
		c.check(ok && (i == 0 || (observe-prev)&(1<<24-1) < 1<<23 && observe != prev), "Observe %d after %d, %v", observe, prev, ok)
		prev = observe
		if i == 0 {
			continue
		}
		if rel.r.non {
			// One in a while may be confirmable (RFC 7641 section 4.5).
			c.check(d.Type == message.NonConfirmable || c.acknowledged(d), "notification %v", d)
			continue
		}
		c.check(d.Type == message.Confirmable, "notification %v", d)
		c.check(c.acknowledged(d) || i == len(all)-1, "notification %d was not acknowledged", observe)
	}
}

// acknowledged waits a little for the client's ACK.
func (c *cell) acknowledged(d *datagram) bool { return c.reaction(d, message.Acknowledgement) }

func (c *cell) reaction(d *datagram, typ message.Type) bool {
	return c.eventually(2*time.Second, func() bool {
		return slices.ContainsFunc(c.list(), func(a *datagram) bool {
			return a.dir == netsim.Up && a.client == d.client && a.Code == codes.Empty && a.Type == typ && a.MessageID == d.MessageID && !a.isDTLS()
		})
	})
}

// silent checks that no notification is sent for three seconds from now, but for
// repetitions of one under way.
func (c *cell) silent(rel *relation) {
	before := len(c.news(rel))
	quiet := !c.eventually(3*time.Second, func() bool { return len(c.news(rel)) > before })
	c.check(quiet, "notifications go on")
}

func (c *cell) observing(r request) {
	c.follow(c.register(r), 3)
}

func renewal(c *cell) {
	rel := c.register(request{path: "obs", renews: true})
	c.follow(rel, 2)
	c.boot() // another server in the place of the one that has the relation
	before := len(c.list())
	again := func() *exchange {
		for _, x := range c.exchanges(rel.r) {
			if x.req.order >= before && x.req.has(message.Observe) && x.resp() != nil {
				return x
			}
		}
		return nil
	}
	if !c.eventually(90*time.Second, func() bool { return again() != nil }) {
		c.fatal("the client did not register again")
	}
	x := again()
	c.check(bytes.Equal(x.req.Token, rel.req.Token), "it registered again with token %x, not %x", x.req.Token, rel.req.Token)
	observe, ok := x.req.uint(message.Observe)
	c.check(ok && observe == 0 && x.req.Type == message.Confirmable, "the second registration is %v", x.req)
	rel.req = x.req
	c.check(c.eventually(c.wanted(), func() bool { return len(c.news(rel)) > 2 }), "no notifications after it")
	c.checkNews(rel)
	c.until(rel, string(c.news(rel)[len(c.news(rel))-1].Payload))
}

func clientOff(c *cell) {
	rel := c.register(request{path: "obs"})
	c.follow(rel, 2)
	rel.off(c)
	seen := c.downs()
	c.check(c.eventually(10*time.Second, func() bool { return c.downs() >= seen+3 }), "nothing is repeated to a client that is off")
	last := time.Now()
	ended := c.eventually(80*time.Second, func() bool {
		if n := c.downs(); n != seen {
			seen, last = n, time.Now()
		}
		return time.Since(last) > 12*time.Second
	})
	c.check(ended, "the server goes on for a client that is off")
	all := c.news(rel)
	unheard := 0
	for _, d := range all[1:] {
		if !c.reactionSeen(d) {
			unheard++
		}
	}
	c.check(unheard >= 2, "the retransmissions have no newer Observe: %d were not acknowledged", unheard)
}

func (c *cell) reactionSeen(d *datagram) bool {
	return slices.ContainsFunc(c.list(), func(a *datagram) bool {
		return a.dir == netsim.Up && a.client == d.client && a.Code == codes.Empty && a.MessageID == d.MessageID && !a.isDTLS()
	})
}

func clientReboots(c *cell) {
	rel := c.register(request{path: "obs"})
	c.follow(rel, 2)
	rel.off(c)
	rel.reboot(c)
	rejected := c.eventually(c.wanted(), func() bool {
		return slices.ContainsFunc(c.list(), func(d *datagram) bool {
			return d.dir == netsim.Up && d.client == rel.req.client && d.Type == message.Reset && len(d.raw) == 4 && d.arrived > 0
		})
	})
	c.check(rejected, "no RST")
	c.silent(rel)
}

// lastWord changes what is observed so that the relation ends with a notification.
func (c *cell) lastWord(change request, code codes.Code) {
	rel := c.register(request{path: "obs"})
	c.follow(rel, 2)
	c.another(change)
	word := func() *datagram {
		for _, d := range c.news(rel) {
			if d.Code == code {
				return d
			}
		}
		return nil
	}
	if !c.eventually(c.wanted(), func() bool { return word() != nil && word().arrived > 0 }) {
		c.fatal("no notification %v", code)
	}
	c.check(word().Type == message.Confirmable && !word().has(message.Observe), "the last word is %v", word())
	c.check(c.reaction(word(), message.Acknowledgement) || c.reaction(word(), message.Reset), "the last word was not acknowledged")
	c.silent(rel)
}

func updating(c *cell) {
	rel := c.register(request{path: "obs"})
	c.follow(rel, 2)
	for i := range 2 {
		value := fmt.Sprintf("new value %d", i)
		c.another(request{method: codes.PUT, path: "obs", format: format(message.TextPlain), body: value})
		c.until(rel, value)
	}
	c.checkNews(rel)
	c.check(slices.ContainsFunc(c.news(rel), func(d *datagram) bool { return string(d.Payload) == "new value 1" }), "no such notification")
}

// until reads until the client shows the body.
func (c *cell) until(rel *relation, body string) {
	for range 20 {
		s, ok := rel.next(c, c.wanted())
		if !ok {
			break
		}
		if s.body == body {
			return
		}
	}
	c.fatal("the client never showed %q", body)
}

func anotherGet(c *cell) {
	rel := c.register(request{path: "obs", asks: true})
	c.follow(rel, 2)
	r := request{method: codes.GET, path: "obs"}
	rel.get(c, r)
	var other *exchange
	ok := c.eventually(c.wanted(), func() bool {
		for _, x := range c.exchanges(r) {
			if !x.req.has(message.Observe) && x.resp() != nil && x.req.client == rel.req.client {
				other = x
			}
		}
		return other != nil
	})
	if !ok {
		c.fatal("no second GET from %v", rel.req.client)
	}
	c.check(!bytes.Equal(other.req.Token, rel.req.Token), "the same token")
	resp := other.resp()
	c.check(resp.Type == message.Acknowledgement && !resp.has(message.Observe), "response is %v", resp)
	c.checkContent(resp, codes.Content)
	before := len(c.news(rel))
	c.check(c.eventually(c.wanted(), func() bool { return len(c.news(rel)) > before+1 }), "notifications have ended")
	c.checkNews(rel)
}

// lostNotifications loses a notification and checks that a
// server has one notification under way, not more.
func lostNotifications(c *cell) {
	rel := c.register(request{path: "obs"})
	c.follow(rel, 1)
	before := len(c.news(rel))
	c.lose(netsim.Down, 1)
	c.check(c.eventually(c.wanted(), func() bool { return len(c.news(rel)) > before+2 }), "nothing came after a loss")
	all := c.news(rel)[1:]
	repeated := false
	for i, d := range all {
		repeated = repeated || d.sent > 1
		// Repeating an older one ends when a newer one is sent.
		c.check(i == 0 || !all[max(i-1, 0)].last.After(d.first), "two notifications are active, the second is %v", d)
	}
	c.check(repeated, "nothing was sent again")
	c.follow(rel, 1)
}

func cancellation(c *cell) {
	rel := c.register(request{path: "obs", span: 4 * time.Second})
	c.follow(rel, 2)
	rel.cancel(c)
	var last *exchange
	ok := c.eventually(c.wanted(), func() bool {
		for _, x := range c.exchanges(rel.r) {
			if v, has := x.req.uint(message.Observe); has && v == 1 && x.resp() != nil {
				last = x
			}
		}
		return last != nil
	})
	if !ok {
		c.fatal("no GET with Observe 1 was answered")
	}
	c.check(bytes.Equal(last.req.Token, rel.req.Token) && last.req.Type == message.Confirmable, "it is %v", last.req)
	resp := last.resp()
	c.check(resp.Type == message.Acknowledgement && resp.MessageID == last.req.MessageID && !resp.has(message.Observe), "response is %v", resp)
	c.checkContent(resp, codes.Content)
	c.silent(rel)
}
