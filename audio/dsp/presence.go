package dsp

import (
	"math"

	"vapd/audio"
)

// Presence tells how near a voice is. All are means over bands of 500 Hz from 250 Hz to
// 7,750 Hz, each of which counts alike: what a room does to one frequency means little.
type Presence struct {
	Level float64 // dBFS in a band, the noise taken off
	Noise float64 // dBFS in a band
	SNR   float64 // Level - Noise, in decibels
	// Attack is how steeply the sound rises: by how many decibels within 10 ms, in the four
	// places of each band where it is most. Far from the mouth, echoes of the sound before
	// fill the pauses, even those between the pulses of the voice, and it is less. No gain
	// changes it. On average it is one decibel less where the voice comes one decibel
	// softer. 0 is unknown.
	Attack float64
}

const (
	// Frames are short: what comes within milliseconds of the direct sound already is echo.
	frameSize = 160 // samples of 16 kHz: 10 ms
	frameStep = 40
	blockSize = 256
	bandCount = 15
	bandWidth = 8 // bins of 62.5 Hz
	firstBin  = 4
	rise      = 4 // steps
	steepest  = 4 // places in a band

	// quantization is what rounding to whole samples adds to the power of a band: a
	// twelfth a sample, times the power of the window, in each bin.
	quantization = bandWidth * frameSize * 3.0 / 8 / 12
	// full is the power in a band of a sine of full scale.
	full = (1 << 30) / 2 * blockSize * frameSize * 3.0 / 8 / 2
	// least is the part of a band's power that is left where noise seems to be all of it.
	least = 0.1
)

// Probe measures Presence. It is for one goroutine.
type Probe struct {
	fft    *FFT
	window [frameSize]float64
	block  [blockSize]complex128
	noise  bands
	powers [2]bands        // of the two frames at hand
	levels [rise + 1]bands // the last ones, in decibels
	rises  [bandCount][steepest]float64
}

// bands has a number for each band.
type bands [bandCount]float64

// NewProbe makes a Probe.
func NewProbe() *Probe {
	p := &Probe{fft: NewFFT(blockSize)}
	for i := range p.window {
		p.window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/frameSize)
	}
	return p
}

// Shortest is how many samples of 16 kHz Measure needs, before the word and of it.
const Shortest = int(audio.WakeRate) / 5

// Measure measures a word and what was heard before it, at 16 kHz. ok is false where
// there is not Shortest of both. It allocates nothing.
func (p *Probe) Measure(before, word []int16) (v Presence, ok bool) {
	if len(before) < Shortest || len(word) < Shortest {
		return Presence{}, false
	}
	p.noise = p.mean(before, nil)
	for i := range p.noise {
		p.noise[i] += quantization
	}
	p.rises = [bandCount][steepest]float64{}
	mean := p.mean(word, p.follow)
	for i, all := range mean {
		v.Level += decibels(max(all-p.noise[i], least*all, quantization)/full) / bandCount
		v.Noise += decibels(p.noise[i]/full) / bandCount
		for _, r := range p.rises[i] {
			v.Attack += r / (bandCount * steepest)
		}
	}
	v.SNR = v.Level - v.Noise
	return v, true
}

// follow takes the next powers of the word, and keeps the steepest rises.
func (p *Probe) follow(n int, power *bands) {
	now, then := &p.levels[n%len(p.levels)], &p.levels[(n+1)%len(p.levels)]
	for i := range now {
		now[i] = decibels(max(power[i], p.noise[i]))
		if n < rise {
			continue
		}
		// An insertion into what is sorted, the steepest first.
		r := now[i] - then[i]
		for k, other := range p.rises[i] {
			if r > other {
				p.rises[i][k], r = r, other
			}
		}
	}
}

// mean is the mean power in each band of all frames of pcm, each of which is shown to
// see (or nil), numbered from 0.
func (p *Probe) mean(pcm []int16, see func(n int, power *bands)) (mean bands) {
	frames := (len(pcm)-frameSize)/frameStep + 1
	for n := 0; n < frames; n += 2 {
		// Two frames go through one transform, as its real and its imaginary part.
		clear(p.block[:])
		for i, w := range p.window {
			at := n*frameStep + i
			var second float64
			if n+1 < frames {
				second = float64(pcm[at+frameStep])
			}
			p.block[i] = complex(w*float64(pcm[at]), w*second)
		}
		p.fft.Transform(p.block[:])
		p.powers = [2]bands{}
		for i := range bandCount * bandWidth {
			a, b := p.block[firstBin+i], p.block[blockSize-firstBin-i]
			b = complex(real(b), -imag(b))
			p.powers[0][i/bandWidth] += square(a+b) / 4
			p.powers[1][i/bandWidth] += square(a-b) / 4
		}
		for k := range min(2, frames-n) {
			power := &p.powers[k]
			if see != nil {
				see(n+k, power)
			}
			for i := range mean {
				mean[i] += power[i] / float64(frames)
			}
		}
	}
	return mean
}

func square(c complex128) float64 { return real(c)*real(c) + imag(c)*imag(c) }

func decibels(power float64) float64 { return 10 * math.Log10(power) }
