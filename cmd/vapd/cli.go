//go:build !vapd_satellite

package main

// cli is the command line.
type cli struct {
	satelliteCommands `embed:""`

	Bench  benchCmd      `cmd:"" help:"Measure."`
	Demo   demoCmd       `cmd:"" help:"Watch it work: hub and satellite on this machine."`
	Hub    hubCmd        `cmd:"" help:"Run the hub, or ask the one that runs."`
	Skill  skillCmd      `cmd:"" help:"Try skills."`
	Engine engineCommand `cmd:"" help:"Run a speech engine on the standard streams (the hub starts it)."`
}

// wakeTrainer is the command that trains, which needs more than a satellite has.
type wakeTrainer struct {
	Train    wakeTrainCmd    `cmd:"" help:"Train a wake word from recordings, or from nothing but text."`
	Crossval wakeCrossvalCmd `cmd:"" help:"Measure how good the words are that 'vapd wake train' makes of recordings: by folds, in two levels."`
}
