//go:build !vapd_satellite

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"vapd/protocol/control"
)

// hubSkillsCmd is "vapd hub skills".
type hubSkillsCmd struct {
	List    hubSkillsListCmd    `cmd:"" default:"withargs" help:"List the skills."`
	Approve hubSkillsApproveCmd `cmd:"" help:"Let a skill in."`
	Deny    hubSkillsDenyCmd    `cmd:"" help:"Keep a skill out."`
	Forget  hubSkillsForgetCmd  `cmd:"" help:"Forget a skill: its key and token are void, and so is what it may."`
	Pair    hubSkillsPairCmd    `cmd:"" help:"Give a skill on another machine a key: by a code, or by a key file."`
	Unpair  hubSkillsUnpairCmd  `cmd:"" help:"Void the keys of a skill, and end its connection."`
	Rotate  hubSkillsRotateCmd  `cmd:"" help:"Give a skill that is connected a new key."`
	Lost    hubSkillsLostCmd    `cmd:"" help:"Shut out a skill whose key somebody else may have, at once."`
	Grant   hubSkillsGrantCmd   `cmd:"" help:"Let a skill use capabilities of satellites. All may speak to who asked."`
	Revoke  hubSkillsRevokeCmd  `cmd:"" help:"Take them away."`
}

type hubSkillsListCmd struct {
	JSON bool `help:"As JSON."`
}

// Run lists the skills.
func (l hubSkillsListCmd) Run(c *hubCmd) error {
	known, err := callHub[[]control.HubSkill](c, control.MethodSkills, struct{}{})
	if err != nil {
		return err
	}
	if l.JSON {
		return json.NewEncoder(os.Stdout).Encode(known)
	}
	t := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "id\tname\tstate\tkey\taddress\tlast seen\tmay, besides speaking")
	for _, k := range known {
		seen := k.LastSeen.Local().Format(time.DateTime)
		may, key := strings.Join(k.May, ", "), keyInWords(k.Key, k.Connected, k.Encrypted)
		switch {
		case k.State == control.SkillOwn:
			seen, may, key = "now", "everything", ""
		case k.Listening:
			seen = "now"
		case k.Connected:
			seen = "now, but can't be asked"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", printable(k.ID), printable(k.Name), k.State, key, k.Address, seen, printable(may))
	}
	return t.Flush()
}

// hubSkillArg names one skill.
type hubSkillArg struct {
	ID string `arg:"" help:"Id of the skill, as 'vapd hub skills' shows it."`
}

func (a hubSkillArg) call(c *hubCmd, method string, params any, done string) error {
	if _, err := callHub[any](c, method, params); err != nil {
		return err
	}
	fmt.Printf("%s %s\n", a.ID, done)
	return nil
}

type (
	hubSkillsApproveCmd struct {
		hubSkillArg `embed:""`
	}
	hubSkillsDenyCmd struct {
		hubSkillArg `embed:""`
	}
	hubSkillsForgetCmd struct {
		hubSkillArg `embed:""`
	}
)

// Run lets the skill in.
func (a hubSkillsApproveCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodApproveSkill, control.ClientID{ID: a.ID}, "may connect.")
}

// Run keeps the skill out.
func (a hubSkillsDenyCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodDenySkill, control.ClientID{ID: a.ID}, "is kept out.")
}

// Run forgets the skill.
func (a hubSkillsForgetCmd) Run(c *hubCmd) error {
	return a.call(c, control.MethodForgetSkill, control.ClientID{ID: a.ID}, "is forgotten.")
}

// hubSkillGrant names capabilities of a skill.
type hubSkillGrant struct {
	hubSkillArg  `embed:""`
	Capabilities []string `arg:"" name:"capability" help:"As docs/capabilities.md names them: volume, timer, led, sound, stop."`
}

func (g hubSkillGrant) set(c *hubCmd, granted bool, done string) error {
	grant := control.SkillGrant{ID: g.ID, Capabilities: g.Capabilities, Granted: granted}
	return g.call(c, control.MethodGrantSkill, grant, done+strings.Join(g.Capabilities, ", ")+".")
}

type (
	hubSkillsGrantCmd struct {
		hubSkillGrant `embed:""`
	}
	hubSkillsRevokeCmd struct {
		hubSkillGrant `embed:""`
	}
)

// Run grants capabilities.
func (g hubSkillsGrantCmd) Run(c *hubCmd) error { return g.set(c, true, "may use ") }

// Run takes them away.
func (g hubSkillsRevokeCmd) Run(c *hubCmd) error { return g.set(c, false, "may no longer use ") }
