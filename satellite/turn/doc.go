// Package turn carries out one utterance and its answer: it streams what is said to
// the hub, from before the wake word on, and plays what the hub answers.
//
// A turn is a tree of goroutines under one context. Cancel ends it at once: the answer
// falls silent, no more audio leaves, and the hub is told. What a turn of before still
// reports carries its number, so that it can be told from the present one.
package turn
