// Package augment makes of one clip many, as other rooms, distances, microphones and lines
// would have brought it: faster or slower, in echo, in noise, too loud, through a cheap
// microphone, a telephone or a codec. Voice makes of one speaker many. All is mono at 16 kHz.
//
//	a, err := augment.New(augment.DefaultConfig())
//	v, err := a.Apply(pcm, seed) // v.PCM, and v.At(n) is where sample n of pcm went
//
// What happens to a clip follows from its seed alone, never from what it is: see Plan.
// Every function gives the same result for the same input and seed. (Where the compiler
// fuses a product with a sum, as on arm64, the last bits differ from other machines; what
// Opus makes depends on the version of libopus.)
//
// Sources: ITU-T P.56 (active speech level), ITU-T G.711 (mu-law), R. Bristow-Johnson's
// "Cookbook formulae for audio EQ biquad filter coefficients", W. Verhelst and M. Roelands,
// "An overlap-add technique based on waveform similarity (WSOLA)" (ICASSP 1993).
package augment
