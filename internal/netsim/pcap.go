package netsim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"
)

// The pcap format: https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html.
const (
	pcapMagic   = 0xa1b2c3d4 // microseconds, in the byte order of the file
	linkTypeRaw = 101        // packets begin with the IP header
	snapLength  = 65535

	// maxCapture bounds the file; about two hours of speech both ways.
	maxCapture = 256 << 20
)

var errCaptureFull = fmt.Errorf("netsim: the capture has %d MiB", maxCapture>>20)

// capture writes datagrams with made-up IP and UDP headers.
type capture struct {
	w       io.Writer
	packet  []byte // reused
	written int
}

func newCapture(w io.Writer) (*capture, error) {
	header := binary.LittleEndian.AppendUint32(nil, pcapMagic)
	header = binary.LittleEndian.AppendUint16(header, 2) // version 2.4
	header = binary.LittleEndian.AppendUint16(header, 4)
	header = binary.LittleEndian.AppendUint64(header, 0) // times are UTC
	header = binary.LittleEndian.AppendUint32(header, snapLength)
	header = binary.LittleEndian.AppendUint32(header, linkTypeRaw)
	if _, err := w.Write(header); err != nil {
		return nil, fmt.Errorf("netsim: writing the capture: %w", err)
	}
	return &capture{w: w}, nil
}

const recordHeader = 16

// write adds one datagram in one Write, so that a process that is killed leaves a file
// of whole packets.
func (c *capture) write(now time.Time, from, to netip.AddrPort, data []byte) error {
	b := append(c.packet[:0], make([]byte, recordHeader)...)
	b = appendIP(b, from, to, data)
	c.packet = b
	length := uint32(len(b) - recordHeader)
	if length > snapLength {
		return errors.New("netsim: datagram does not fit an IP packet")
	}
	if c.written += len(b); c.written > maxCapture {
		return errCaptureFull
	}
	binary.LittleEndian.PutUint32(b, uint32(now.Unix()))
	binary.LittleEndian.PutUint32(b[4:], uint32(now.Nanosecond()/1000))
	binary.LittleEndian.PutUint32(b[8:], length)
	binary.LittleEndian.PutUint32(b[12:], length)
	if _, err := c.w.Write(b); err != nil {
		return fmt.Errorf("netsim: writing the capture: %w", err)
	}
	return nil
}

const (
	protocolUDP = 17
	udpHeader   = 8
	hopLimit    = 64
)

// appendIP appends an IP packet with a UDP datagram: IPv4 (RFC 791) when both ends are,
// else IPv6 (RFC 8200).
func appendIP(b []byte, from, to netip.AddrPort, data []byte) []byte {
	length := udpHeader + len(data)
	if from.Addr().Is4() && to.Addr().Is4() {
		start := len(b)
		b = append(b, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(20+length))
		b = append(b, 0, 0, 0x40, 0, hopLimit, protocolUDP, 0, 0) // don't fragment; checksum below
		b = append(append(b, from.Addr().AsSlice()...), to.Addr().AsSlice()...)
		binary.BigEndian.PutUint16(b[start+10:], ^checksum(0, b[start:]))
	} else {
		b = binary.BigEndian.AppendUint32(b, 6<<28)
		b = binary.BigEndian.AppendUint16(b, uint16(length))
		b = append(b, protocolUDP, hopLimit)
		src, dst := from.Addr().As16(), to.Addr().As16()
		b = append(append(b, src[:]...), dst[:]...)
	}
	return appendUDP(b, from, to, data)
}

// appendUDP appends a UDP datagram (RFC 768), with the checksum over the pseudo header
// of the addresses.
func appendUDP(b []byte, from, to netip.AddrPort, data []byte) []byte {
	start := len(b)
	length := uint16(udpHeader + len(data))
	b = binary.BigEndian.AppendUint16(b, from.Port())
	b = binary.BigEndian.AppendUint16(b, to.Port())
	b = binary.BigEndian.AppendUint16(b, length)
	b = append(b, 0, 0)
	b = append(b, data...)
	src, dst := from.Addr(), to.Addr()
	sum := uint32(protocolUDP) + uint32(length)
	if src.Is4() && dst.Is4() {
		sum = uint32(checksum(uint32(checksum(sum, src.AsSlice())), dst.AsSlice()))
	} else {
		s, d := src.As16(), dst.As16()
		sum = uint32(checksum(uint32(checksum(sum, s[:])), d[:]))
	}
	value := ^checksum(sum, b[start:])
	if value == 0 {
		value = 0xffff // 0 says that there is none
	}
	binary.BigEndian.PutUint16(b[start+6:], value)
	return b
}

// checksum is the Internet's (RFC 1071), not yet complemented, on top of sum.
func checksum(sum uint32, b []byte) uint16 {
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
