// Package verify looks again at a wake word that a small model heard, with a larger one:
// the second stage of a cascade. The small model runs all day on a device; the larger one
// hears only the second in which the word is said to be, on a machine that has the time.
//
// The first stage gives the sound from a little before the word on, and where the word
// ends in it. The larger model first hears a quiet room, so that its features are settled
// when the sound begins, as when models are measured (package trial). It accepts the word
// as soon as its score exceeds its cutoff, and rejects it when it has heard Tail after the
// word without that. What it could not hear whole it does not reject.
package verify
