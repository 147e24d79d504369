// Package trial tries recognizers on recordings of people: how much of what is said is
// understood, in quiet and in noise, and how much of other speech is rejected. Its
// figures are those of 'make bench-stt'.
package trial
