// Package pocketsphinx recognizes speech with CMU PocketSphinx: sentences of a
// grammar, in English, on the device, at a few percent of one core.
//
// The library is opened when a Decoder is made, so that a program with this package
// starts on machines without it. Two generations are supported: 0.8 "5prealpha" of
// Debian 12 (libpocketsphinx.so.3 with libsphinxbase.so.3) and 5 of Debian 13
// (libpocketsphinx.so.5). A crash of the library ends the process: run it in one of
// its own, with speech.ServeRecognizer.
package pocketsphinx
