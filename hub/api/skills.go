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

func (ListSkills) command()   {}
func (ApproveSkill) command() {}
func (DenySkill) command()    {}
func (ForgetSkill) command()  {}
func (GrantSkill) command()   {}
func (Say) command()          {}
