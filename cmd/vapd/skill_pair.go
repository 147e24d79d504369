//go:build !vapd_satellite

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"vapd/protocol/pairing"
	"vapd/skill"
)

// skillPairCmd is "vapd skill pair".
type skillPairCmd struct {
	ID    string `arg:"" optional:"" help:"Id of the skill. Default with --key: that of the file."`
	Code  string `placeholder:"DIGITS" help:"The eight digits that 'vapd hub skills pair' printed."`
	Key   string `placeholder:"FILE" type:"path" help:"The key file that 'vapd hub skills pair --export' wrote."`
	Name  string `help:"With --code: the name that people see. Default: the id."`
	Hub   string `placeholder:"HOST[:PORT]" env:"VAP_HUB" help:"With --code: address of the hub, instead of looking for it."`
	State string `placeholder:"DIR" type:"path" help:"Folder in which the skill keeps its state, if it is not the usual one."`
}

// Validate refuses what does not go together (kong calls it).
func (p skillPairCmd) Validate() error {
	switch {
	case (p.Code == "") == (p.Key == ""):
		return errors.New("one of --code and --key is needed: the hub makes them, with 'vapd hub skills pair'")
	case p.Code != "" && p.ID == "":
		return errors.New("the id of the skill is missing: vapd skill pair org.example.dice --code DIGITS")
	}
	return nil
}

// Run pairs a skill.
func (p skillPairCmd) Run() error {
	if p.Key != "" {
		return p.takeKey()
	}
	keys, err := skill.OpenKeys(p.ID, p.State, slog.Default())
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	name := p.Name
	if name == "" {
		name = p.ID
	}
	hub, err := keys.Pair(ctx, name, p.Hub, p.Code)
	if err != nil {
		return err
	}
	fmt.Printf("%s is paired with hub %s.\n", p.ID, printable(hub))
	return nil
}

func (p skillPairCmd) takeKey() error {
	file, err := pairing.ReadKeyFile(p.Key)
	if err != nil {
		return err
	}
	if p.ID == "" {
		var ok bool
		if p.ID, ok = pairing.SplitSkill(file.Pairing.ID); !ok {
			return fmt.Errorf("skill pair: %s is the key of a satellite: 'vapd hub skills pair --export' makes those of skills", p.Key)
		}
	}
	keys, err := skill.OpenKeys(p.ID, p.State, slog.Default())
	if err == nil {
		err = keys.Import(file)
	}
	if err != nil {
		return err
	}
	fmt.Printf("%s has the key of hub %s. Delete %s now: whoever reads it is this skill.\n", p.ID, printable(file.Pairing.HubName), p.Key)
	return nil
}

// skillUnpairCmd is "vapd skill unpair".
type skillUnpairCmd struct {
	ID    string `arg:"" help:"Id of the skill."`
	Hub   string `arg:"" optional:"" help:"Id or name of the hub; not needed when there is only one."`
	State string `placeholder:"DIR" type:"path" help:"Folder in which the skill keeps its state, if it is not the usual one."`
}

// Run forgets a hub.
func (u skillUnpairCmd) Run() error {
	keys, err := skill.OpenKeys(u.ID, u.State, slog.Default())
	if err != nil {
		return err
	}
	hub, err := keys.Forget(u.Hub)
	if err != nil {
		return err
	}
	fmt.Printf("%s has forgotten hub %s (%s). At the hub: vapd hub skills unpair %[1]s.\n", u.ID, printable(hub.Name), printable(hub.ID))
	return nil
}
