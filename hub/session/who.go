package session

import (
	"fmt"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/vap"
	"vapd/wakeword/speaker"
)

// Voices knows people by their voices; *people.People does.
type Voices interface {
	// Listen begins to listen to who speaks to a client; nil when nobody wants to know.
	Listen(client string) *speaker.Listener
	// Who is who may have said what was heard, in a voice; the zero Voice is for less speech
	// than one can be known by. It is called once for each Listener that heard something.
	Who(client, heard string, v speaker.Voice) speaker.Hint
}

// lastVoice is the voice in all that was heard, where somebody wants to know.
func (e *ear) lastVoice() (v speaker.Voice) {
	if e.voice != nil && !e.silent() && !e.typed() {
		v, _ = e.voice.Voice() // speech that is too short has the zero Voice
	}
	return v
}

// who is who may have said what was heard; nobody is the zero Hint.
func (s *Session) who(e *ear, heard string, v speaker.Voice) speaker.Hint {
	if e.voice == nil || e.silent() || e.typed() {
		return speaker.Hint{}
	}
	return s.cfg.Voices.Who(s.remote.Client().ID, heard, v)
}

// identify refuses who is not known, where that is wanted: before anything is said or done.
// Each utterance of a session is looked at. Of silence there is nobody to be known, and
// nothing comes of it.
func (s *Session) identify(e *ear, by speaker.Hint) error {
	if s.cfg.RequireSpeaker == 0 {
		return nil
	}
	if !e.silent() && by.Confidence < s.cfg.RequireSpeaker {
		s.over(fmt.Sprintf("refused: %s, %.2f of %.2f", vap.TypeUserNotAuthorized, by.Confidence, s.cfg.RequireSpeaker))
		return s.refuse(&vap.Error{Code: codes.Unauthorized, Type: vap.TypeUserNotAuthorized})
	}
	if !s.known {
		s.known = true
		s.grant()
	}
	return nil
}
