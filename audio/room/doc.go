// Package room simulates how sound travels in a box-shaped room, by the image method:
// J. B. Allen and D. A. Berkley, "Image method for efficiently simulating small-room
// acoustics", J. Acoust. Soc. Am. 65(4), 1979. Each reflection is the sound of a mirror
// image of the source; its walls absorb alike, at all frequencies alike.
//
// Sources and microphones are points and hear in all directions. There are no people,
// furniture or doors. Walls reflect in phase, so that below 100 Hz echoes add up to more
// than a room gives; the paper cuts there. The same input gives the same result to the last bit.
//
// Lengths are metres, times seconds, and sound keeps its amplitude at 1 m.
package room
