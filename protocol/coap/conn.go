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
}

// PacketConn is the socket under an Endpoint. WritePacket may be called from any
// goroutine; ReadPacket from one. Close makes a waiting ReadPacket return an error
// that wraps net.ErrClosed.
type PacketConn interface {
	ReadPacket(b []byte) (n int, from Path, err error)
	WritePacket(b []byte, to Path) error
	LocalAddr() netip.AddrPort
	Close() error
}
