package alsa

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// hardware stands for a driver: it narrows the rate to the values that it has, as
// the kernel does with a list of rates.
func hardware(values []int) refiner {
	return func(p *hwParams) (bool, error) {
		low, high := p.bounds(paramRate)
		var left []int
		for _, v := range values {
			if v >= low && v <= high {
				left = append(left, v)
			}
		}
		if len(left) == 0 {
			return false, nil
		}
		p.setRange(paramRate, slices.Min(left), slices.Max(left))
		return true, nil
	}
}

func TestNearTakesTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.IntRange(1, 400), 1, 8).Draw(t, "values")
		want := rapid.IntRange(0, 500).Draw(t, "want")
		p := anything()
		refine := hardware(values)
		if ok, err := refine(&p); !ok || err != nil {
			t.Fatal("nothing is left of everything")
		}
		if ok, err := refine.near(&p, paramRate, want); !ok || err != nil {
			t.Fatalf("near %d of %v: %v, %v", want, values, ok, err)
		}
		got, high := p.bounds(paramRate)
		if got != high || !slices.Contains(values, got) {
			t.Fatalf("near %d of %v: %d to %d", want, values, got, high)
		}
		for _, v := range values {
			if abs(v-want) < abs(got-want) {
				t.Fatalf("near %d of %v: got %d", want, values, got)
			}
		}
	})
}

func abs(x int) int { return max(x, -x) }

func TestChoicesAreWhatTheHardwareHas(t *testing.T) {
	p := anything()
	got, err := hardware([]int{8000, 16000, 48000}).choices(&p, paramRate, preferredRates)
	if err != nil || !slices.Equal(got, []int{16000, 48000, 8000}) {
		t.Fatalf("got %v, %v", got, err)
	}
}

func TestOpenIntervals(t *testing.T) {
	for _, c := range []struct {
		interval
		low, high int
	}{
		{interval{10, 20, 0}, 10, 20},
		{interval{10, 20, openMin}, 11, 20},
		{interval{10, 20, openMin | openMax}, 11, 19},
		{interval{0, 1<<32 - 1, 0}, 0, 1<<31 - 1},
	} {
		if low, high := c.bounds(); low != c.low || high != c.high {
			t.Errorf("%+v: got %d to %d", c.interval, low, high)
		}
	}
}
