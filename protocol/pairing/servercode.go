package pairing

import (
	"crypto/hmac"
	"errors"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/pairing/spake2plus"
)

// lastProof is how long the last one who may try a code has to prove that it was right.
const lastProof = 15 * time.Second

const usedUp = "the code was wrong five times: somebody may be guessing; make another one"

// codeWindow is a passcode that is valid for a while and a few tries.
type codeWindow struct {
	timer  *time.Timer
	record *spake2plus.Record
	skill  bool // it is for a skill
	tries  int  // left
	x      *codeExchange
}

// codeExchange is the latest try.
type codeExchange struct {
	event    Event // whose
	session  []byte
	verifier *spake2plus.Verifier
	confirm  []byte // that was right; nil before
	stored   bool
}

// OpenCode makes a passcode for a satellite and opens the code window for CodeWindow, in
// place of one that is open. address is where the hub is reached ("192.168.1.2:5683"), for
// the QR code; it may be empty.
func (s *Server) OpenCode(address string) (Invitation, error) { return s.openCode(address, false) }

// OpenSkillCode is OpenCode for a skill.
func (s *Server) OpenSkillCode() (Invitation, error) { return s.openCode("", true) }

func (s *Server) openCode(address string, skill bool) (Invitation, error) {
	code, err := newPasscode(s.cfg.Rand)
	if err != nil {
		return Invitation{}, err
	}
	record, err := spake2plus.NewRecord(secretOf(code))
	if err != nil {
		return Invitation{}, err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return Invitation{}, errors.New("pairing: the hub ends")
	}
	s.closeCode("opened anew")
	w := &codeWindow{record: record, skill: skill, tries: CodeTries}
	w.timer = time.AfterFunc(CodeWindow, func() { s.expireCode(w) })
	s.code = w
	s.tell(Event{Kind: Opened, Way: ByCode, TriesLeft: CodeTries})
	s.unlock()
	return Invitation{HubID: s.cfg.HubID, Address: address, Passcode: code}, nil
}

// secretOf derives SPAKE2+'s numbers of a code. The ids are left out, as the satellite
// does not know the hub's when only digits were typed (RFC 9383 section 3.2 allows that);
// the transcript has them.
func secretOf(code Passcode) *spake2plus.Secret {
	return spake2plus.Derive([]byte(code.digits), []byte(label+"passcode"))
}

// codeSession is what SPAKE2+ binds both sides to.
func codeSession(hubID, hubName, id, name string) spake2plus.Session {
	return spake2plus.Session{
		Context:  digest("code", []byte(hubName), []byte(name)),
		Prover:   []byte(id),
		Verifier: []byte(hubID),
	}
}

func (s *Server) expireCode(w *codeWindow) {
	s.mu.Lock()
	if s.code == w {
		reason := "nobody used the code within ten minutes"
		if w.tries == 0 {
			reason = usedUp
		}
		s.closeCode(reason)
	}
	s.unlock()
}

// closeCode closes the window. A Pairing that is stored stays. s.mu is held.
func (s *Server) closeCode(reason string) {
	w := s.code
	if w == nil {
		return
	}
	w.timer.Stop()
	s.code = nil
	if w.x == nil || !w.x.stored {
		s.tell(Event{Kind: Closed, Way: ByCode, Reason: reason, TriesLeft: w.tries})
	}
}

// answerShare is one try: with its answer a stranger can tell whether one guess was
// right, so it counts at once, whether or not anything follows. A skill can't be paired by
// a satellite's code, nor the reverse.
func (s *Server) answerShare(peer coap.Peer, m message) (message, error) {
	e := Event{Kind: Tried, Way: ByCode, ID: m.id, Name: m.name, From: peer.Addr(), Replaces: s.cfg.Keys.Paired(m.id)}
	s.mu.Lock()
	w := s.code
	if w == nil || w.skill != ofSkill(m.id) || w.tries == 0 || w.x != nil && w.x.confirm != nil {
		s.mu.Unlock()
		return message{}, closedError()
	}
	if w.tries--; w.tries == 0 {
		w.timer.Reset(lastProof) // who guessed wrong does not come back to say so
	}
	e.TriesLeft = w.tries
	s.tell(e)
	s.unlock()

	verifier, err := spake2plus.NewVerifier(codeSession(s.cfg.HubID, s.cfg.HubName, m.id, m.name), w.record, s.cfg.Rand)
	if err != nil {
		return message{}, err
	}
	share, confirm, err := verifier.Answer(m.share)
	if err != nil {
		return message{}, malformed("share")
	}
	session, err := random(s.cfg.Rand, sessionSize)
	if err != nil {
		return message{}, err
	}
	s.mu.Lock()
	w.x = &codeExchange{event: e, session: session, verifier: verifier}
	s.mu.Unlock()
	return message{hubID: s.cfg.HubID, hubName: s.cfg.HubName, session: session, share: share, confirm: confirm}, nil
}

// confirmCode checks that the satellite has the code, stores the key and confirms. It may
// come again, as the answer may be lost.
func (s *Server) confirmCode(_ coap.Peer, m message) (message, error) {
	s.mu.Lock()
	w := s.code
	if w == nil || w.x == nil || !hmac.Equal(w.x.session, m.session) {
		s.mu.Unlock()
		return message{}, closedError()
	}
	x := w.x
	if x.confirm != nil {
		again := x.stored && hmac.Equal(x.confirm, m.confirm)
		s.mu.Unlock()
		if !again {
			return message{}, closedError()
		}
		return message{version: Version}, nil
	}
	shared, err := x.verifier.Finish(m.confirm)
	if err != nil {
		w.x = nil
		if w.tries == 0 {
			s.closeCode(usedUp)
		}
		s.unlock()
		return message{}, closedError()
	}
	x.confirm = m.confirm
	s.mu.Unlock()
	return s.storeCode(w, x, shared)
}

func (s *Server) storeCode(w *codeWindow, x *codeExchange, shared []byte) (message, error) {
	p, err := codePairing(shared, s.cfg.HubID, s.cfg.HubName, x.event.ID, x.event.Name)
	if err == nil {
		err = s.cfg.Keys.Offer(p)
	}
	e := x.event
	s.mu.Lock()
	if err == nil {
		x.stored = true
		e.Kind = Paired
	} else {
		if s.code == w {
			w.timer.Stop()
			s.code = nil
		}
		e.Kind, e.Reason = Closed, "the key could not be stored"
	}
	s.tell(e)
	s.unlock()
	return message{version: Version}, err
}
