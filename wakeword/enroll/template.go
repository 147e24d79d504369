package enroll

import "math"

// Frame is what one step sounds like: the embedding, and cepstra behind it. Each of the two
// is of length 1.
type Frame [width]float32

const width = Values + cepstra

// The parts of a frame are compared on their own.
const parts = 2

// part is where one of them is.
func part(i int) (from, to int) {
	if i == 0 {
		return 0, Values
	}
	return Values, width
}

// Template is what one example of a word sounds like.
type Template []Frame

// StepMS is how far apart frames are.
const StepMS = 30

// The shortest and the longest example, in frames without silence: 0.15 and 2.1 seconds.
const (
	shortest = 5
	longest  = 70
)

// unit makes each part one of length 1. Silence may have none.
func (f *Frame) unit() {
	for i := range parts {
		from, to := part(i)
		sum := float32(0)
		for _, v := range f[from:to] {
			sum += v * v
		}
		scale := 1 / float32(math.Sqrt(float64(sum)+1e-9))
		for k := from; k < to; k++ {
			f[k] *= scale
		}
	}
}

// distance is from 0, for what is alike, to 2. Parts are of a multiple of four values.
func distance(a, b []float32) float32 { return 1 - dot(a, b) }

func dot(a, b []float32) float32 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float32
	for i := 0; i+4 <= len(a); i += 4 {
		s0 += a[i] * b[i]
		s1 += a[i+1] * b[i+1]
		s2 += a[i+2] * b[i+2]
		s3 += a[i+3] * b[i+3]
	}
	return s0 + s1 + s2 + s3
}

// trim keeps the longest stretch of speech: frames that are speech more likely than not,
// with pauses of up to a quarter of a second.
func trim(frames []Frame, silence []float32) []Frame {
	const pause = 8
	from, to := 0, 0
	start, end, quiet := -1, 0, 0
	for i, s := range silence {
		if s > 0.5 {
			if quiet++; quiet > pause {
				start = -1
			}
			continue
		}
		if start < 0 {
			start = i
		}
		quiet, end = 0, i+1
		if end-start > to-from {
			from, to = start, end
		}
	}
	return frames[from:to]
}
