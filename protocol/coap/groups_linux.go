package coap

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// groups are the memberships of an endpoint in the multicast groups, and the sockets
// for them. The endpoint's own socket serves them if it is bound to any address and
// the groups' port; else each group has one, and an IPv6 group of the link one for
// each interface.
type groups struct {
	conn *udpConn
	port uint16
	log  *slog.Logger

	mu      sync.Mutex
	closed  bool
	sockets map[netip.Addr]*udpConn // by the group, with its zone if it has one
	joined  map[memberKey]bool

	complaint string
}

// memberKey is a membership; an interface that comes again has another index.
type memberKey struct {
	group netip.Addr
	index int
}

func newGroups(conn *udpConn, port uint16, log *slog.Logger) *groups {
	return &groups{
		conn: conn, port: port, log: log,
		sockets: make(map[netip.Addr]*udpConn),
		joined:  make(map[memberKey]bool),
	}
}

// refresh joins the groups on interfaces that are new and leaves those that are gone.
// It returns the sockets that have to be read from now on, until they are closed.
func (g *groups) refresh() (fresh []PacketConn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil
	}
	wanted, failed := reachable(g.conn.local.Addr(), nil)
	g.leave(wanted)
	for _, m := range wanted {
		key := memberKey{m.group, m.iface.Index}
		if g.joined[key] {
			continue
		}
		s, isNew, err := g.socket(m)
		if err == nil {
			err = s.join(m)
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("%v on %s: %w", m.group, m.iface.Name, err))
		} else {
			g.joined[key] = true
		}
		if isNew {
			fresh = append(fresh, s)
		}
	}
	g.complain(failed)
	return fresh
}

// leave forgets the memberships that are not wanted any more; the system ended them.
func (g *groups) leave(wanted []membership) {
	for key := range g.joined {
		if slices.ContainsFunc(wanted, func(m membership) bool { return key == memberKey{m.group, m.iface.Index} }) {
			continue
		}
		delete(g.joined, key)
		if s := g.sockets[key.group]; s != nil && key.group.Zone() != "" {
			delete(g.sockets, key.group)
			_ = s.Close() // nothing was sent by it
		}
	}
}

// complain logs what failed, once until it is something else.
func (g *groups) complain(failed error) {
	text := ""
	if failed != nil {
		text = failed.Error()
	}
	if text != g.complaint && text != "" {
		g.log.Warn("coap: multicast reaches this program not everywhere", "err", failed)
	}
	g.complaint = text
}

// socket is the one that gets what comes to the group of m.
func (g *groups) socket(m membership) (s *udpConn, isNew bool, err error) {
	if own := g.conn.local; own.Addr().IsUnspecified() && own.Port() == g.port {
		return g.conn, false, nil
	}
	if s := g.sockets[m.group]; s != nil {
		return s, false, nil
	}
	s, err = openGroup(m, g.port)
	if err != nil {
		return nil, false, err
	}
	g.sockets[m.group] = s
	return s, true, nil
}

func (g *groups) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for _, s := range g.sockets {
		_ = s.Close()
	}
}

// openGroup opens a socket bound to a group, so that nothing but what is sent to that
// comes to it, and the port stays free for other addresses. Package net would bind it to
// any address instead. Several programs of a machine may listen to a group.
func openGroup(m membership, port uint16) (*udpConn, error) {
	family := unix.AF_INET6
	if m.group.Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("coap: open a socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), m.group.String())
	defer file.Close()
	if err := bindGroup(fd, m, port); err != nil {
		return nil, fmt.Errorf("coap: bind port %d of the group: %w", port, err)
	}
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, fmt.Errorf("coap: socket of a group: %w", err)
	}
	return newUDPConn(conn.(*net.UDPConn))
}

func bindGroup(fd int, m membership, port uint16) error {
	ownGroups(fd)
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if m.group.Is4() {
		return unix.Bind(fd, &unix.SockaddrInet4{Port: int(port), Addr: m.group.As4()})
	}
	to := unix.SockaddrInet6{Port: int(port), Addr: m.group.As16()}
	if m.group.Zone() != "" {
		to.ZoneId = uint32(m.iface.Index)
	}
	return unix.Bind(fd, &to)
}

// join makes the socket a member. It may be one already, of an interface that was
// down.
func (c *udpConn) join(m membership) error {
	err := c.control(func(fd int) error {
		if m.group.Is4() {
			return unix.SetsockoptIPMreqn(fd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP,
				&unix.IPMreqn{Multiaddr: m.group.As4(), Ifindex: int32(m.iface.Index)})
		}
		return unix.SetsockoptIPv6Mreq(fd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP,
			&unix.IPv6Mreq{Multiaddr: m.group.As16(), Interface: uint32(m.iface.Index)})
	})
	if errors.Is(err, unix.EADDRINUSE) {
		return nil
	}
	return err
}
