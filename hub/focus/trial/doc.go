// Package trial tries who answers, in simulated rooms: a person says a real recording
// of a wake word, several satellites hear it, and rules that see the same bids decide.
// Everything is drawn from a seed.
package trial
