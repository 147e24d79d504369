// Package audio holds the types on which every sound path stands: Format, Block,
// Pos and Ring. It is pure: no device, file or network is touched here.
//
// Vocabulary. A sample is one signed 16-bit value of one channel. A frame is one
// sample of every channel, taken at the same instant. A block is a short run of
// frames, interleaved. An epoch is one uninterrupted run of a device: a position
// in one epoch says nothing about another.
package audio
