package coap

import "math/bits"

const maxBlockSize = 1024

// szxOf is the exponent of RFC 7959 for a block size: size = 16 << szx.
func szxOf(size int) (szx uint8, ok bool) {
	if size < 16 || size > maxBlockSize || size&(size-1) != 0 {
		return 0, false
	}
	return uint8(bits.TrailingZeros(uint(size)) - 4), true
}
