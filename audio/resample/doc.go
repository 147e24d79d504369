// Package resample changes the sample rate of 16-bit streams by any ratio of the
// usual rates, with a polyphase windowed-sinc filter.
//
// The filter is flat (within 0.01 dB) up to 0.87 of the lower Nyquist frequency and
// 90 dB down from that frequency on, so that nothing folds back and no image is
// heard. It has linear phase, and its delay is taken out: sample k of the output
// lies at the time k/to of the input. A stream therefore lags by [Resampler.Latency]
// input frames, which Flush brings out at its end.
//
// Source: R. E. Crochiere and L. R. Rabiner, "Multirate Digital Signal Processing"
// (1983), chapters 3 and 4; the window is Kaiser's.
package resample
