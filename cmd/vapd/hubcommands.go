//go:build !vapd_satellite

package main

// hubCommands are the commands that the satellite build leaves out.
type hubCommands struct {
	Demo   demoCmd       `cmd:"" help:"Watch it work: hub and satellite on this machine."`
	Hub    hubCmd        `cmd:"" help:"Run the hub, or ask the one that runs."`
	Engine engineCommand `cmd:"" help:"Run a speech engine on the standard streams (the hub starts it)."`
}
