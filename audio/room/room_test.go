package room

import (
	"math"
	"slices"
	"testing"

	"vapd/audio"
)

const rate = audio.WakeRate

func impulse(t testing.TB, r Room, source, microphone Point) []float64 {
	t.Helper()
	h, err := r.Impulse(rate, source, microphone)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Without reflections there is one impulse, of area 1/d and at d/c.
func TestDirectSound(t *testing.T) {
	r := Room{Size: Point{9, 6, 3}}
	source := Point{1, 1, 1}
	for _, d := range []float64{0.5, 1, 1.234, 2, 4, 7.5} {
		h := impulse(t, r, source, Point{1 + d, 1, 1})
		var area, moment float64
		for i, v := range h {
			area += v
			moment += v * float64(i)
		}
		if math.Abs(area*d-1) > 0.01 {
			t.Errorf("at %v m the gain is %v, want 1/d", d, area)
		}
		if want := d / SpeedOfSound * float64(rate); math.Abs(moment/area-want) > 0.1 {
			t.Errorf("at %v m the sound comes at sample %v, want %v", d, moment/area, want)
		}
	}
}

// The first reflection of a floor that is near, the other walls being far.
func TestFirstReflection(t *testing.T) {
	r := Room{Size: Point{60, 60, 60}, RT60: 3}
	h := impulse(t, r, Point{30, 30, 2}, Point{32, 30, 2})
	path := math.Hypot(2, 4)
	at := int(path / SpeedOfSound * float64(rate))
	var area float64
	for _, v := range h[at-30 : at+32] {
		area += v
	}
	if want := r.Reflection() / path; math.Abs(area-want) > 0.05*want {
		t.Errorf("the floor gives back %v, want %v", area, want)
	}
}

func TestSourceAndMicrophoneMayChangePlaces(t *testing.T) {
	r := Room{Size: Point{5, 4, 2.5}, RT60: 0.4}
	a, b := Point{1, 1.5, 1.2}, Point{4.2, 3, 0.8}
	there, back := impulse(t, r, a, b), impulse(t, r, b, a)
	for i := range there {
		if math.Abs(there[i]-back[i]) > 1e-9 {
			t.Fatalf("sample %d: %v there, %v back", i, there[i], back[i])
		}
	}
	if again := impulse(t, r, a, b); !slices.Equal(there, again) {
		t.Error("the same input gave another result")
	}
}

// The decay from -5 to -25 dB of Schroeder's backward integral, times three, of what is
// above the lowest frequencies. Eyring takes the sound to be diffuse, which it is not
// between six alike walls: more of it goes along the long sides and lasts longer.
func TestReverberationTime(t *testing.T) {
	for _, r := range []Room{
		{Point{4.8, 4.0, 2.5}, 0.2},
		{Point{5.5, 4.5, 2.5}, 0.35},
		{Point{8, 6, 2.6}, 0.65},
		{Point{10, 7, 3}, 0.8},
	} {
		h := impulse(t, r, Point{1.1, 1.3, 1.6}, Point{r.Size[0] - 0.9, r.Size[1] - 1.2, 0.9})
		for i := len(h) - 1; i > 0; i-- {
			h[i] -= h[i-1]
		}
		left := make([]float64, len(h)+1)
		for i := len(h) - 1; i >= 0; i-- {
			left[i] = left[i+1] + h[i]*h[i]
		}
		when := func(decibels float64) float64 {
			i := slices.IndexFunc(left, func(v float64) bool { return v < left[0]*math.Pow(10, decibels/10) })
			return float64(i) / float64(rate)
		}
		got := 3 * (when(-25) - when(-5))
		t.Logf("RT60 %.2f s: %.3f s", r.RT60, got)
		if got < r.RT60 || got > 1.5*r.RT60 {
			t.Errorf("RT60 is %.3f s, want %.2f s to half more", got, r.RT60)
		}
	}
}

func TestImpossibleRooms(t *testing.T) {
	good := Room{Size: Point{4, 4, 3}, RT60: 0.3}
	for name, c := range map[string]struct {
		room       Room
		rate       audio.SampleRate
		source, at Point
	}{
		"no rate":       {good, 0, Point{1, 1, 1}, Point{2, 2, 2}},
		"outside":       {good, rate, Point{1, 1, 1}, Point{2, 5, 2}},
		"in the wall":   {good, rate, Point{0, 1, 1}, Point{2, 2, 2}},
		"same place":    {good, rate, Point{1, 1, 1}, Point{1, 1, 1}},
		"no height":     {Room{Size: Point{4, 4, 0}}, rate, Point{1, 1, 1}, Point{2, 2, 2}},
		"a cathedral":   {Room{Size: Point{4, 4, 3}, RT60: 9}, rate, Point{1, 1, 1}, Point{2, 2, 2}},
		"not a number":  {Room{Size: Point{4, 4, 3}, RT60: math.NaN()}, rate, Point{1, 1, 1}, Point{2, 2, 2}},
		"nowhere known": {good, rate, Point{math.NaN(), 1, 1}, Point{2, 2, 2}},
	} {
		if _, err := c.room.Impulse(c.rate, c.source, c.at); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestConvolve(t *testing.T) {
	for _, c := range []struct{ signal, impulse, want []float64 }{
		{[]float64{1, 2, 3}, []float64{1}, []float64{1, 2, 3}},
		{[]float64{1, 2, 3}, []float64{0, 1, -1}, []float64{0, 1, 1, 1, -3}},
		{[]float64{2}, []float64{3}, []float64{6}},
		{nil, []float64{1}, nil},
	} {
		got := Convolve(c.signal, c.impulse)
		if !slices.EqualFunc(got, c.want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 }) {
			t.Errorf("%v with %v is %v, want %v", c.signal, c.impulse, got, c.want)
		}
	}
}

func BenchmarkImpulse(b *testing.B) {
	r := Room{Size: Point{10, 7, 3}, RT60: 0.8}
	for b.Loop() {
		impulse(b, r, Point{1, 1, 1}, Point{8, 5, 2})
	}
}
