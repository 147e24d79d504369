package session

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/internal/trace"
	"vapd/protocol/vap"
	"vapd/wakeword/verify"
)

// SecondLook is a look at a wake word that works beside the session; *verify.Look is one.
type SecondLook interface {
	// Write, Hole and Finish say what is heard; they do not wait.
	Write(samples []int16)
	Hole()
	Finish()
	// Verdict gives the verdict, once.
	Verdict() <-chan verify.Verdict
	// Close joins what it started.
	Close()
}

// Looked is what came of a second look.
type Looked struct {
	verify.Verdict
	Client  string
	Wake    vap.Wakeword
	Samples []int16 // what was looked at, at 16 kHz
}

// lookWait is how long an answer that is there waits for the second look. It had the whole
// recognition to come to a verdict; the person shall not notice it.
const lookWait = 50 * time.Millisecond

// look begins the second look, before the first sound.
func (s *Session) look(e *ear) {
	if s.believed {
		return
	}
	if e.look = s.cfg.Look(s.wake); e.look == nil {
		_ = s.judged(e, verify.Verdict{Kind: verify.NoModel}) // rejects nothing
		return
	}
	if n := len(s.wake.Audio) / 2; n > 0 { // from a client that sends nothing from before the word
		e.looked = make([]int16, s.lookedLength())
		for i := range n {
			e.looked[i] = int16(binary.LittleEndian.Uint16(s.wake.Audio[2*i:]))
		}
		e.look.Write(e.looked)
	}
}

// lookedLength is how many samples are looked at: the word, and a little after it.
func (s *Session) lookedLength() int {
	if n := len(s.wake.Audio) / 2; n > 0 {
		return n + int(verify.Tail)
	}
	return int(s.wake.End) + int(verify.Tail)
}

// verdict is nil when nobody looks.
func (e *ear) verdict() <-chan verify.Verdict {
	if e.look == nil {
		return nil
	}
	return e.look.Verdict()
}

// allHeard says that no more comes: what there is decides.
func (e *ear) allHeard() {
	if e.look != nil {
		e.look.Finish()
	}
}

// lookedEnough ends the second look.
func (e *ear) lookedEnough() {
	if e.look != nil {
		e.look.Close()
	}
	e.look, e.looked = nil, nil
}

// judged acts on the verdict of the second look. One that is late does not count, nor does
// one on half a word: the client is believed.
func (s *Session) judged(e *ear, v verify.Verdict) error {
	if v.Kind != verify.NoModel {
		s.mark(trace.SecondLook, time.Now())
	}
	if s.cfg.Looked != nil {
		s.cfg.Looked(Looked{v, s.remote.Client().ID, s.wake, e.looked})
	}
	e.lookedEnough()
	if v.Kind == verify.Rejected {
		s.over(fmt.Sprintf("refused: %s, %.2f of %.2f", vap.TypeWakewordRejected, v.Score, v.Cutoff))
		return s.refuse(&vap.Error{Code: codes.Forbidden, Type: vap.TypeWakewordRejected, Object: s.wake.Word})
	}
	s.believed = true
	s.grant()
	return nil
}
