// Package trial measures how well enrolled words are told from others (wakeword/enroll),
// on recordings of people.
//
// A draw is one word with three templates, chosen by a seed. It is tried on other
// recordings of the word and on those of other words, and, across speakers, on pieces of
// other speech. The equal error is where as large a part of the first is missed as of the
// others is accepted, with one threshold for all words and draws. Its interval comes from
// drawing the draws again (bootstrap).
package trial
