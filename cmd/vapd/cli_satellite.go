//go:build vapd_satellite

package main

// cli is the command line of a satellite alone.
type cli struct {
	satelliteCommands `embed:""`
}

// wakeEngineCommands are those that need a speech engine: none.
type wakeEngineCommands struct{}
