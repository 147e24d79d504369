package skill

import (
	"fmt"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/skillregistry"
	"vapd/protocol/vap"
)

// Answer is what a skill answers. The zero Answer says nothing.
type Answer struct {
	Say string // spoken to who asked
	// Do is carried out by the satellite, as far as it can and the skill may.
	Do []vap.Capability
	// Ask listens for what is said next, without the wake word.
	Ask bool
	// Same says that the same request always gets this answer.
	Same bool
}

// Say is an Answer of words.
func Say(format string, args ...any) Answer { return Answer{Say: fmt.Sprintf(format, args...)} }

// Ask is a question, whose answer is listened for.
func Ask(format string, args ...any) Answer {
	a := Say(format, args...)
	a.Ask = true
	return a
}

// With adds what the satellite is to carry out.
func (a Answer) With(do ...vap.Capability) Answer {
	a.Do = append(a.Do[:len(a.Do):len(a.Do)], do...)
	return a
}

func (a Answer) capabilities() (all []vap.Capability) {
	if a.Say != "" {
		all = append(all, vap.TextCapability(vap.CapVoice, a.Say))
	}
	return append(all, a.Do...)
}

func (a Answer) wire() skillregistry.Answer {
	out := skillregistry.Answer{Capabilities: a.capabilities(), KeepOpen: a.Ask}
	if a.Same {
		out.Code = codes.Content
	}
	return out
}
