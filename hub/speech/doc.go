// Package speech is the hub's ear and voice: it decides when a person has finished
// (Endpointer), turns speech into text (Recognizer) and text into speech
// (Synthesizer).
//
// The engines behind the two interfaces run in child processes, or on other
// machines, and are spoken to in the Wyoming protocol; an Engine starts, watches and
// restarts them. What runs inside such a child is in the packages
// hub/speech/pocketsphinx and hub/speech/flite, served by ServeRecognizer and
// ServeSynthesizer.
package speech
