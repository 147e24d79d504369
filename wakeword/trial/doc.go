// Package trial tries wake words on recordings: what they hear in each, and with
// labels how many of their words they miss and how often they wake for nothing.
package trial
