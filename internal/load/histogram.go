package load

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
	"sync/atomic"
	"time"
)

// Histogram counts durations in buckets of which 32 make an octave, as HdrHistogram does:
// whatever their size, they are known to 3 % (below 64 us to the microsecond). The zero
// value is empty. It may be used by any number of goroutines.
type Histogram struct {
	counts [buckets]atomic.Uint64
	n      atomic.Uint64
	max    atomic.Int64 // nanoseconds
}

const (
	octave  = 32
	exact   = 2 * octave // below that many microseconds each has its own bucket
	octaves = 25         // above: up to 36 minutes
	buckets = exact + octaves*octave
)

// bucketOf is the bucket of d, rounded up to whole microseconds.
func bucketOf(d time.Duration) int {
	us := uint64(max(d+time.Microsecond-1, 0) / time.Microsecond)
	if us < exact {
		return int(us)
	}
	e := bits.Len64(us) - bits.Len64(octave)
	return min(exact+(e-1)*octave+int(us>>e)-octave, buckets-1)
}

// ceiling is the longest duration in bucket i.
func ceiling(i int) time.Duration {
	if i < exact {
		return time.Duration(i) * time.Microsecond
	}
	e := (i-exact)/octave + 1
	m := (i-exact)%octave + octave
	return time.Duration((m+1)<<e-1) * time.Microsecond
}

// Record counts d; a negative one counts as 0.
func (h *Histogram) Record(d time.Duration) {
	h.counts[bucketOf(d)].Add(1)
	h.n.Add(1)
	for {
		old := h.max.Load()
		if int64(d) <= old || h.max.CompareAndSwap(old, int64(d)) {
			return
		}
	}
}

// Add counts all that other has.
func (h *Histogram) Add(other *Histogram) {
	for i := range other.counts {
		h.counts[i].Add(other.counts[i].Load())
	}
	h.n.Add(other.n.Load())
	h.max.Store(max(h.max.Load(), other.max.Load()))
}

// Count is how many were recorded.
func (h *Histogram) Count() uint64 { return h.n.Load() }

// Max is the longest duration.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max.Load()) }

// Quantile is a duration that the fraction q of all does not exceed, rounded up by 3 %
// at most: 0.99 is the 99th percentile. It is 0 when nothing was recorded.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(h.Count())))
	seen := uint64(0)
	for i := range h.counts {
		seen += h.counts[i].Load()
		if seen >= max(rank, 1) {
			return min(ceiling(i), h.Max())
		}
	}
	return h.Max()
}

// String draws the histogram, a line for each octave, after its percentiles.
func (h *Histogram) String() string {
	if h.Count() == 0 {
		return "  nothing\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  p50 %s  p90 %s  p99 %s  p99.9 %s  max %s  of %d\n",
		short(h.Quantile(0.5)), short(h.Quantile(0.9)), short(h.Quantile(0.99)), short(h.Quantile(0.999)),
		short(h.Max()), h.Count())
	rows := h.rows()
	most := uint64(0)
	for _, r := range rows {
		most = max(most, r.n)
	}
	for _, r := range rows {
		// A bar of one step stands for the least that there is: outliers must show.
		width := int(math.Ceil(barWidth * float64(r.n) / float64(most)))
		fmt.Fprintf(&b, "  %7s %-*s %d\n", short(r.upTo), barWidth, strings.Repeat("█", width), r.n)
	}
	return b.String()
}

const barWidth = 40

type row struct {
	upTo time.Duration
	n    uint64
}

// rows are the counts of each power of two of microseconds, from the first to the last
// that has any.
func (h *Histogram) rows() []row {
	var all []row
	for i := range h.counts {
		n := h.counts[i].Load()
		if n == 0 && len(all) == 0 {
			continue
		}
		upTo := time.Microsecond << bits.Len64(uint64(max(ceiling(i)/time.Microsecond-1, 0)))
		if len(all) == 0 || all[len(all)-1].upTo != upTo {
			all = append(all, row{upTo: upTo})
		}
		all[len(all)-1].n += n
	}
	for len(all) > 1 && all[len(all)-1].n == 0 {
		all = all[:len(all)-1]
	}
	return all
}

// short writes d with three digits.
func short(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d us", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}
