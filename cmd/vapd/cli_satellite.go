//go:build vapd_satellite

package main

// cli is the command line of a satellite alone.
type cli struct {
	satelliteCommands `embed:""`
}

// wakeTrainer is no command: words are trained elsewhere.
type wakeTrainer struct{}
