package resample

import (
	"fmt"
	"math"

	"vapd/audio"
)

// maxTable bounds the filter, in coefficients. The largest of the usual ratios,
// 11025 to 192000 Hz, needs half of it.
const maxTable = 1 << 19

// Resampler converts one stream. It is for one goroutine and allocates nothing after
// New.
type Resampler struct {
	up, down int // the ratio in lowest terms
	taps     int
	channels int
	filter   []float32 // nil when the rates are equal
	// history holds the newest taps frames of every channel, each twice, taps apart, so
	// that a window of taps frames is always contiguous.
	history []float32
	at      int // where the next input frame goes, below taps
	need    int // input frames to take before the next output frame
	phase   int // of the next output frame, in units of 1/up input period
	flushed int // frames of silence that Flush put in
}

// New makes a Resampler for interleaved samples. It fails when a rate or the number
// of channels is not valid, or when the ratio of the rates is not one of small numbers.
func New(from, to audio.SampleRate, channels int) (*Resampler, error) {
	for _, rate := range []audio.SampleRate{from, to} {
		if err := (audio.Format{Rate: rate, Channels: channels}).Validate(); err != nil {
			return nil, fmt.Errorf("resample: %w", err)
		}
	}
	common := gcd(int(from), int(to))
	r := &Resampler{up: int(to) / common, down: int(from) / common, channels: channels}
	if from == to {
		return r, nil
	}
	r.taps = taps(r.up, r.down)
	if r.up*r.taps > maxTable {
		return nil, fmt.Errorf("resample: from %d to %d Hz: the ratio %d/%d is not simple enough: use one of the usual rates",
			from, to, r.up, r.down)
	}
	r.filter = phases(r.up, r.down)
	r.history = make([]float32, 2*r.taps*channels)
	r.Reset()
	return r, nil
}

// Reset makes r ready for another stream.
func (r *Resampler) Reset() {
	clear(r.history)
	// The first output frame lies on the first input frame: what comes after it has to
	// be known first.
	r.at, r.phase, r.flushed, r.need = 0, 0, 0, r.taps/2+1
}

// Latency is the number of input frames by which the output lags.
func (r *Resampler) Latency() int { return r.taps / 2 }

// Process converts as much of src as fits into dst. It says how many samples it put
// into dst and how many it took from src, whole frames of both. It can take from src
// with dst full, up to the next output frame.
func (r *Resampler) Process(dst, src []int16) (nDst, nSrc int) {
	if r.filter == nil {
		n := min(len(dst), len(src)) / r.channels * r.channels
		return copy(dst[:n], src), n
	}
	for {
		for ; r.need > 0; r.need-- {
			if len(src)-nSrc < r.channels {
				return nDst, nSrc
			}
			r.push(src[nSrc : nSrc+r.channels])
			nSrc += r.channels
		}
		if len(dst)-nDst < r.channels {
			return nDst, nSrc
		}
		r.pull(dst[nDst : nDst+r.channels])
		nDst += r.channels
	}
}

// Flush ends the stream: it puts what the filter still holds into dst and says how
// many samples that were. Call it until it returns 0, then Reset. All in all n input
// frames give ceil(n*to/from) output frames.
func (r *Resampler) Flush(dst []int16) (nDst int) {
	if r.filter == nil {
		return 0
	}
	var silence [32]int16
	for {
		n, took := r.Process(dst[nDst:], silence[:min(1, r.taps/2-r.flushed)*r.channels])
		nDst += n
		r.flushed += took / r.channels
		if took == 0 {
			return nDst
		}
	}
}

func (r *Resampler) push(frame []int16) {
	for c, s := range frame {
		h := r.history[2*r.taps*c:]
		h[r.at], h[r.at+r.taps] = float32(s), float32(s)
	}
	if r.at++; r.at == r.taps {
		r.at = 0
	}
}

func (r *Resampler) pull(frame []int16) {
	row := r.filter[r.phase*r.taps : (r.phase+1)*r.taps]
	for c := range frame {
		start := 2*r.taps*c + r.at
		frame[c] = saturate(dot(row, r.history[start:start+r.taps]))
	}
	r.phase += r.down
	r.need = r.phase / r.up
	r.phase -= r.need * r.up
}

// dot sums in four lanes: that is faster, and rounds less, than one.
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	for i, x := range a {
		s0 += x * b[i]
	}
	return s0 + s1 + (s2 + s3)
}

func saturate(v float32) int16 {
	if v < 0 {
		return int16(max(v-0.5, math.MinInt16))
	}
	return int16(min(v+0.5, math.MaxInt16))
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Convert converts a whole recording: of n frames it makes ceil(n*to/from).
func Convert(from, to audio.SampleRate, channels int, src []int16) ([]int16, error) {
	r, err := New(from, to, channels)
	if err != nil {
		return nil, err
	}
	frames := int64(len(src) / channels)
	frames = (frames*int64(r.up) + int64(r.down) - 1) / int64(r.down)
	dst := make([]int16, frames*int64(channels))
	n, _ := r.Process(dst, src)
	n += r.Flush(dst[n:])
	return dst[:n], nil
}
