package load

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Every quantile is at least the true one, and at most 3.2 % and a microsecond above it.
func TestHistogramQuantiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var h, half Histogram
		var all []time.Duration
		for i, n := range rapid.SliceOfN(rapid.Int64Range(0, int64(10*time.Minute)), 1, 200).Draw(t, "durations") {
			// Short ones are as likely as long ones.
			d := time.Duration(n >> (i % 30))
			all = append(all, d)
			if i%2 == 0 {
				half.Record(d)
			} else {
				h.Record(d)
			}
		}
		h.Add(&half)
		slices.Sort(all)
		if got := h.Count(); got != uint64(len(all)) {
			t.Fatalf("%d of %d are counted", got, len(all))
		}
		if got := h.Max(); got != all[len(all)-1] {
			t.Fatalf("the longest is %v, not %v", got, all[len(all)-1])
		}
		q := rapid.Float64Range(0, 1).Draw(t, "quantile")
		rank := 0
		for float64(rank+1) < q*float64(len(all)) {
			rank++
		}
		got, want := h.Quantile(q), all[rank]
		if got < want || float64(got) > float64(want)*33/32+float64(time.Microsecond) {
			t.Fatalf("quantile %v is %v, not %v", q, got, want)
		}
	})
}

// Buckets follow each other without a hole.
func TestHistogramBuckets(t *testing.T) {
	for i := range buckets - 1 {
		if got := bucketOf(ceiling(i)); got != i {
			t.Fatalf("bucket %d ends with %v, which is in bucket %d", i, ceiling(i), got)
		}
		if got := bucketOf(ceiling(i) + 1); got != i+1 {
			t.Fatalf("what follows bucket %d is in bucket %d", i, got)
		}
	}
	for d, want := range map[time.Duration]int{-time.Second: 0, 0: 0, 1: 1, 100 * time.Hour: buckets - 1} {
		if got := bucketOf(d); got != want {
			t.Errorf("%v is in bucket %d, not %d", d, got, want)
		}
	}
}

func TestHistogramDrawing(t *testing.T) {
	var h Histogram
	if got := h.String(); got != "  nothing\n" {
		t.Errorf("empty: %q", got)
	}
	for range 1000 {
		h.Record(900 * time.Microsecond)
	}
	h.Record(5 * time.Millisecond)
	want := "  p50 911 us  p90 911 us  p99 911 us  p99.9 911 us  max 5 ms  of 1001\n" +
		"  1.02 ms " + strings.Repeat("█", barWidth) + " 1000\n" +
		"  2.05 ms " + strings.Repeat(" ", barWidth) + " 0\n" +
		"   4.1 ms " + strings.Repeat(" ", barWidth) + " 0\n" +
		"  8.19 ms █" + strings.Repeat(" ", barWidth-1) + " 1\n"
	if got := h.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
