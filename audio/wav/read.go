package wav

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"vapd/audio"
)

// MaxSamples is the most that Read takes, an hour of stereo at 48 kHz. Longer files
// are read piece by piece, with a Reader.
const MaxSamples = 60 * 60 * 48000 * 2

// Read reads a whole file. Of a file whose data end early it gives the whole frames
// that are there.
func Read(r io.Reader) (audio.Format, []int16, error) {
	rd, err := NewReader(r)
	if err != nil {
		return audio.Format{}, nil, err
	}
	var samples []int16
	for {
		samples = append(samples, make([]int16, blockFrames*rd.format.Channels)...)
		free := samples[len(samples)-blockFrames*rd.format.Channels:]
		n, err := rd.Read(free)
		samples = samples[:len(samples)-len(free)+n]
		switch {
		case err == io.EOF:
			return rd.format, samples, nil
		case err != nil:
			return audio.Format{}, nil, err
		case len(samples) > MaxSamples:
			return audio.Format{}, nil, fmt.Errorf("wav: more than %d samples: read it piece by piece", MaxSamples)
		}
	}
}

// Reader reads a file piece by piece.
type Reader struct {
	r        io.Reader // ends with the data chunk
	format   audio.Format
	encoding encoding
	raw      [4 * 4096]byte
	err      error // what ended the data
}

// NewReader reads the header of a file. It reads no further than that, so r may be a
// pipe; wrap a file in a bufio.Reader if its header is long.
func NewReader(r io.Reader) (*Reader, error) {
	f, e, size, err := readHeader(r)
	if err != nil {
		return nil, err
	}
	if size != unknownSize {
		r = io.LimitReader(r, int64(size))
	}
	return &Reader{r: r, format: f, encoding: e}, nil
}

// Format is the file's rate and number of channels.
func (r *Reader) Format() audio.Format { return r.format }

// blockFrames is how much Read asks for at once.
const blockFrames = 4096

// Read fills dst with interleaved samples and says how many there were: a multiple of
// the number of channels. At the end of the data it returns io.EOF, alone.
func (r *Reader) Read(dst []int16) (n int, err error) {
	frame := r.encoding.bytes * r.format.Channels
	dst = dst[:len(dst)/r.format.Channels*r.format.Channels]
	for len(dst) > 0 && r.err == nil {
		want := min(len(dst)*r.encoding.bytes, len(r.raw)/frame*frame)
		var got int
		got, r.err = io.ReadFull(r.r, r.raw[:want])
		whole := got / frame * r.format.Channels
		r.encoding.decode(dst[:whole], r.raw[:])
		dst, n = dst[whole:], n+whole
	}
	if n > 0 || len(dst) == 0 {
		return n, nil
	}
	if r.err == io.ErrUnexpectedEOF {
		r.err = io.EOF
	}
	if r.err != io.EOF {
		return 0, fmt.Errorf("wav: reading samples: %w", r.err)
	}
	return 0, io.EOF
}

// decode converts len(dst) samples of raw.
func (e encoding) decode(dst []int16, raw []byte) {
	switch {
	case e.float:
		for i := range dst {
			dst[i] = fromFloat(math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:])))
		}
	case e.bytes == 1: // the only one without a sign
		for i := range dst {
			dst[i] = int16(raw[i]^0x80) << 8
		}
	case e.bytes == 2:
		for i := range dst {
			dst[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	case e.bytes == 3:
		for i := range dst {
			b := raw[3*i : 3*i+3 : 3*i+3]
			dst[i] = round(int32(uint32(b[0])<<8 | uint32(b[1])<<16 | uint32(b[2])<<24))
		}
	case e.bytes == 4:
		for i := range dst {
			dst[i] = round(int32(binary.LittleEndian.Uint32(raw[4*i:])))
		}
	}
}

// round keeps the upper 16 bits of v, to the nearest.
func round(v int32) int16 {
	if v >= math.MaxInt32-1<<15 {
		return math.MaxInt16
	}
	return int16((v + 1<<15) >> 16)
}

// fromFloat converts a sample whose full scale is 1; what is not a number is silence.
func fromFloat(v float32) int16 {
	switch x := math.RoundToEven(float64(v) * 32768); {
	case x >= math.MaxInt16:
		return math.MaxInt16
	case x <= math.MinInt16:
		return math.MinInt16
	case x == x:
		return int16(x)
	}
	return 0
}
