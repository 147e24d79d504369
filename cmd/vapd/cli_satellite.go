//go:build vapd_satellite

package main

import "errors"

// cli is the command line of a satellite alone.
type cli struct {
	satelliteCommands `embed:""`
}

// wakeTrainer says where words are trained.
type wakeTrainer struct {
	Train wakeTrainElsewhere `cmd:"" hidden:"" passthrough:"" help:"Train a wake word, on another machine."`
}

// wakeTrainElsewhere is "vapd wake train" of a build that can't.
type wakeTrainElsewhere struct {
	Args []string `arg:"" optional:""`
}

// Run fails.
func (wakeTrainElsewhere) Run() error {
	return errors.New("this vapd is built for devices and can't train: run 'vapd wake train' of the whole program on another machine, and then 'vapd wake add' with the pack here")
}
