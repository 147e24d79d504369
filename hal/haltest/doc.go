// Package haltest tests what uses hal and what implements it: strict fakes that play
// a script and fail the test on anything that hardware would not stand, and the tests
// that every driver passes, fake or real.
package haltest
