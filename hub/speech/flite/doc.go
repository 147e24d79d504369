// Package flite synthesizes English speech with Flite, on the device.
//
// Flite's libraries (Debian package libflite1) are opened when a Voices is made, so
// that a program with this package starts on machines without them. A crash of the
// library ends the process: run it in one of its own, with speech.ServeSynthesizer.
package flite
