// Package lexicon says how words are pronounced that a dictionary lacks: names, products,
// numbers, initials. Words are put together from known ones where that is possible; what
// is left is read letter by letter, by rules that were learned from the CMU Pronouncing
// Dictionary (hub/speech/lexicon/make). Pronunciations are in its phones, without stress.
package lexicon
