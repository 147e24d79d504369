// Package frontend turns sound into the features that microWakeWord models are fed
// with: 40 mel channels of a 30 ms window, noise-reduced, gain-normalised and
// logged. It gives the same bits as the TensorFlow Lite micro frontend
// (tensorflow/lite/experimental/microfrontend with kissfft at FIXED_POINT=16), on
// which every published model was trained, so all of it is integer arithmetic.
//
// The FFT is in assembly on arm64 (NEON) and amd64 (SSE2), and in Go for all machines: a
// function with the suffix Go is what the one without has to equal.
package frontend
