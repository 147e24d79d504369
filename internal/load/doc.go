// Package load puts a hub under load: thousands of simulated satellites in one process,
// each with a socket of its own, that speak the protocol of real ones, and what is sent
// by those who only disturb. It measures as they would notice it.
//
// docs/bench-hub.md says how to use it and how to read its figures.
package load
