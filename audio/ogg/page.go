package ogg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Flags of a page (RFC 3533, section 6).
const (
	flagContinued = 1 << iota
	flagFirst
	flagLast
)

const (
	headerSize = 27
	noGranule  = -1 // no packet ends on the page
)

// page is one page: what its header says, and its packets' parts.
type page struct {
	flags   byte
	granule int64 // place of the end of the last packet that ends here
	serial  uint32
	lacing  []byte // lengths of the segments; a packet goes on while they are 255
	body    []byte
}

// pages reads pages one after the other.
type pages struct {
	r       io.Reader
	n       int // of the page at hand, from 1
	current page
	raw     [headerSize + 255 + 255*255]byte
}

// next reads the following page, whose slices are valid until the next call. It returns
// io.EOF where there is none.
func (p *pages) next() (*page, error) {
	p.n++
	header := p.raw[:headerSize]
	if _, err := io.ReadFull(p.r, header); err == io.EOF {
		return nil, io.EOF
	} else if err != nil {
		return nil, p.damaged(err)
	}
	if string(header[:4]) != "OggS" || header[4] != 0 {
		return nil, p.damaged(errors.New("it does not begin as a page does"))
	}
	segments := int(header[26])
	lacing := p.raw[headerSize:][:segments]
	if _, err := io.ReadFull(p.r, lacing); err != nil {
		return nil, p.damaged(err)
	}
	size := 0
	for _, n := range lacing {
		size += int(n)
	}
	body := p.raw[headerSize+segments:][:size]
	if _, err := io.ReadFull(p.r, body); err != nil {
		return nil, p.damaged(err)
	}
	sum := binary.LittleEndian.Uint32(header[22:])
	clear(header[22:26]) // the sum is made with zeros in its place
	if checksum(p.raw[:headerSize+segments+size]) != sum {
		return nil, p.damaged(errors.New("its checksum is wrong"))
	}
	p.current = page{
		flags: header[5], granule: int64(binary.LittleEndian.Uint64(header[6:])), serial: binary.LittleEndian.Uint32(header[14:]),
		lacing: lacing, body: body,
	}
	return &p.current, nil
}

func (p *pages) damaged(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = errors.New("the file ends in it")
	}
	return fmt.Errorf("ogg: page %d is damaged: %w", p.n, err)
}

// polynomial is that of the checksum: no bits are reflected, it begins at 0.
const polynomial = 0x04c11db7

func checksum(b []byte) (sum uint32) {
	for _, v := range b {
		sum ^= uint32(v) << 24
		for range 8 {
			carry := sum >> 31
			sum = sum<<1 ^ carry*polynomial
		}
	}
	return sum
}
