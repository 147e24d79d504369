// Package board describes the boards that vapd runs on, as data, and looks at a
// machine to say which of them it may be.
//
// A [Profile] says all that differs from board to board: the sound card and which of
// its channels are microphones, the mixer values without which the codec is silent,
// the LEDs and their order, the keys and the lines they hang on, and what each key
// does. Drivers are in package hal; what a profile asks for is carried out by whoever
// starts the satellite. Profiles:
//
//	sim               no hardware: LEDs drawn in the terminal, keys from the keyboard
//	generic           any ALSA card, no LEDs and no keys
//	respeaker-2mic-v1 ReSpeaker 2-Mics Pi HAT with the WM8960 codec, and its clones
//	respeaker-2mic-v2 the same board with the TLV320AIC3104 codec
//
// [Detect] never guesses: several boards carry the same codec at the same address
// under the same card id with their LEDs and keys wired differently. It returns every
// board that fits what the kernel sees, with what would tell them apart.
//
// Words: a key is a button that springs back, a switch stays where it is put. A
// gesture is what a hand does with a key, an action is what follows, a mode is what
// the satellite is doing at that time. docs/boards.md has the sources of the data.
package board
