// Package trial tries wake words on recordings: what they hear in each, how many of their
// words they miss and how often they wake for nothing, with confidence intervals and at
// every cutoff.
//
// A Trial runs a whole detector, as a satellite has it. A Bench measures packs each by
// itself: their models' outputs are kept and judged afterwards. Curves of folds are pooled
// to choose a cutoff on recordings that a model has not seen.
package trial
