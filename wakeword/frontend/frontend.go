package frontend

import "fmt"

// What the models were trained with.
const (
	SampleRate = 16000 // hertz
	Channels   = 40    // values of one feature
	windowSize = 480   // samples: 30 ms
	fftSize    = 512
	lowerBand  = 125.0  // hertz
	upperBand  = 7500.0 // hertz

	// correctionBits undoes the scale that the FFT and the filter weights left.
	correctionBits = 10 - 1 - filterBits/2 // bits.Len(fftSize) = 10
)

// Feature is one frame of the frontend's output, in 1/64 of a natural logarithm.
type Feature [Channels]uint16

// Quantize is the feature as the models take it, and as ESPHome computes it: 256/666 of a
// step each, rounded.
func (f *Feature) Quantize() (input [Channels]int8) {
	for i, v := range f {
		input[i] = int8(min(127, (int32(v)*256+333)/666-128))
	}
	return input
}

// Frontend computes features from a stream of samples. It is for one goroutine.
type Frontend struct {
	step   int // samples between two features
	window window
	fft    *realFFT
	bank   *filterbank
	noise  noiseReduction
	pcan   *pcan
	log    *logScale

	windowed [fftSize]int16 // 0 after the window
	spectrum [fftSize/2 + 1]cpx
	signal   [Channels]uint32
	heard    [Channels]uint32 // signal before anything was done to it
}

// New makes a Frontend that gives a feature every stepMS milliseconds: 10 for the
// models of version 2, 20 for older ones.
func New(stepMS int) (*Frontend, error) {
	if stepMS != 10 && stepMS != 20 {
		return nil, fmt.Errorf("frontend: feature step of %d ms: must be 10 or 20", stepMS)
	}
	return &Frontend{
		step:   stepMS * SampleRate / 1000,
		window: newWindow(),
		fft:    newRealFFT(),
		bank:   newFilterbank(),
		pcan:   newPCAN(),
		log:    newLogScale(),
	}, nil
}

// Step is the number of samples between two features.
func (f *Frontend) Step() int { return f.step }

// Reset forgets all sound: the next feature comes after a whole window (480 samples).
func (f *Frontend) Reset() {
	f.window.used = 0
	f.noise = noiseReduction{}
}

// Process takes as many of samples as are needed for one feature and returns how
// many it took. ok says that dst was filled. It does not allocate.
func (f *Frontend) Process(samples []int16, dst *Feature) (taken int, ok bool) {
	taken = f.window.fill(samples)
	if f.window.used < windowSize {
		return taken, false
	}
	// The window is scaled up as far as it goes, so that the FFT loses least.
	shift := 15 - f.window.apply((*[windowSize]int16)(f.windowed[:]))
	f.window.advance(f.step)

	f.fft.transform(&f.windowed, shift, &f.spectrum)
	f.bank.apply(&f.spectrum, shift, &f.signal)
	f.heard = f.signal
	f.noise.apply(&f.signal)
	f.pcan.apply(&f.noise.estimate, &f.signal)
	f.log.apply(&f.signal, dst)
	return taken, true
}

// Amplitudes are the roots of the channels' energies in the last feature's window, before
// noise reduction and gain: what the microphone heard, as loud as it was. They are good
// until the next feature.
func (f *Frontend) Amplitudes() *[Channels]uint32 { return &f.heard }
