// Package meter measures how loud the channels of a microphone are, says what is wrong
// with them, and draws them.
//
// Levels are in dB of full scale (dBFS): 0 is the loudest that a sample can be, and a
// full-scale square wave has an RMS of 0. Speech at arm's length has peaks of about
// -30 to -10 dBFS.
package meter
