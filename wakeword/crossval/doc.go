// Package crossval tells how good a trained wake word is for people whom it has not heard:
// by cross-validation in two levels. The recordings are divided into folds. A model for each
// is trained on the others (outer); its cutoff is chosen by models that have not heard one of
// those others either (inner), and then frozen. So nothing that a fold is measured with has
// seen it, the cutoff included.
//
// A model without the folds j and k chooses a cutoff for both: for k on j, and for j on k.
package crossval
