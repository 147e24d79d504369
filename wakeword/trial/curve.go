package trial

import (
	"slices"
)

// Counts is what was found at one cutoff.
type Counts struct {
	Cutoff  float64 `json:"cutoff"`
	Said    int     `json:"said"`    // recordings in which the word is said
	Missed  int     `json:"missed"`  // of those, without a detection
	Accepts int     `json:"accepts"` // detections where it is not said
	Hours   float64 `json:"hours"`   // of sound in which it is not said
}

// FalseRejects is the part of the times that the word was said in which it was missed,
// 0 to 1; Wilson(Missed, Said) is its interval.
func (c Counts) FalseRejects() float64 { return float64(c.Missed) / float64(max(1, c.Said)) }

// PerHour is how often the word was heard in an hour without it, and its interval. It is 0
// where there was none.
func (c Counts) PerHour() (rate float64, i Interval) {
	if c.Hours == 0 {
		return 0, Interval{}
	}
	i = Poisson(c.Accepts)
	return float64(c.Accepts) / c.Hours, Interval{i.Low / c.Hours, i.High / c.Hours}
}

// Curve is what was found at each cutoff of Cutoffs, in their order.
type Curve []Counts

// Cutoffs are those of a Curve, rising.
func Cutoffs() []float64 {
	var c []float64
	for i := 1; i < 90; i++ {
		c = append(c, float64(i)/100)
	}
	for i := 900; i < 1000; i += 2 { // many models say little below
		c = append(c, float64(i)/1000)
	}
	return append(c, 0.999)
}

// At is the point of the lowest cutoff that is not below the one given, or of the highest.
func (c Curve) At(cutoff float64) Counts {
	i := slices.IndexFunc(c, func(n Counts) bool { return n.Cutoff >= cutoff-1e-9 })
	if i < 0 {
		i = len(c) - 1
	}
	return c[i]
}

// AtRate is the point of the lowest cutoff from which on there are no more false accepts
// an hour than that; ok is false where even the highest has more, or where there was no
// sound to tell.
func (c Curve) AtRate(perHour float64) (n Counts, ok bool) {
	for i := len(c) - 1; i >= 0; i-- {
		if rate, _ := c[i].PerHour(); rate > perHour || c[i].Hours == 0 {
			break
		}
		n, ok = c[i], true
	}
	return n, ok
}

// Pool adds up curves, such as those of folds: each by a model that has not seen what it
// was measured on.
func Pool(curves ...Curve) Curve {
	pooled := slices.Clone(curves[0])
	for _, c := range curves[1:] {
		for i, n := range c {
			p := &pooled[i]
			p.Said, p.Missed, p.Accepts, p.Hours = p.Said+n.Said, p.Missed+n.Missed, p.Accepts+n.Accepts, p.Hours+n.Hours
		}
	}
	return pooled
}
