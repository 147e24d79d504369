// Package train makes a wake word pack of recordings: the recipe that ties together
// corpus, augment, net, export and trial.
//
// The recordings are divided by file (by speaker where that is known): a fifth of the
// words and of the other speech is for validation and never trained on. Of the rest each
// is varied (package augment) and turned into features, which lie in the work folder. The
// float network learns from windows of them. Several times it is let loose on all that it
// must not answer to, and what wakes it most is shown to it more often from then on: hard
// negative mining, other words first. Then it is quantised, and the cutoff is chosen on
// the validation part.
//
// # What an output should be
//
// A word ends where its active speech does. From then on, for a quarter of a second, the
// outputs should be 1: that is eight, and the runtime averages five. Before the middle of
// the word nothing has been said yet, and outputs should be 0; half a second after its end
// again, since a word counts anew only when the score has fallen. Between these the truth
// is a matter of taste, and an end is known to a few hundredths of a second only: those
// outputs have no weight.
//
// # From nothing but text
//
// Where there is no recording of the word, voices say it. They are few, and unlike people.
// So each variant is said by another speaker (augment.Voice), and whatever might tell the
// word from all else without listening to what is said is in the rest, too: voices that say
// other things, and words of people after a silence.
//
// # Resuming
//
// Every step keeps its result in the work folder, and the network a checkpoint, written as
// a whole. A training that was stopped goes on as if it had not been, bit for bit, and a
// seed gives the same pack on any number of cores of one kind of processor. The folder
// knows by a hash what it was begun with, and refuses anything else.
package train
