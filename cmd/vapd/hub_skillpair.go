//go:build !vapd_satellite

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"vapd/internal/config"
	"vapd/protocol/control"
)

// hubSkillsPairCmd is "vapd hub skills pair".
type hubSkillsPairCmd struct {
	Export  string `placeholder:"FILE" type:"path" help:"Write the key of the skill --id into a file, instead of making a code of eight digits."`
	ID      string `help:"With --export: the id of the skill."`
	Name    string `help:"With --export: the name that people see."`
	Address string `placeholder:"HOST:PORT" help:"With --export: where the skill reaches the hub, in case that it does not find it."`
}

// Validate refuses what does not go together (kong calls it).
func (p hubSkillsPairCmd) Validate() error {
	switch {
	case p.Export != "" && p.ID == "":
		return errors.New("--export needs --id: that of the skill, like org.example.dice")
	case p.Export == "" && (p.ID != "" || p.Name != "" || p.Address != ""):
		return errors.New("--id, --name and --address are for --export")
	}
	return nil
}

// Run pairs a skill.
func (p hubSkillsPairCmd) Run(c *hubCmd) error {
	if p.Export != "" {
		return p.export(c)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	conn, err := dialDaemon(ctx, config.PartHub, c.Control)
	if err != nil {
		return err
	}
	defer conn.Close()
	return pairAtHub(ctx, conn, control.PairingStart{Code: true, Skill: true}, nil, os.Stdout)
}

func (p hubSkillsPairCmd) export(c *hubCmd) error {
	if err := exportKey(c, control.PairingExport{Skill: true, ID: p.ID, Name: p.Name, Address: p.Address}, p.Export); err != nil {
		return err
	}
	fmt.Printf("The key of %s is in %s. Whoever reads that file is this skill: take it over where the skill runs\n"+
		"('vapd skill pair --key FILE'), then delete it.\n", p.ID, p.Export)
	return nil
}

type (
	hubSkillsUnpairCmd struct {
		hubSkillArg `embed:""`
	}
	hubSkillsRotateCmd struct {
		hubSkillArg `embed:""`
	}
	hubSkillsLostCmd struct {
		hubSkillArg `embed:""`
	}
)

// Run voids the keys of a skill.
func (a hubSkillsUnpairCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodUnpairSkill, control.ClientID{ID: a.ID}, "is not paired any more.")
}

// Run replaces the key of a skill.
func (a hubSkillsRotateCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodRotateSkill, control.ClientID{ID: a.ID}, "has a new key.")
}

// Run shuts out a skill.
func (a hubSkillsLostCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodLostSkill, control.ClientID{ID: a.ID}, "is shut out: its key and token are void.")
}
