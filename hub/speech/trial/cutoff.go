package trial

import "slices"

// Cutoff is the score that a share of scores are below.
func Cutoff(scores []float64, share float64) float64 {
	s := slices.Sorted(slices.Values(scores))
	return s[int(share*float64(len(s)))]
}
