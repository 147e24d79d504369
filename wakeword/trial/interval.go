package trial

import "math"

// Interval is where a true value lies with a confidence of 95 %, as far as chance goes.
type Interval struct{ Low, High float64 }

// Wilson is the interval of a proportion (0 to 1) that was found k times among n: Wilson's
// score interval without a correction for continuity (E. B. Wilson, J. Am. Stat. Assoc. 22,
// 1927). It is 0 to 1 where n is 0.
func Wilson(k, n int) Interval {
	if n == 0 {
		return Interval{0, 1}
	}
	const z = 1.959963984540054 // of the normal distribution, 2.5 % on either side
	p, m := float64(k)/float64(n), float64(n)
	middle := (p + z*z/(2*m)) / (1 + z*z/m)
	half := z / (1 + z*z/m) * math.Sqrt(p*(1-p)/m+z*z/(4*m*m))
	i := Interval{middle - half, middle + half}
	// Rounding must not keep out what was found.
	if k == 0 {
		i.Low = 0
	}
	if k == n {
		i.High = 1
	}
	return i
}

// Poisson is the exact interval of the mean of a count of which k were found (F. Garwood,
// Biometrika 28, 1936). Divide it by the hours for a rate.
func Poisson(k int) Interval {
	const tail = 0.025
	i := Interval{High: solve(func(mean float64) bool { return atMost(k, mean) > tail })}
	if k > 0 {
		i.Low = solve(func(mean float64) bool { return 1-atMost(k-1, mean) < tail })
	}
	return i
}

// solve is where below, which is true at first, becomes false.
func solve(below func(mean float64) bool) float64 {
	high := 1.0
	for below(high) {
		high *= 2
	}
	low := 0.0
	for range 100 {
		if middle := (low + high) / 2; below(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	return low
}

// atMost is how likely a count of at most k is, whose mean is above 0.
func atMost(k int, mean float64) (sum float64) {
	for i := k; i >= 0; i-- {
		gamma, _ := math.Lgamma(float64(i) + 1)
		p := math.Exp(float64(i)*math.Log(mean) - mean - gamma)
		sum += p
		if float64(i) < mean && p < 1e-18*sum {
			break // what follows is less still
		}
	}
	return min(1, sum)
}
