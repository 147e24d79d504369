package main

import (
	"fmt"
	"log/slog"
	"os"

	"vapd/board"
	"vapd/hal/open"
)

// boardCmd is "vapd board".
type boardCmd struct {
	List   boardListCmd   `cmd:"" help:"List the boards that vapd knows."`
	Detect boardDetectCmd `cmd:"" help:"Say which board this machine may have, and what tells similar ones apart."`
}

type boardListCmd struct{}

// Run lists the profiles.
func (boardListCmd) Run() error {
	for _, p := range board.Profiles() {
		fmt.Println(p)
	}
	return nil
}

type boardDetectCmd struct{}

// Run says what the machine has.
func (boardDetectCmd) Run() error {
	d, err := board.Detect(os.DirFS("/"))
	if err != nil {
		return err
	}
	fmt.Println(d)
	return nil
}

// ledsCmd is "vapd leds".
type ledsCmd struct {
	Off ledsOffCmd `cmd:"" help:"Put the LEDs out, which a satellite that was killed could not."`
}

type ledsOffCmd struct {
	Config  string `placeholder:"FILE" type:"existingfile" help:"Settings of the satellite, which name the board."`
	Profile string `placeholder:"BOARD" help:"The board, instead of that of the settings."`
}

// Run puts the LEDs out.
func (c ledsOffCmd) Run() error {
	cfg, err := (&satelliteRunCmd{Config: c.Config, Profile: c.Profile}).settings("")
	if err != nil {
		return err
	}
	p, err := boardProfile(cfg.Board, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return open.Darken(p)
}
