package coap

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// receiveBuffer is asked of the system for each socket, in bytes, so that a burst
// outlives a pause of the reader.
const receiveBuffer = 1 << 20

// udpConn is a UDP socket that knows to which of its addresses a datagram came
// (RFC 3542, IP_PKTINFO).
type udpConn struct {
	conn  *net.UDPConn
	local netip.AddrPort
	ipv6  bool // the socket's family; it may serve IPv4 too
	oob   []byte
}

// listenUDP opens a socket on addr; "::" serves both families, or IPv4 alone where the
// kernel has no IPv6.
func listenUDP(addr netip.AddrPort) (*udpConn, error) {
	if !addr.IsValid() {
		return nil, errors.New("coap: no address to listen on: set Config.Addr")
	}
	addr = unmap(addr)
	network := "udp"
	if addr.Addr().Is4() {
		network = "udp4"
	}
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		return onSocket(raw, func(fd int) error { ownGroups(fd); return nil })
	}}
	pc, err := lc.ListenPacket(context.Background(), network, addr.String())
	if err != nil {
		return nil, fmt.Errorf("coap: %w", err)
	}
	return newUDPConn(pc.(*net.UDPConn))
}

// ownGroups lets only groups that this very socket joined come to it.
func ownGroups(fd int) {
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_MULTICAST_ALL, 0)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_ALL, 0)
}

// newUDPConn takes over an open socket. The socket says of which family it is, since
// the system may have opened another than the one asked for.
func newUDPConn(conn *net.UDPConn) (*udpConn, error) {
	_ = conn.SetReadBuffer(receiveBuffer) // the system's limit is good enough
	c := &udpConn{
		conn:  conn,
		local: unmap(conn.LocalAddr().(*net.UDPAddr).AddrPort()),
		oob:   make([]byte, unix.CmsgSpace(unix.SizeofInet6Pktinfo)+unix.CmsgSpace(unix.SizeofInet4Pktinfo)),
	}
	err := c.control(func(fd int) error {
		family, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
		switch c.ipv6 = family == unix.AF_INET6; {
		case err != nil:
			return err
		case c.ipv6:
			return unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
		}
		return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("coap: socket %v: %w", c.local, err), conn.Close())
	}
	return c, nil
}

func onSocket(raw syscall.RawConn, f func(fd int) error) error {
	var err error
	if e := raw.Control(func(fd uintptr) { err = f(int(fd)) }); e != nil {
		return e
	}
	return err
}

func (c *udpConn) control(f func(fd int) error) error {
	raw, err := c.conn.SyscallConn()
	if err != nil {
		return err
	}
	return onSocket(raw, f)
}

func (c *udpConn) LocalAddr() netip.AddrPort { return c.local }

func (c *udpConn) Close() error { return c.conn.Close() }

func (c *udpConn) ReadPacket(b []byte) (int, Path, error) {
	n, oobn, _, from, err := c.conn.ReadMsgUDPAddrPort(b, c.oob)
	if err != nil {
		return 0, Path{}, err
	}
	path := Path{Peer: from}
	for rest := c.oob[:oobn]; len(rest) > 0; {
		var h unix.Cmsghdr
		var data []byte
		if h, data, rest, err = unix.ParseOneSocketControlMessage(rest); err != nil {
			break
		}
		switch {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
			path.Interface = int(binary.NativeEndian.Uint32(data))
			path.Local = netip.AddrFrom4([4]byte(data[8:12]))
		case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
			path.Local = netip.AddrFrom16([16]byte(data)).Unmap()
			path.Interface = int(binary.NativeEndian.Uint32(data[16:]))
		}
	}
	return n, path, nil
}

func (c *udpConn) WritePacket(b []byte, to Path) error {
	var oob []byte
	if multicast := to.Peer.Addr().IsMulticast(); multicast || c.local.Addr().IsUnspecified() && to.Local.IsValid() {
		oob = c.packetInfo(to, multicast)
	}
	_, _, err := c.conn.WriteMsgUDPAddrPort(b, oob, to.Peer)
	return err
}

// packetInfo says from which address a datagram leaves, and a multicast one through
// which interface; others the routing table sends.
func (c *udpConn) packetInfo(to Path, multicast bool) []byte {
	index := 0
	if multicast {
		index = to.Interface
	}
	if !c.ipv6 {
		info := unix.Inet4Pktinfo{Ifindex: int32(index)}
		if to.Local.Is4() {
			info.Spec_dst = to.Local.As4()
		}
		return unix.PktInfo4(&info)
	}
	info := unix.Inet6Pktinfo{Ifindex: uint32(index)}
	switch {
	case to.Local.IsValid():
		info.Addr = to.Local.As16()
	case to.Peer.Addr().Is4():
		info.Addr = netip.IPv4Unspecified().As16()
	}
	return unix.PktInfo6(&info)
}
