package coap

import "net/netip"

// Path is the way of a datagram: the peer, and the local address and interface on
// which it came (the zero values when unknown). Answers go back the same way, so
// that their source is the address the peer asked. A datagram whose Local is a
// multicast address came to a group.
type Path struct {
	Peer      netip.AddrPort
	Local     netip.Addr
	Interface int
	// Association is the secured one that the datagram belongs to; nil without. Peer
	// is only where that was heard last, and may change.
	Association *Association
}

// Association is what one handshake of a secured transport (DTLS) made. Its pointer is
// the peer: another handshake of the same identity is another peer, as message ids and
// tokens begin anew.
type Association struct {
	// Identity is whom cryptography vouches for.
	Identity string
	// N tells the associations of one transport apart.
	N uint64
}

// PacketConn is the socket under an Endpoint. WritePacket may be called from any
// goroutine; ReadPacket from one. Close makes a waiting ReadPacket return an error
// that wraps net.ErrClosed. One above another, which passes what has no Association, may
// have a method Unwrap() PacketConn: multicast leaves by the interfaces of a socket of
// ListenUDP below it.
type PacketConn interface {
	ReadPacket(b []byte) (n int, from Path, err error)
	WritePacket(b []byte, to Path) error
	LocalAddr() netip.AddrPort
	Close() error
}

// layer is a PacketConn above another one.
type layer interface{ Unwrap() PacketConn }

// overUDP reports whether what conn writes leaves by a UDP socket of this package.
func overUDP(conn PacketConn) bool {
	for {
		switch c := conn.(type) {
		case *udpConn:
			return true
		case layer:
			conn = c.Unwrap()
		default:
			return false
		}
	}
}

// ListenUDP opens the UDP socket that an Endpoint would, for a transport of its own
// above it: answers leave from the address that was asked.
func ListenUDP(addr netip.AddrPort) (PacketConn, error) {
	c, err := listenUDP(addr)
	if err != nil {
		return nil, err
	}
	return c, nil
}
