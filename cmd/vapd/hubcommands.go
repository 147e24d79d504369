//go:build !vapd_satellite

package main

// hubCommands are the commands that the satellite build leaves out.
type hubCommands struct{}
