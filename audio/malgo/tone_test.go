package malgo

import "math"

// hz is the sine that stands for a channel.
func hz(channel int) float64 { return 300 + 200*float64(channel) }

// tone is frame n of a channel's sine, at 16 kHz.
func tone(channel, n int) int16 {
	return int16(10000 * math.Sin(2*math.Pi*hz(channel)*float64(n)/16000))
}

// channels says whose sine is on each channel of samples: -1 when it is none's alone,
// or not at its full level.
func channels(samples []int16, count int) []int {
	found := make([]int, count)
	frames := len(samples) / count
	for c := range count {
		found[c] = -1
		var total float64
		for n := range frames {
			total += float64(samples[n*count+c]) * float64(samples[n*count+c])
		}
		for of := range count {
			var re, im float64
			for n := range frames {
				s, phase := float64(samples[n*count+c]), 2*math.Pi*hz(of)*float64(n)/16000
				re += s * math.Cos(phase)
				im += s * math.Sin(phase)
			}
			peak := 2 * math.Hypot(re, im) / float64(frames)
			if alone := peak * peak / 2 * float64(frames); peak > 9500 && alone > 0.99*total {
				found[c] = of
			}
		}
	}
	return found
}
