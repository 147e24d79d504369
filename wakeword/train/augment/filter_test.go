package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// gainAt is what a line does to a sine, in decibels.
func gainAt(l Line, hz float64) float64 {
	x := make([]float64, rate)
	for i := range x {
		x[i] = 0.3 * math.Sin(2*math.Pi*hz*float64(i)/rate)
	}
	was := RMS(x[rate/2:])
	l.Run(x)
	return decibels(RMS(x[rate/2:]) / was)
}

func TestLine(t *testing.T) {
	phone := Telephone()
	narrow := Line{Low: 200, High: 4000, Peak: 6, PeakAt: 1500}
	for _, c := range []struct {
		line            Line
		hz, least, most float64
	}{
		{phone, 1000, -0.5, 0.5},
		{phone, 300, -3.5, -2.5},
		{phone, 150, -26, -22},
		{phone, 6800, -90, -40}, // twice
		{narrow, 200, -3.5, -2.5},
		{narrow, 100, -26, -22},
		{narrow, 1500, 5.5, 6.5},
		{narrow, 4000, -3.5, -2},
		{narrow, 7000, -60, -22},
	} {
		if got := gainAt(c.line, c.hz); got < c.least || got > c.most {
			t.Errorf("%+v at %v Hz: %.1f dB, want %v to %v", c.line, c.hz, got, c.least, c.most)
		}
	}
}

// G.711 keeps about 38 dB of signal to rounding, over 30 dB of levels.
func TestMuLaw(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, db := range []float64{-18, -25, -32, -40} {
		x := voice(random, db, 1, 0, 0)
		y := slices.Clone(x)
		muLaw(y)
		for i := range y {
			y[i] -= x[i]
		}
		if snr := decibels(RMS(x) / RMS(y)); snr < 30 || snr > 42 {
			t.Errorf("at %v dB: %.1f dB", db, snr)
		}
	}
	x := []float64{0, 1, -1, 2, -2}
	if muLaw(x); !slices.Equal(PCM(x), PCM([]float64{0, 1, -1, 1, -1})) {
		t.Errorf("got %v", x)
	}
}
