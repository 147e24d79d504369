// Command vapd is a voice satellite and the hub that it talks to.
package main

import (
	"github.com/alecthomas/kong"
)

// satelliteCommands are those of every build: one field a command, each in a file of
// its own. cli adds those that the build has besides.
type satelliteCommands struct {
	Audio     audioCmd     `cmd:"" help:"Microphones and speakers: list, record, play, levels."`
	Board     boardCmd     `cmd:"" help:"Boards: list, detect."`
	Doctor    doctorCmd    `cmd:"" help:"Say what is wrong on this machine, and what helps."`
	Leds      ledsCmd      `cmd:"" help:"LEDs: put out."`
	Satellite satelliteCmd `cmd:"" help:"Run the satellite, or ask the one that runs."`
	Wake      wakeCmd      `cmd:"" help:"Wake words: list, add, listen, test."`
}

func main() {
	var c cli
	ctx := kong.Parse(&c,
		kong.Name("vapd"),
		kong.Description("A voice satellite and the hub that it talks to."),
		kong.UsageOnError())
	ctx.FatalIfErrorf(exitStatus(ctx.Run()))
}
