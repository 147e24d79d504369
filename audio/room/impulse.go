package room

import (
	"math"

	"vapd/audio"
)

// Impulse is what the microphone hears of an impulse at the source, at the given rate.
// An impulse of 1 has the area 1 at 1 m, and 1/d at d metres. Reflections are followed
// until the room has decayed by 60 dB.
func (r Room) Impulse(rate audio.SampleRate, source, microphone Point) ([]float64, error) {
	if err := r.check(rate, source, microphone); err != nil {
		return nil, err
	}
	length := source.Distance(microphone)/SpeedOfSound + r.RT60
	n := int(math.Ceil(length*float64(rate))) + reach
	fine := make([]float64, (n+reach)*oversampling)
	r.images(source, microphone, float64(rate)*oversampling, length*SpeedOfSound, fine)
	return decimate(fine, n), nil
}

// image is one coordinate of the mirror images of a source.
type image struct {
	square float64 // of the distance along this axis
	gain   float64 // what the walls left
}

// axis has the images in one direction that are no farther than most.
func axis(side, source, microphone, reflection, most float64) []image {
	var images []image
	turns := int(math.Ceil((most + side) / (2 * side)))
	for n := -turns; n <= turns; n++ {
		for q := range 2 {
			d := float64(1-2*q)*source + 2*float64(n)*side - microphone
			if math.Abs(d) <= most {
				walls := math.Abs(float64(n-q)) + math.Abs(float64(n))
				images = append(images, image{d * d, math.Pow(reflection, walls)})
			}
		}
	}
	return images
}

// images adds every image that is no farther than most to fine, at its delay.
func (r Room) images(source, microphone Point, rate, most float64, fine []float64) {
	reflection := r.Reflection()
	var axes [3][]image
	for i := range axes {
		axes[i] = axis(r.Size[i], source[i], microphone[i], reflection, most)
	}
	perMetre := rate / SpeedOfSound
	for _, x := range axes[0] {
		for _, y := range axes[1] {
			flat, gain := x.square+y.square, x.gain*y.gain
			if flat > most*most || gain == 0 {
				continue
			}
			for _, z := range axes[2] {
				square := flat + z.square
				if square > most*most {
					continue
				}
				d := math.Sqrt(square)
				fine[int(d*perMetre+0.5)] += gain * z.gain / d
			}
		}
	}
}

// Delays are no whole number of samples. They are rounded at a rate that is higher by
// oversampling, so that they are right within a sixteenth of a sample, and a windowed
// sinc brings the sum down to the rate that is asked for. This costs one addition an
// image, of which there are a million in a room of long echo.
const (
	oversampling = 8
	reach        = 16 // of the filter to both sides, in samples of the lower rate
)

// decimate filters fine and keeps n samples of it.
func decimate(fine []float64, n int) []float64 {
	filter := lowPass()
	half := len(filter) / 2
	out := make([]float64, n)
	for i := range out {
		at := i*oversampling - half
		from := max(0, -at)
		to := min(len(filter), len(fine)-at)
		var sum float64
		for k := from; k < to; k++ {
			sum += filter[k] * fine[at+k]
		}
		out[i] = sum
	}
	return out
}

// lowPass is a sinc that cuts at half of the lower rate, under a Hann window. It keeps
// the area of what goes through.
func lowPass() []float64 {
	const half = reach * oversampling
	filter := make([]float64, 2*half+1)
	for i := range filter {
		x := float64(i-half) / oversampling
		filter[i] = 0.5 + 0.5*math.Cos(math.Pi*float64(i-half)/half)
		if x != 0 {
			filter[i] *= math.Sin(math.Pi*x) / (math.Pi * x)
		}
	}
	return filter
}
