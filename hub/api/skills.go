package api

// Commands that concern skills.
type (
	// ListSkills gives []control.HubSkill.
	ListSkills struct{}
	// ApproveSkill lets a skill in.
	ApproveSkill struct{ ID string }
	// DenySkill keeps a skill out and ends its connection.
	DenySkill struct{ ID string }
	// ForgetSkill removes all that is known of a skill, with what it may, and ends its
	// connection.
	ForgetSkill struct{ ID string }
	// OpenSkillPairing makes a code for a skill on another machine, valid for ten minutes, and
	// gives a control.PairingCode.
	OpenSkillPairing struct{}
	// ExportSkill makes the key of a skill and gives the text of its key file.
	ExportSkill struct{ ID, Name, Address string }
	// UnpairSkill voids the keys of a skill and ends its connection.
	UnpairSkill struct{ ID string }
	// RotateSkill agrees a new key with a connected skill.
	RotateSkill struct{ ID string }
	// LostSkill shuts out a skill whose key somebody else may have: its keys and token are
	// void, its connection ends, and it is denied.
	LostSkill struct{ ID string }
	// GrantSkill lets a skill use capabilities, or, when Granted is false, not any more.
	GrantSkill struct {
		ID           string
		Capabilities []string
		Granted      bool
	}
	// Say says something to the hub, as if somebody had said it to Client, and gives a
	// control.HubSaid.
	Say struct{ Client, Text string }
)

func (ListSkills) command()       {}
func (ApproveSkill) command()     {}
func (DenySkill) command()        {}
func (ForgetSkill) command()      {}
func (OpenSkillPairing) command() {}
func (ExportSkill) command()      {}
func (UnpairSkill) command()      {}
func (RotateSkill) command()      {}
func (LostSkill) command()        {}
func (GrantSkill) command()       {}
func (Say) command()              {}
