package audio

import (
	"context"
	"errors"
)

// Device is one clock domain: a microphone, a speaker, or both on one clock.
//
// Run opens the device and calls process on the device's own thread until ctx
// ends (it then returns nil) or the device fails (it returns why). process gets
// what was captured in in and fills out with what the speaker plays next; out
// arrives zeroed. process must never block, allocate, lock or log. Either Block
// is zero where the device lacks that direction. Run may be called again after
// it has returned.
type Device interface {
	Run(ctx context.Context, process func(in, out Block)) error
}

// Errors that callers of Device.Run tell apart.
var (
	// ErrStalled: the device stopped delivering blocks without saying so.
	ErrStalled = errors.New("audio: device stopped delivering")
	// ErrUnplugged: the device is gone; opening it again may succeed later.
	ErrUnplugged = errors.New("audio: device unplugged")
	// ErrStuck: the device's thread can't be stopped; only a new process helps.
	ErrStuck = errors.New("audio: device thread does not stop")
)
