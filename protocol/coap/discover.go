package coap

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// "All CoAP Nodes" (RFC 7252 section 12.8).
var (
	groupIPv4     = netip.AddrFrom4([4]byte{224, 0, 1, 187})
	groupIPv6Link = netip.AddrFrom16([16]byte{0: 0xff, 1: 0x02, 15: 0xfd})
	groupIPv6Site = netip.AddrFrom16([16]byte{0: 0xff, 1: 0x05, 15: 0xfd})
)

const (
	maxFound       = 1024 // answers of one search; more is a flood
	firstAskAgain  = time.Second
	longestAskWait = time.Minute
)

// Found is an answer to Discover.
type Found struct {
	Peer  Peer
	Links []Link
}

// search collects the answers to one Discover.
type search struct{ answers chan searchAnswer }

type searchAnswer struct {
	from netip.AddrPort
	resp *Response
	more bool // only the first block
}

// offer never waits: what is too much at once is asked for again.
func (s *search) offer(a searchAnswer) {
	select {
	case s.answers <- a:
	default:
	}
}

// Discover asks all CoAP nodes on the interfaces (all usable ones when none is
// named) for their links that match query, for instance "rt=vap-client-registry",
// and calls found for each node's answer until ctx ends or found returns false. A
// node with several addresses may be found at each. It asks again after 1, 2, 4...
// 60 seconds, as nothing else repairs a loss. It returns an error when no interface
// can be used at first, ErrClosed when the Endpoint was closed, and nil when ctx
// ended.
func (e *Endpoint) Discover(ctx context.Context, interfaces []string, query string, found func(Found) bool) error {
	var filters []string
	if query != "" {
		filters = strings.Split(query, "&")
	}
	s := &search{answers: make(chan searchAnswer, 64)}
	tok := newToken()
	e.mu.Lock()
	e.searches[tok] = s
	e.mu.Unlock()
	defer func() {
		e.mu.Lock()
		delete(e.searches, tok)
		e.mu.Unlock()
	}()

	seen := make(map[netip.AddrPort]bool)
	fetched := make(map[netip.AddrPort]bool) // since the group was last asked
	wait := firstAskAgain
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-e.done:
			return ErrClosed
		case <-again.C:
			clear(fetched)
			if err := e.ask(interfaces, tok, filters); err != nil {
				if errors.Is(err, net.ErrClosed) {
					return ErrClosed
				}
				if wait == firstAskAgain {
					return err
				}
				e.cfg.Logger.Debug("coap: cannot ask again", "err", err) // interfaces come and go
			}
			again.Reset(wait)
			wait = min(2*wait, longestAskWait)
		case a := <-s.answers:
			switch links := matchingLinks(a.resp, filters); {
			case seen[a.from] || len(seen) >= maxFound:
			case a.more && (fetched[a.from] || len(fetched) >= cap(s.answers)):
			case a.more:
				fetched[a.from] = true
				e.fetchLinks(ctx, a.from, filters, s)
			case len(links) > 0:
				seen[a.from] = true
				if !found(Found{Peer: e.Peer(a.from), Links: links}) {
					return nil
				}
			}
		}
	}
}

// groupPaths are the ways to the groups. A transport without a UDP socket of ours at its
// bottom has no interfaces.
func (e *Endpoint) groupPaths(interfaces []string) ([]Path, error) {
	if !overUDP(e.conn) {
		return []Path{{Peer: netip.AddrPortFrom(groupIPv4, e.cfg.GroupPort)}}, nil
	}
	members, err := reachable(e.LocalAddr().Addr(), interfaces)
	paths := make([]Path, len(members))
	for i, m := range members {
		paths[i] = Path{Peer: netip.AddrPortFrom(m.group, e.cfg.GroupPort), Local: m.source, Interface: m.iface.Index}
	}
	return paths, err
}

// fetchLinks asks a node that answered with the first of several blocks for all of
// them, off the group.
func (e *Endpoint) fetchLinks(ctx context.Context, node netip.AddrPort, query []string, s *search) {
	req := &Request{Code: codes.GET, Path: wellKnownCore, Query: query}
	e.Start(ctx, e.Peer(node), req, func(resp *Response, err error) {
		if err == nil {
			s.offer(searchAnswer{from: node, resp: resp})
		}
	})
}

// ask sends the request to all groups. It fails when none can be reached.
func (e *Endpoint) ask(interfaces []string, tok token, query []string) error {
	groups, err := e.groupPaths(interfaces)
	if err != nil {
		return err
	}
	var m encoder
	m.start(message.NonConfirmable, codes.GET, uint16(rand.Uint32()), tok)
	m.path(message.URIPath, wellKnownCore)
	for _, q := range query {
		m.text(message.URIQuery, q)
	}
	packet, err := m.finish(nil)
	if err != nil {
		return err
	}
	var failed error
	sent := 0
	for _, g := range groups {
		if err := e.conn.WritePacket(packet, g); err != nil {
			failed = errors.Join(failed, fmt.Errorf("coap: ask %v: %w", g.Peer, err))
			continue
		}
		sent++
	}
	e.mu.Lock()
	e.stats.Sent += uint64(sent)
	e.mu.Unlock()
	if sent == 0 {
		return failed
	}
	return nil
}

func matchingLinks(resp *Response, query []string) []Link {
	format := resp.ContentFormat
	if resp.Code != codes.Content || format != nil && *format != message.AppLinkFormat {
		return nil
	}
	links, err := ParseLinks(resp.Body)
	if err != nil {
		return nil
	}
	return FilterLinks(links, query) // not every server filters
}
