package ogg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Rate is the rate in hertz in which Ogg Opus counts samples, whatever was encoded.
const Rate = 48000

// MaxPacket is the longest packet that is taken, in bytes (RFC 7845, section 6).
const MaxPacket = 61440

// ErrNotOpus: the file is Ogg, and what it holds is not Opus.
var ErrNotOpus = errors.New("ogg: not an Opus stream")

// Head is what the first packet says (RFC 7845, section 5.1).
type Head struct {
	Channels int // 1 or 2
	// PreSkip is how many samples at the start of what is decoded don't count.
	PreSkip int
	// Gain is by how much what is decoded is to be amplified, in 1/256 dB.
	Gain int
}

// Reader reads the packets of the first Opus stream of a file.
type Reader struct {
	pages  pages
	head   Head
	serial uint32
	page   *page // at hand: what is left of it
	packet []byte
	end    int64 // or noGranule
}

// NewReader reads the two headers. Wrap a file in a bufio.Reader.
func NewReader(r io.Reader) (*Reader, error) {
	o := &Reader{pages: pages{r: r}, end: noGranule}
	for {
		page, err := o.pages.next()
		if err == io.EOF {
			return nil, ErrNotOpus
		} else if err != nil {
			return nil, err
		}
		if page.flags&flagFirst == 0 {
			return nil, ErrNotOpus
		}
		if len(page.body) >= 8 && string(page.body[:8]) == "OpusHead" {
			o.serial, o.page = page.serial, page
			break
		}
	}
	packet, err := o.Next()
	if err != nil {
		return nil, noEnd(err)
	}
	if o.head, err = parseHead(packet); err != nil {
		return nil, err
	}
	if packet, err = o.Next(); err != nil {
		return nil, noEnd(err)
	}
	if len(packet) < 8 || string(packet[:8]) != "OpusTags" {
		return nil, errors.New("ogg: the second packet is not OpusTags")
	}
	return o, nil
}

// noEnd is err, where the end of the file is one.
func noEnd(err error) error {
	if err == io.EOF {
		return errors.New("ogg: the file ends in its headers")
	}
	return err
}

func parseHead(b []byte) (h Head, err error) {
	if len(b) < 19 || b[8]>>4 != 0 {
		return h, fmt.Errorf("ogg: an OpusHead of %d bytes, or of a version that is not known", len(b))
	}
	h = Head{
		Channels: int(b[9]), PreSkip: int(binary.LittleEndian.Uint16(b[10:])),
		Gain: int(int16(binary.LittleEndian.Uint16(b[16:]))),
	}
	// Other mappings put several streams into a packet.
	if b[18] != 0 || h.Channels < 1 || h.Channels > 2 {
		return h, fmt.Errorf("ogg: %d channels in mapping family %d are not supported: mix it down to one", h.Channels, b[18])
	}
	return h, nil
}

// Head is what the file's first packet says.
func (o *Reader) Head() Head { return o.head }

// End is where the stream ends, in samples of Rate from the start of what is decoded,
// those of PreSkip included: what the last packet holds beyond it does not count. It is
// known before the first packet of the last page is read.
func (o *Reader) End() (samples int64, ok bool) { return o.end, o.end != noGranule }

// Next is the following packet, valid until the next call. It returns io.EOF after the
// last one; a file that ends without saying so has the packets that are whole.
func (o *Reader) Next() ([]byte, error) {
	o.packet = o.packet[:0]
	for {
		if o.page == nil || len(o.page.lacing) == 0 {
			if o.end != noGranule {
				return nil, io.EOF
			}
			if err := o.turn(); err != nil {
				return nil, err
			}
			continue
		}
		n := int(o.page.lacing[0])
		o.packet = append(o.packet, o.page.body[:n]...)
		o.page.lacing, o.page.body = o.page.lacing[1:], o.page.body[n:]
		if len(o.packet) > MaxPacket {
			return nil, fmt.Errorf("ogg: page %d: a packet of more than %d bytes", o.pages.n, MaxPacket)
		}
		if n < 255 {
			return o.packet, nil
		}
	}
}

// turn goes to the stream's next page.
func (o *Reader) turn() error {
	for {
		page, err := o.pages.next()
		if err != nil {
			return err
		}
		if page.serial != o.serial {
			continue // of another stream
		}
		if continued := page.flags&flagContinued != 0; continued != (len(o.packet) > 0) {
			return fmt.Errorf("ogg: page %d does not go on where the one before ended: a page is missing", o.pages.n)
		}
		if page.flags&flagLast != 0 {
			o.end = max(0, page.granule)
		}
		o.page = page
		return nil
	}
}
