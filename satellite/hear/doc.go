// Package hear is the satellite's ear: the one goroutine that makes speech of what the
// device captured. It picks the microphones' channels, converts them to 16 kHz mono,
// keeps the newest seconds in a ring for whoever streams them, measures levels, and
// lets the wake word detector listen.
//
// Detector and ring get the same samples, so a word's place is a place in the ring.
//
// Nothing is allocated per block. While the ear is closed, what arrives is dropped and
// the ring is empty.
package hear
