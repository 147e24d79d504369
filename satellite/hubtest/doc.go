// Package hubtest is a hub for tests: the real protocol with a scripted mind. It runs
// on a UDP socket, or on a network in memory, which works in a bubble of synctest and
// can lose what a test wants to be lost.
package hubtest
