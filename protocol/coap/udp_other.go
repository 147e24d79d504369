//go:build !linux

package coap

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
)

// udpConn is a UDP socket that does not know to which of its addresses a datagram
// came, and has no groups.
type udpConn struct{ conn *net.UDPConn }

func listenUDP(addr netip.AddrPort) (*udpConn, error) {
	if !addr.IsValid() {
		return nil, errors.New("coap: no address to listen on: set Config.Addr")
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(unmap(addr)))
	if err != nil {
		return nil, fmt.Errorf("coap: %w", err)
	}
	return &udpConn{conn}, nil
}

func (c *udpConn) ReadPacket(b []byte) (int, Path, error) {
	n, from, err := c.conn.ReadFromUDPAddrPort(b)
	return n, Path{Peer: from}, err
}

func (c *udpConn) WritePacket(b []byte, to Path) error {
	_, err := c.conn.WriteToUDPAddrPort(b, to.Peer)
	return err
}

func (c *udpConn) LocalAddr() netip.AddrPort {
	return unmap(c.conn.LocalAddr().(*net.UDPAddr).AddrPort())
}

func (c *udpConn) Close() error { return c.conn.Close() }

// groups are joined on Linux only.
type groups struct{}

func newGroups(_ *udpConn, _ uint16, log *slog.Logger) *groups {
	log.Warn("coap: multicast groups are joined on Linux only")
	return &groups{}
}

func (g *groups) refresh() []PacketConn { return nil }
func (g *groups) close()                {}
