// Package session holds one conversation with a satellite: it listens to an utterance,
// finds its end, has it understood, and speaks the answer. One goroutine runs a
// Session; what comes from the network goes through a bounded inbox.
//
// Listening begins at once. Whether the satellite gets the session at all is decided
// meanwhile (Decide), and so is whether its wake word was one (Config.Look). Both delay
// only what the satellite notices: the 2.01, its chime and the answer.
package session
