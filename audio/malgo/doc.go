// Package malgo plays and records through ALSA's plugin PCMs ("default", PulseAudio,
// PipeWire, dmix) with malgo, a binding of miniaudio. It needs cgo, and libasound.so.2
// at run time; for "hw:" devices, and without cgo, package alsa is the better way.
//
// A [Device] is an audio.Device with the contract of package alsa: nothing is
// resampled, remixed or reordered, channel n of a block is channel n of the PCM. What
// the libraries below get wrong is worked round here:
//
//   - miniaudio remixes more than two channels by their supposed positions. A channel
//     map of zeros stops it, and a PCM that would be remixed or resampled all the same
//     is refused.
//   - It goes on for ever, without a callback, when the PCM is gone. A watchdog ends
//     Run with audio.ErrStalled after Config.Stall.
//   - Its thread may hang in the PCM. Whatever does not stop within a second ends Run
//     with audio.ErrStuck; then only a new process helps.
//   - A thread that spins on a dead PCM runs through memory when it is stopped, since
//     it takes the error for a number of frames. It is left alone: audio.ErrStuck.
//   - Overruns are not reported. They are counted by comparing frames with the clock.
//   - malgo's number of the null backend is off by one, its context leaks a little, and
//     its device identifiers lie in memory that is never freed: the context is made
//     once a Device, the identifiers are Go's.
//
// Sources: malgo v0.11.24 with miniaudio 0.11.23 (miniaudio.h), alsa-lib 1.2.8.
package malgo
