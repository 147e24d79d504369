package trial

import (
	"slices"
	"testing"
)

// curve has this many misses and accepts at the cutoffs 0.1, 0.2 and so on, of 10 said and
// in an hour.
func curve(missed, accepts []int) (c Curve) {
	for i := range missed {
		c = append(c, Counts{Cutoff: float64(i+1) / 10, Said: 10, Missed: missed[i], Accepts: accepts[i], Hours: 1})
	}
	return c
}

func TestCurve(t *testing.T) {
	// More detections at a higher cutoff are possible: two that were one in the time after
	// the first.
	c := curve([]int{0, 1, 2, 5, 9}, []int{7, 1, 2, 1, 0})
	for rate, want := range map[float64]float64{0: 0.5, 0.5: 0.5, 1: 0.4, 2: 0.2, 7: 0.1} {
		if n, ok := c.AtRate(rate); !ok || n.Cutoff != want {
			t.Errorf("for %v an hour the cutoff is %v, %v, want %v", rate, n.Cutoff, ok, want)
		}
	}
	if n, ok := curve([]int{0}, []int{3}).AtRate(1); ok {
		t.Errorf("a cutoff for less than all have: %+v", n)
	}
	if n, ok := (Curve{{Cutoff: 0.5, Said: 1}}).AtRate(1); ok {
		t.Errorf("a cutoff from no sound at all: %+v", n)
	}
	for cutoff, want := range map[float64]float64{0: 0.1, 0.1: 0.1, 0.11: 0.2, 0.3: 0.3, 0.9: 0.5} {
		if n := c.At(cutoff); n.Cutoff != want {
			t.Errorf("at %v: %v, want %v", cutoff, n.Cutoff, want)
		}
	}
	pooled := Pool(c, c, curve([]int{10, 10, 10, 10, 10}, []int{0, 0, 0, 0, 0}))
	if want := (Counts{Cutoff: 0.2, Said: 30, Missed: 12, Accepts: 2, Hours: 3}); pooled[1] != want || c[1].Said != 10 {
		t.Errorf("pooled: %+v, want %+v", pooled[1], want)
	}
	if f := pooled[1].FalseRejects(); f != 0.4 {
		t.Errorf("false rejects: %v", f)
	}
	if rate, i := pooled[1].PerHour(); rate != 2.0/3 || i.Low < 0.08 || i.High > 2.41 {
		t.Errorf("per hour: %v, %v", rate, i)
	}
	if cutoffs := Cutoffs(); !slices.IsSorted(cutoffs) || cutoffs[0] <= 0 || cutoffs[len(cutoffs)-1] >= 1 {
		t.Errorf("cutoffs: %v", cutoffs)
	}
}
