package enroll

import (
	"math"
	"math/rand/v2"
	"testing"

	"vapd/wakeword/frontend"
)

// sounded is what a cepstrum makes of amplitudes of 60 features, each channel times colour.
func sounded(c *cepstrum, colour func(channel int) float64) (frame [cepstra]float32, whole [Cepstra]float32) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 60 {
		var a [frontend.Channels]uint32
		for i := range a {
			a[i] = uint32(20000 * math.Exp(0.5*r.NormFloat64()) * colour(i))
		}
		c.hear(&a)
	}
	c.write(frame[:])
	c.colour(&whole)
	return frame, whole
}

// TestCepstrumIgnoresTheMicrophone: neither how loud it is nor its colour makes a
// difference to frames, and its colour does to what a voice is known by.
func TestCepstrumIgnoresTheMicrophone(t *testing.T) {
	flat, whole := sounded(newCepstrum(), func(int) float64 { return 1 })
	loud, _ := sounded(newCepstrum(), func(int) float64 { return 8 })
	dull, other := sounded(newCepstrum(), func(i int) float64 { return 4 * math.Exp(-0.03*float64(i)) })
	for k := range flat {
		if d := math.Abs(float64(flat[k] - loud[k])); d > 0.01 {
			t.Errorf("value %d is off by %v where it is louder", k, d)
		}
		if d := math.Abs(float64(flat[k] - dull[k])); d > 0.01 {
			t.Errorf("value %d is off by %v where it is duller", k, d)
		}
	}
	if d := math.Abs(float64(whole[0] - other[0])); d < 0.3 {
		t.Errorf("what is duller differs by %v", d)
	}
}

// TestCepstrumOfSilence: what is far below the loudest is nothing at all.
func TestCepstrumOfSilence(t *testing.T) {
	c := newCepstrum()
	loud := [frontend.Channels]uint32{7: 1 << 16}
	c.hear(&loud)
	for range 2*behind + 1 {
		quiet := [frontend.Channels]uint32{3: 100, 20: 50} // 56 dB below it
		c.hear(&quiet)
	}
	var frame [cepstra]float32
	c.write(frame[:])
	for k, v := range frame {
		if math.Abs(float64(v)) > 1e-4 {
			t.Errorf("silence has the cepstrum %d: %v", k, v)
		}
	}
	c.reset()
	if after, _ := sounded(c, func(int) float64 { return 1 }); after[0] == 0 {
		t.Error("nothing is heard after a reset")
	}
}
