package augment

import (
	"math"
	"math/rand/v2"
)

// Mix adds noise to speech so that the active level of the speech is snr decibels above
// the RMS of the noise. The noise is as long as the speech. ok is false, and the result the
// speech, where one of them is silent.
func Mix(speech, noise []float64, snr float64) (mixed []float64, ok bool) {
	mixed = append([]float64(nil), speech...)
	level, ok := ActiveLevel(speech)
	rms := RMS(noise)
	if !ok || rms == 0 {
		return mixed, false
	}
	gain := amplitude(level-snr) / rms
	for i := range mixed {
		mixed[i] += gain * noise[i]
	}
	return mixed, true
}

// Piece is n samples of a recording from a random place on. A recording that is too short
// is repeated.
func Piece(recording []int16, n int, random *rand.Rand) []float64 {
	x := make([]float64, n)
	at := random.IntN(max(1, len(recording)-n+1))
	for i := range x {
		if len(recording) > 0 {
			x[i] = float64(recording[(at+i)%len(recording)]) / 32768
		}
	}
	return x
}

// Colored is noise without end, of which n samples are taken: from white (colour 0) to one
// that falls by 6 dB an octave above 100 Hz (colour 1), as fans, streets and rooms do.
func Colored(n int, colour float64, random *rand.Rand) []float64 {
	pole := 1 - math.Pow(10, -1.4*colour) // 1 - 0.04: about 100 Hz
	x := make([]float64, n)
	var last float64
	for i := range x {
		last = pole*last + random.NormFloat64()*(1-pole)
		x[i] = last
	}
	return x
}

// Pad puts a clip between silence: a floor of a few units of 16 bits, as a quiet
// microphone has, since nothing real is all zeros.
func Pad(x []float64, before, after int, random *rand.Rand) []float64 {
	out := make([]float64, before+len(x)+after)
	for i := range out {
		out[i] = float64(random.IntN(7)-3) / 32768
	}
	copy(out[before:], x)
	return out
}

// Clip cuts off what is higher than the peak less some decibels, in place, as an input does
// that is turned up too far.
func Clip(x []float64, db float64) {
	var peak float64
	for _, v := range x {
		peak = max(peak, math.Abs(v))
	}
	limit := peak * amplitude(-db)
	for i, v := range x {
		x[i] = max(-limit, min(limit, v))
	}
}
