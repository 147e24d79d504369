// Package hal is the hardware of a satellite but for its sound: small interfaces,
// and what is done with them that no driver need know.
//
// Words:
//
//	Pixels    colour LEDs in a row or a ring, shown all at once
//	Keys      buttons that spring back; each reports when it goes down and up
//	Switch    a mute switch, which stays where it is put
//	gesture   what a hand does with a key: press, double, hold (board.Gesture)
//	driver    code that reaches a part of a board: loaded, skipped or failed
//
// Drivers are in subpackages: apa102 (LEDs on SPI), gpioline (lines of a gpiochip),
// sim (no hardware). open opens what a board.Profile names and reports on each part.
// haltest has strict fakes, and the tests that every driver must pass.
//
// A board without a part has a stand-in that does nothing ([NoPixels], [NoKeys],
// [NoSwitch]), so that nobody has to ask.
package hal
