// Package wakeword hears wake words in a stream of sound. A Detector runs any number
// of microWakeWord models (package pack) on features that are computed once (package
// frontend), averages their outputs, and reports when a word was said, when one was
// nearly said, and how close each is to its cutoff just now.
//
// Words that somebody said a few times (package enroll) are heard beside them, and judged in
// the same way: their score is Certainty.
//
// Vocabulary. A step is the time between two features, 10 or 20 ms. An inference
// takes as many features as the model's stride says and gives an output of 0 to 255.
// The score of a word is the mean of its last outputs (the sliding window) over 255;
// it is detected when the score exceeds the cutoff.
package wakeword
