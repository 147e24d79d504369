package api

import "vapd/wakeword/speaker"

// Commands that concern those whose voice the hub knows.
type (
	// AddPerson adds voices of a person, who may be new, as the model of that sum heard
	// them.
	AddPerson struct {
		Name   string
		Model  uint32
		Voices []speaker.Voice
	}
	// ForgetPerson forgets a person's voice.
	ForgetPerson struct{ Name string }
	// HearVoices lets the owner have the voices of what is said to a client.
	HearVoices struct{ Client string }
)

func (AddPerson) command()    {}
func (ForgetPerson) command() {}
func (HearVoices) command()   {}
