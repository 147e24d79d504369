package enroll

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Why a recording is no good example of a word. The errors of Listen say what to do.
var (
	ErrShort   = errors.New("there is too little speech")
	ErrLong    = errors.New("the speech is too long")
	ErrQuiet   = errors.New("the speech is too quiet")
	ErrClipped = errors.New("the speech is too loud for the microphone")
)

const (
	quietest = 300  // the loudest sample: 41 dB below full scale
	clipping = 0.01 // part of the samples that may be at their limits
)

// Listen makes a template of a recording of one word, mono at 16 kHz, with or without
// silence around it.
func (n *Network) Listen(pcm []int16) (Template, error) {
	peak, clipped := 0, 0
	for _, v := range pcm {
		a := max(int(v), -int(v))
		peak = max(peak, a)
		if a >= 32700 {
			clipped++
		}
	}
	frames, silence := n.Embed(pcm)
	t := slices.Clone(trim(frames, silence))
	switch {
	case peak < quietest:
		return nil, fmt.Errorf("enroll: %w: speak up, or turn the microphone up", ErrQuiet)
	case float64(clipped) > clipping*float64(len(t)*frameSamples):
		return nil, fmt.Errorf("enroll: %w: speak more softly, or turn the microphone down", ErrClipped)
	case len(t) < shortest:
		return nil, fmt.Errorf("enroll: %w: say the word once, clearly", ErrShort)
	case len(t) > longest:
		return nil, fmt.Errorf("enroll: %w: say the word alone", ErrLong)
	}
	return t, nil
}

// frameSamples is how many samples there are to a frame.
const frameSamples = 16 * StepMS

// margin is the silence that a recording gets before and after, in samples: cut closely as
// it may be, the frontend has to settle before it, and the network to hear what follows.
const margin = 30 * frameSamples

// lag is how many samples the network has heard after the middle of what a frame is of: 20
// features, and half of the last one's window of 30 ms.
const lag = 200*16 + 240

// Embed is the embedding of a whole recording, and how likely each frame is silence.
func (n *Network) Embed(pcm []int16) (frames []Frame, silence []float32) {
	ear, at := n.NewEar(), -margin
	floor := silent()
	for _, samples := range [][]int16{floor, pcm, floor} {
		for len(samples) > 0 {
			var f Frame
			taken, s, ok := ear.Hear(samples, &f)
			samples, at = samples[taken:], at+taken
			if !ok {
				continue
			}
			if middle := at - lag; middle < 0 || middle >= len(pcm) {
				s = 1
			}
			frames, silence = append(frames, f), append(silence, s)
		}
	}
	return frames, silence
}

// silent is what a quiet microphone hears: nothing real is all zeros.
func silent() []int16 {
	r := rand.New(rand.NewPCG(1, 1))
	pcm := make([]int16, margin)
	for i := range pcm {
		pcm[i] = int16(r.IntN(7) - 3)
	}
	return pcm
}
