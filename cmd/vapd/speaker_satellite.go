//go:build vapd_satellite

package main

import (
	"errors"

	"vapd/wakeword/train/confusable"
)

// newSpeaker fails: a satellite has no engine.
func newSpeaker(string) (confusable.Speaker, error) {
	return nil, errors.New("this program was built for a satellite and can't speak: use the hub's")
}
