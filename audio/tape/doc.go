// Package tape records what a device captures into a WAV file, and plays one.
package tape
