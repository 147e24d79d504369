package alsa

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// Encoding is how a sample lies in the hardware's memory. All are little endian.
type Encoding int

// The encodings that are served, with the kernel's numbers.
const (
	S16   Encoding = 2  // 16 bits
	S24   Encoding = 6  // 24 bits, low in a word of 32
	S32   Encoding = 10 // 32 bits
	S24x3 Encoding = 32 // 24 bits in 3 bytes
)

// encodings in the order of preference: what needs no conversion comes first.
var encodings = [...]Encoding{S16, S32, S24, S24x3}

// String is ALSA's name of e.
func (e Encoding) String() string {
	switch e {
	case S16:
		return "S16_LE"
	case S24:
		return "S24_LE"
	case S32:
		return "S32_LE"
	case S24x3:
		return "S24_3LE"
	}
	return "unknown encoding"
}

// size is the number of bytes of a sample.
func (e Encoding) size() int {
	switch e {
	case S16:
		return 2
	case S24x3:
		return 3
	}
	return 4
}

// bytesOf is the memory of samples as the hardware sees it, for S16 on the little
// endian machines that this package is built for.
func bytesOf(samples []int16) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(samples))), 2*len(samples))
}

// decode rounds the samples in raw to 16 bits.
func (e Encoding) decode(dst []int16, raw []byte) {
	switch e {
	case S24: // the highest byte may hold anything
		for i := range dst {
			dst[i] = round(int32(binary.LittleEndian.Uint32(raw[4*i:]) << 8))
		}
	case S32:
		for i := range dst {
			dst[i] = round(int32(binary.LittleEndian.Uint32(raw[4*i:])))
		}
	case S24x3:
		for i := range dst {
			b := raw[3*i : 3*i+3 : 3*i+3]
			dst[i] = round(int32(uint32(b[0])<<8 | uint32(b[1])<<16 | uint32(b[2])<<24))
		}
	case S16:
		for i := range dst {
			dst[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
	}
}

// round keeps the upper 16 bits of v: to the nearest, and no further than there are
// numbers. Cutting bits off would add a constant of half a step.
func round(v int32) int16 {
	if v >= math.MaxInt32-1<<15 {
		return math.MaxInt16
	}
	return int16((v + 1<<15) >> 16)
}

// encode writes samples as the hardware wants them.
func (e Encoding) encode(raw []byte, samples []int16) {
	switch e {
	case S24: // sign-extended, as some converters look at all 32 bits
		for i, s := range samples {
			binary.LittleEndian.PutUint32(raw[4*i:], uint32(int32(s)<<8))
		}
	case S32:
		for i, s := range samples {
			binary.LittleEndian.PutUint32(raw[4*i:], uint32(int32(s)<<16))
		}
	case S24x3:
		for i, s := range samples {
			b := raw[3*i : 3*i+3 : 3*i+3]
			b[0], b[1], b[2] = 0, byte(s), byte(uint16(s)>>8)
		}
	case S16:
		for i, s := range samples {
			binary.LittleEndian.PutUint16(raw[2*i:], uint16(s))
		}
	}
}
