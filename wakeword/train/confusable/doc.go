// Package confusable finds what sounds nearly like a wake word, and has it said, so that a
// model learns to tell it apart and people see beforehand how rare their word is.
//
// With a pronouncing dictionary in the format of CMU's (those of speech recognizers, such
// as PocketSphinx') phrases of one or two words are compared by their sounds. Without one,
// spellings that are near the word's are made up.
//
// The cost of taking one sound for another follows the classes of the ARPAbet: sounds that
// differ by voice alone (p and b) are the nearest, then vowels among each other, then
// consonants of one manner.
package confusable
