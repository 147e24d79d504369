package augment

import (
	"math"

	"vapd/audio"
)

// Floats are samples of 16 bits with a full scale of 1.
func Floats(pcm []int16) []float64 {
	x := make([]float64, len(pcm))
	for i, v := range pcm {
		x[i] = float64(v) / 32768
	}
	return x
}

// PCM rounds samples to 16 bits. What is beyond full scale is clipped.
func PCM(x []float64) []int16 {
	pcm := make([]int16, len(x))
	for i, v := range x {
		pcm[i] = int16(max(math.MinInt16, min(math.MaxInt16, math.RoundToEven(v*32768))))
	}
	return pcm
}

// Gain amplifies by some decibels, in place.
func Gain(x []float64, db float64) {
	gain := amplitude(db)
	for i := range x {
		x[i] *= gain
	}
}

func amplitude(db float64) float64 { return math.Pow(10, db/20) }

func decibels(amplitude float64) float64 { return 20 * math.Log10(amplitude) }

// RMS is the root of the mean square.
func RMS(x []float64) float64 { return math.Sqrt(energy(x) / float64(max(1, len(x)))) }

func energy(x []float64) (sum float64) {
	for _, v := range x {
		sum += v * v
	}
	return sum
}

// Constants of ITU-T P.56, method B.
const (
	smoothing = 0.03                    // seconds: time constant of the envelope's two stages
	hangover  = int(audio.WakeRate) / 5 // samples for which speech goes on after the envelope fell
	margin    = 15.9                    // decibels from the threshold up to the active level
	halvings  = 15                      // thresholds
)

// ActiveLevel is the active level of speech by ITU-T P.56, method B, in decibels relative
// to an RMS of full scale: the RMS over the time in which somebody speaks, pauses of up to
// 0.2 s included. Silence around it changes nothing. Other than there, the thresholds are
// counted from the envelope's peak, so that a gain changes the level by just that gain. ok
// is false where there is nothing but silence.
func ActiveLevel(x []float64) (db float64, ok bool) {
	db, _, ok = active(envelope(x), energy(x))
	return db, ok
}

// envelope is the signal's magnitude, smoothed twice.
func envelope(x []float64) []float64 {
	g := math.Exp(-1 / (smoothing * float64(audio.WakeRate)))
	out := make([]float64, len(x))
	var first, second float64
	for i, v := range x {
		first = g*first + (1-g)*math.Abs(v)
		second = g*second + (1-g)*first
		out[i] = second
	}
	return out
}

// active is the active level and the threshold of the envelope that goes with it, both in
// decibels.
func active(envelope []float64, energy float64) (level, threshold float64, ok bool) {
	var peak float64
	for _, v := range envelope {
		peak = max(peak, v)
	}
	if peak == 0 {
		return 0, 0, false
	}
	// From the lowest threshold up the level comes nearer to it, until it is margin away.
	var before, above float64 // the last level and its threshold
	for j := halvings; j >= 1; j-- {
		c := math.Ldexp(peak, -j)
		a := 10 * math.Log10(energy/float64(activity(envelope, c)))
		t := decibels(c)
		if a-t <= margin {
			if j == halvings {
				return a, t, true
			}
			part := (before - above - margin) / ((before - above) - (a - t))
			return before + part*(a-before), above + part*(t-above), true
		}
		before, above = a, t
	}
	return before, above, true
}

// activity is for how many samples the envelope is above the threshold, or was so within
// the hangover.
func activity(envelope []float64, threshold float64) (n int) {
	left := 0
	for _, v := range envelope {
		if v >= threshold {
			left = hangover
			n++
		} else if left > 0 {
			left--
			n++
		}
	}
	return n
}

// Stretch is a part of a clip, in samples.
type Stretch struct{ From, To int }

// lag is about how far the envelope is behind the sound, in samples.
const lag = int(audio.WakeRate) * 30 / 1000

// Loudest is the stretch of speech with the most energy: of a clip in which one word is
// said, that word. It ends where the speech does, to some hundredths of a second, and is
// empty in silence.
func Loudest(x []float64) (most Stretch) {
	e := envelope(x)
	_, db, ok := active(e, energy(x))
	if !ok {
		return Stretch{}
	}
	threshold, loudest := amplitude(db), 0.0
	for i := 0; i < len(e); i++ {
		if e[i] < threshold {
			continue
		}
		s := Stretch{From: i, To: i}
		for ; i < len(e) && i-s.To < hangover; i++ {
			if e[i] >= threshold {
				s.To = i + 1
			}
		}
		s.From, s.To = max(0, s.From-lag), max(0, s.To-lag)
		if sum := energy(x[s.From:s.To]); sum > loudest {
			most, loudest = s, sum
		}
	}
	return most
}
