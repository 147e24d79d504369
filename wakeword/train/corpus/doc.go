// Package corpus has the recordings that a wake word is trained and measured on: it reads
// them as mono at 16 kHz, knows what is said in each and by whom, and divides them so that
// nothing is measured on what it was trained on.
//
// Vocabulary. A clip is a recording. Positives are clips in which the word is said,
// negatives those in which it is not, and noise has no speech. A set is where clips come
// from: one collection, one speaker.
package corpus
