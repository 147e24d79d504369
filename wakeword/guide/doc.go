// Package guide leads a person through enrolling a wake word: it says what to do, hears by
// itself when a word begins and ends, refuses examples that are no good and says why, and
// lets the person try the word before it is saved.
//
// An utterance is what was said between two pauses (Cutter). An example is an utterance that
// is good for the word (Examples). Session is the dialogue, on a terminal or over a pipe.
package guide
