//go:build vapd_satellite

package main

// hubCommands is empty: this build is the satellite alone.
type hubCommands struct{}
