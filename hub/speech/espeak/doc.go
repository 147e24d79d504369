// Package espeak has eSpeak NG say texts: English in eight accents, by some fifty voices.
//
// They sound like machines, but no two alike, which is what a model needs that learns a word
// from voices. The program (Debian package espeak-ng) is started for each text, and gives
// a WAV file on its standard output (https://github.com/espeak-ng/espeak-ng, docs/guide.md);
// nothing is linked.
package espeak
