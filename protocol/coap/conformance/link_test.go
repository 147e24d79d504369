package conformance

import (
	"slices"
	"strings"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

const core = ".well-known/core"

// empty has an attribute rt that is empty.
const empty = "/nothing"

// linkRows are TD_COAP_LINK_01 to 09.
func linkRows() []row {
	has := func(name string) func(coap.Link) bool {
		return func(l coap.Link) bool { v, _ := l.Get(name); return v != "" }
	}
	return []row{
		{name: "LINK_01", objective: "/.well-known/core", run: func(c *cell) {
			links := c.links(core)
			for _, path := range paths() {
				there := slices.ContainsFunc(links, func(l coap.Link) bool { return l.Target == "/"+path })
				c.check(there, "/%s is not listed", path)
			}
		}},
		{name: "LINK_02", objective: "filter rt=Type1", run: func(c *cell) {
			c.filter("rt=Type1", 2, func(l coap.Link) bool { return l.Has("rt", "Type1") })
		}},
		{name: "LINK_03", objective: "filter rt=*", run: func(c *cell) { c.filter("rt=*", 3, has("rt")) }},
		{name: "LINK_04", objective: "filter on one of several rt", run: func(c *cell) {
			c.filter("rt=Type2", 2, func(l coap.Link) bool { return l.Has("rt", "Type2") })
		}},
		{name: "LINK_05", objective: "filter if=If*", run: func(c *cell) {
			c.filter("if=If*", 2, func(l coap.Link) bool { v, _ := l.Get("if"); return strings.HasPrefix(v, "If") })
		}},
		{name: "LINK_06", objective: "filter sz=*", run: func(c *cell) { c.filter("sz=*", 1, has("sz")) }},
		{name: "LINK_07", objective: "filter href=/link1", run: func(c *cell) {
			c.filter("href=/link1", 1, func(l coap.Link) bool { return l.Target == "/link1" })
		}},
		{name: "LINK_08", objective: "filter href=/link*", run: func(c *cell) {
			c.filter("href=/link*", 3, func(l coap.Link) bool { return strings.HasPrefix(l.Target, "/link") })
		}},
		{name: "LINK_09", objective: "links in a hierarchy", run: hierarchy},
	}
}

// paths are the resources that every server has.
func paths() []string {
	return []string{
		"test", "separate", "seg1/seg2/seg3", "query", "location-query", "multi-format", "validate", "create1",
		"large", "large-update", "large-create", "large-post", "obs", "obs-non", "obs-large", "obs-pumping",
		"path", "link1", "link2", "link3", "nothing", "secure",
	}
}

// links asks for link format, which may come in blocks.
func (c *cell) links(path string, query ...string) []coap.Link {
	r := request{method: codes.GET, path: path, query: query}
	s := c.do(r)
	x := c.exchange(r)
	resp := x.resp()
	c.checkContent(resp, codes.Content)
	c.check(resp.format() == int(message.AppLinkFormat), "Content-Format %d", resp.format())
	c.check(slices.Equal(x.req.values(message.URIQuery), query), "Uri-Query %q", x.req.values(message.URIQuery))
	c.checkShown(s, resp)
	links, err := coap.ParseLinks([]byte(s.body))
	c.must(err)
	return links
}

// filter compares what comes to a filter with those n of all links that ok picks.
func (c *cell) filter(query string, n int, ok func(coap.Link) bool) {
	var want, got []string
	for _, l := range c.links(core) {
		if ok(l) {
			want = append(want, l.Target)
		}
	}
	for _, l := range c.links(core, query) {
		if l.Target != empty { // RFC 6690 does not say whether nothing begins with nothing
			got = append(got, l.Target)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	c.check(len(want) == n, "the server has %q for ?%s", want, query)
	c.check(slices.Equal(got, want), "?%s gives %q, not %q", query, got, want)
}

func hierarchy(c *cell) {
	isPath := func(l coap.Link) bool { ct, _ := l.Get("ct"); return l.Target == "/path" && ct == "40" }
	c.check(slices.ContainsFunc(c.links(core), isPath), "no </path>;ct=40")
	sub := c.links("path")
	c.check(len(sub) == 3, "/path lists %v", sub)
	for _, l := range sub {
		path := strings.TrimPrefix(l.Target, "/")
		x := c.transact(request{method: codes.GET, path: path}, codes.Content)
		c.check(string(x.resp().Payload) == l.Target, "%s is %q", l.Target, x.resp().Payload)
	}
}
