// Package enroll hears words that somebody said three to five times, with no training.
//
// A small network (wakeword/embedding) turns sound into an embedding every 30 ms, in which
// the same phone looks alike whoever says it; cepstra beside it are of the voice too. Those
// of an example, without the silence around it, are a template. A word is heard where what
// was said lately can be laid over its templates with little cost by stretching time
// (dynamic time warping: Sakoe and Chiba, 1978), from half to twice as fast as the example.
//
// What a small cost is depends on the word: long ones and common sounds cost less. So a
// word's costs for a built-in cohort of other speech are measured when it is enrolled, and
// a score says how many standard deviations below them a cost is (Z-norm: Auckenthaler et
// al., 2000). One threshold then serves every word.
package enroll
