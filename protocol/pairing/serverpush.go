package pairing

import (
	"crypto/ecdh"
	"crypto/hmac"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// pollPush is how long a satellite waits before it asks again.
const pollPush = time.Second

// pushWindow lets one satellite in. After that, and after anything that does not fit, it
// is closed: an attacker has one try, and the owner sees that somebody tried.
type pushWindow struct {
	timer *time.Timer
	x     *pushExchange // nil until the first hello
}

// pushExchange is the one exchange of a window.
type pushExchange struct {
	event      Event // whose
	transcript pushTranscript
	private    *ecdh.PrivateKey // nil once it was used
	secrets    pushSecrets      // from the satellite's key on
	compared   bool             // the satellite proved itself, and the owner was asked
	storing    bool             // the owner approved
	stored     bool
}

// asker is a satellite that asked while no window was open.
type asker struct {
	id string
	at time.Time
}

// maxAsked bounds the satellites that the owner is told of in one PushWindow.
const maxAsked = 8

// OpenPush opens the push window for PushWindow, in place of one that is open. The first
// satellite whose key is held gets its exchange, and Event Compare follows. A stranger on
// the network can get in first, or disturb: then the window closes, and is opened again
// by calling this again.
func (s *Server) OpenPush() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errors.New("pairing: the hub ends")
	}
	s.closePush("opened anew")
	w := new(pushWindow)
	w.timer = time.AfterFunc(PushWindow, func() { s.expirePush(w) })
	s.push = w
	s.asked = nil
	s.tell(Event{Kind: Opened, Way: ByPush})
	s.unlock()
	return nil
}

func (s *Server) expirePush(w *pushWindow) {
	s.mu.Lock()
	if s.push == w {
		s.closePush("nobody finished within two minutes")
		s.push = nil
	}
	s.unlock()
}

// closePush closes the window. One whose Pairing is being stored, or is stored, stays
// until its time is over, and lets nobody else in: its satellite still has to hear that it
// is paired. s.mu is held.
func (s *Server) closePush(reason string) {
	w := s.push
	if w == nil || w.x != nil && w.x.storing {
		return
	}
	w.timer.Stop()
	s.push = nil
	e := Event{Kind: Closed, Way: ByPush, Reason: reason}
	if x := w.x; x != nil {
		e.ID, e.Name, e.From = x.event.ID, x.event.Name, x.event.From
	}
	s.tell(e)
}

// refusePush closes the window, since something came that does not fit.
func (s *Server) refusePush(reason string) (message, error) {
	s.mu.Lock()
	s.closePush(reason)
	s.unlock()
	return message{}, closedError()
}

// hello begins an exchange: the hub commits to its key and nonce.
func (s *Server) hello(peer coap.Peer, m message) (message, error) {
	if ofSkill(m.id) { // it has no key that somebody holds
		return message{}, closedError()
	}
	event := Event{Way: ByPush, ID: m.id, Name: m.name, From: peer.Addr(), Replaces: s.cfg.Keys.Paired(m.id)}
	s.mu.Lock()
	w := s.push
	switch {
	case w == nil || w.x != nil && w.x.storing:
		s.ask(event)
		s.unlock()
		return message{}, pending()
	case w.x != nil:
		s.mu.Unlock()
		return s.refusePush("a second satellite asked, or the same one began anew: open it again")
	}
	s.mu.Unlock()

	private, err := newPrivate(s.cfg.Rand)
	if err != nil {
		return message{}, err
	}
	session, err := random(s.cfg.Rand, sessionSize)
	if err != nil {
		return message{}, err
	}
	nonce, err := random(s.cfg.Rand, nonceSize)
	if err != nil {
		return message{}, err
	}
	x := &pushExchange{
		event:   event,
		private: private,
		transcript: pushTranscript{
			hubID: s.cfg.HubID, hubName: s.cfg.HubName, id: m.id, name: m.name, session: session,
			hubKey: private.PublicKey().Bytes(), hubNonce: nonce,
		},
	}
	t := &x.transcript
	t.commitment = commitmentTo(session, t.hubKey, t.hubNonce)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.push != w {
		return message{}, closedError()
	}
	w.x = x
	return message{hubID: t.hubID, hubName: t.hubName, session: session, commitment: t.commitment}, nil
}

