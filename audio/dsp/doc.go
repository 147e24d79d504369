// Package dsp has what is computed on sound more than once: the Fourier transform, and
// how near a voice is.
package dsp