func pending() *vap.Error {
	return &vap.Error{Code: codes.Unauthorized, Type: vap.TypeApprovalPending, RetryAfter: pollPush}
}

// ask remembers a satellite that came before the owner opened a window. Each is told of
// once. s.mu is held.
func (s *Server) ask(e Event) {
	now := time.Now()
	s.asked = slices.DeleteFunc(s.asked, func(a asker) bool { return now.Sub(a.at) > PushWindow })
	known := slices.ContainsFunc(s.asked, func(a asker) bool { return a.id == e.ID })
	if known || len(s.asked) >= maxAsked {
		return
	}
	s.asked = append(s.asked, asker{e.ID, now})
	e.Kind = Asked
	s.tell(e)
}

// pushSession is the exchange with that session. Only who got the hub's answers knows it.
func (s *Server) pushSession(session []byte) *pushExchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.push == nil || s.push.x == nil || !hmac.Equal(s.push.x.transcript.session, session) {
		return nil
	}
	return s.push.x
}

// exchangeKeys takes the satellite's key and opens the commitment. It does so once.
func (s *Server) exchangeKeys(_ coap.Peer, m message) (message, error) {
	x := s.pushSession(m.session)
	if x == nil {
		return message{}, closedError()
	}
	if x.private == nil {
		return s.refusePush("a second key came for one exchange: somebody may be in between; open it again")
	}
	private := x.private
	x.private = nil
	x.transcript.satelliteKey, x.transcript.satelliteNonce = m.key, m.nonce
	shared, err := agree(private, m.key)
	if err != nil {
		return s.refusePush("the satellite sent a key that is none: open it again")
	}
	if x.secrets, err = x.transcript.derive(shared); err != nil {
		return message{}, err
	}
	return message{key: x.transcript.hubKey, nonce: x.transcript.hubNonce}, nil
}

// confirmPush checks that the satellite has the same secret, asks the owner to compare,
// and tells the satellite once the owner has approved. It may come again and again.
func (s *Server) confirmPush(_ coap.Peer, m message) (message, error) {
	x := s.pushSession(m.session)
	if x == nil {
		return message{}, closedError()
	}
	if x.secrets.satelliteConfirm == nil || !hmac.Equal(x.secrets.satelliteConfirm, m.confirm) {
		return s.refusePush("the satellite could not prove that it has the same secret: open it again")
	}
	s.mu.Lock()
	defer s.unlock()
	if x.stored {
		return message{confirm: x.secrets.hubConfirm}, nil
	}
	if !x.compared {
		x.compared = true
		e := x.event
		e.Kind, e.Code = Compare, x.secrets.code
		s.tell(e)
	}
	return message{}, pending()
}

// Approve says that the owner compared code, that of the Event Compare, with what the
// satellite shows, and that they are the same. It stores the key, and returns when that
// is on the disk.
func (s *Server) Approve(code Code) error {
	s.mu.Lock()
	w := s.push
	if w == nil || w.x == nil || !w.x.compared || w.x.storing || w.x.secrets.code != code {
		s.mu.Unlock()
		return errors.New("pairing: no satellite waits with this code: open the window again with 'vapd hub pair'")
	}
	x := w.x
	x.storing = true
	s.mu.Unlock()

	err := s.cfg.Keys.Offer(x.secrets.pairing)
	e := x.event
	s.mu.Lock()
	if err == nil {
		x.stored = true
		e.Kind = Paired
	} else {
		x.storing = false
		if s.push == w {
			w.timer.Stop()
			s.push = nil
		}
		e.Kind, e.Reason = Closed, "the key could not be stored"
	}
	s.tell(e)
	s.unlock()
	if err != nil {
		return fmt.Errorf("pairing: storing the key of %s: %w", x.event.ID, err)
	}
	return nil
}

// Deny says that the codes differ, or that the owner wants no pairing. It closes the push
// window.
func (s *Server) Deny() { _, _ = s.refusePush("the owner refused") }
