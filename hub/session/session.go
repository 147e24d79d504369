package session

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/hub/speech"
	"vapd/internal/trace"
	"vapd/protocol/clientregistry"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/wakeword/speaker"
	"vapd/wakeword/verify"
)

// Remote is the session as the client registry has it.
type Remote interface {
	ID() uint64
	Client() clientregistry.ClientInfo
	Grant()
	Refuse(e *vap.Error)
	Heard(turn, seq uint32)
	Answer(turn uint32, a vap.Answer)
	Fail(turn uint32, e *vap.Error)
	Stream(codec string, rate int) Stream
}

// Reply is what is answered to an utterance.
type Reply struct {
	Say string
	// Do is what the client is to carry out, as capabilities.
	Do []vap.Capability
	// Again keeps the session open for another utterance.
	Again      bool
	Understood bool
}

// Utterance is what somebody said, or typed.
type Utterance struct {
	Client string
	Offers []vap.Offer // what the client can do
	Text   string      // empty when nothing was understood
	// Who may have said it, as a hint: the zero Hint for nobody who is known.
	By speaker.Hint
}

// Config is what all sessions of a hub share.
type Config struct {
	Recognizer speech.Recognizer
	Mouth      Mouth
	Endpoint   speech.EndpointConfig
	// Respond makes the reply to what was said. It may ask others, until ctx ends.
	Respond func(context.Context, Utterance) Reply
	// Codecs makes the decoder of a codec; it fails for one that this machine lacks.
	Codecs Codecs
	// Look looks again at the wake word that began a session; nil, or a nil SecondLook,
	// believes the client.
	Look func(w vap.Wakeword) SecondLook
	// Looked takes what came of that; it must not block. May be nil.
	Looked func(Looked)
	// Voices, if not nil, says who speaks. With RequireSpeaker it is listened to only who is
	// somebody of them with that confidence (0 to 1); 0 wants nobody to be known.
	Voices         Voices
	RequireSpeaker float64
	// Record, if not nil, takes what was said in an utterance and what was understood; it
	// must not block.
	Record func(samples []int16, heard string, understood bool)
	// Traces, if not nil, remembers when the steps of turns were.
	Traces *trace.Ring
	// Report takes what happened; it must not block.
	Report func(control.HubEvent)
	Logger *slog.Logger
}

// Session is one conversation. Make it with New, then call Run once.
type Session struct {
	cfg     Config
	remote  Remote
	wake    vap.Wakeword // its span is empty when no wake word began the session
	inbox   chan clientregistry.Fragment
	verdict chan verdict
	ended   chan error
	log     *slog.Logger

	number   uint32 // of the turn
	answered uint32 // the last turn that was; 0 before
	won      bool   // the focus
	believed bool   // that the wake word was said
	known    bool   // who speaks, as far as that is wanted
}

type verdict struct {
	won    bool
	winner string
}

// inboxSize is 2.5 s of fragments of 20 ms: what comes while a transcript is made.
const inboxSize = 128

// stall is how long a client may send nothing in the middle of an utterance. The
// client registry waits for what was lost; this is for a client that stopped.
const stall = 3 * time.Second

// New makes the session that start asks for. It fails, with a *vap.Error, when start
// makes no sense.
func New(cfg Config, remote Remote, start vap.SessionStart) (*Session, error) {
	s := &Session{
		cfg: cfg, remote: remote,
		inbox:   make(chan clientregistry.Fragment, inboxSize),
		verdict: make(chan verdict, 1),
		ended:   make(chan error, 1),
		log:     cfg.Logger.With("client", remote.Client().ID, "session", remote.ID()),
	}
	for _, c := range start.Capabilities {
		if c.Name != vap.CapWakeword {
			continue
		}
		w, err := vap.ParseWakeword(c)
		if err != nil {
			return nil, err
		}
		if w.End < 0 || w.End > int64(maxPreroll) || len(w.Audio) > 2*int(maxPreroll) {
			return nil, &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed, Object: vap.CapWakeword}
		}
		s.wake = w
	}
	s.believed = cfg.Look == nil || s.wake.Word == ""
	s.known = cfg.RequireSpeaker == 0
	s.number = max(start.Turn, 1) // a client that does not count has one turn a session
	s.mark(trace.SessionStart, time.Now())
	return s, nil
}

// Wake is the wake word that began the session; its Word is empty when none did.
func (s *Session) Wake() vap.Wakeword { return s.wake }

// Fragment takes the next fragment (clientregistry.SessionHandler).
func (s *Session) Fragment(f clientregistry.Fragment) bool {
	select {
	case s.inbox <- f:
		return true
	default:
		return false
	}
}

// Ended says that the session is over (clientregistry.SessionHandler).
func (s *Session) Ended(err error) {
	if err == nil {
		err = errOver
	}
	s.ended <- err
}

// Decide says whether the session got the focus, once. winner has it otherwise.
func (s *Session) Decide(won bool, winner string) { s.verdict <- verdict{won, winner} }

// Run holds the conversation until it is over, or ctx ends.
func (s *Session) Run(ctx context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case err := <-s.ended:
			cancel(err)
		case <-over:
		}
	}()
	for first := true; ; first = false {
		again, err := s.turn(ctx, first)
		if err != nil {
			s.log.Info("session ended", "why", err)
		}
		if !again || err != nil {
			return
		}
	}
}

// turn hears one utterance and answers it.
func (s *Session) turn(ctx context.Context, first bool) (again bool, err error) {
	e := s.newEar(first)
	defer e.close()
	s.look(e)
	if err := s.listen(ctx, e); err != nil {
		s.failed(ctx, e, err)
		return false, err
	}
	e.allHeard()
	if !e.typed() {
		s.remote.Heard(e.turn, e.seq)
		s.markEnd(e)
	}
	voice := e.lastVoice() // while the recognizer is at work
	heard, err := e.transcript(ctx)
	if err == nil {
		s.mark(trace.Transcript, time.Now())
	}
	by := s.who(e, heard, voice)
	// Who is refused does not hear of failures either.
	if refused := s.waitForGrant(ctx, e); refused != nil {
		err = refused
	} else if refused := s.identify(e, by); refused != nil {
		err = refused
	}
	if err != nil {
		s.failed(ctx, e, err)
		return false, err
	}
	s.answered = e.turn
	again, err = s.answer(ctx, e, Utterance{s.remote.Client().ID, s.remote.Client().Capabilities, heard, by})
	if err != nil {
		s.failed(ctx, e, err)
	}
	return again, err
}

// listen takes fragments until the utterance has ended.
func (s *Session) listen(ctx context.Context, e *ear) error {
	idle := time.NewTimer(stall)
	defer idle.Stop()
	var quiet <-chan time.Time // until the first fragment, the client registry waits
	begun := false
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case v := <-s.verdict:
			if err := s.decided(v); err != nil {
				return err
			}
		case v := <-e.verdict():
			if err := s.judged(e, v); err != nil {
				return err
			}
		case <-s.hopeless(e):
			return nil // transcript says why
		case <-quiet:
			return fmt.Errorf("session: no audio for %v: %w", stall, errStalled)
		case f := <-s.inbox:
			if f.Turn <= s.answered {
				continue // sent before the client knew that enough was heard
			}
			idle.Reset(stall)
			quiet = idle.C
			if !begun {
				begun, s.number = true, f.Turn
				s.mark(trace.FirstFragment, f.Received)
			}
			over, err := e.take(f)
			if err != nil || over {
				return err
			}
		}
	}
}

// hopeless is closed when the recognizer has given up. Who is not believed yet is listened
// to all the same: if nobody said the wake word, nobody shall hear of it, nor shall who has
// no say.
func (s *Session) hopeless(e *ear) <-chan struct{} {
	if !s.believed || !s.known {
		return nil
	}
	return e.failed()
}

var (
	// errOver: the session ended well, with the last of its answer.
	errOver    = errors.New("session: over")
	errStalled = errors.New("the client stopped in the middle of its utterance")
	errLost    = errors.New("session: too much of the utterance was lost")
)

// decided acts on the verdict.
func (s *Session) decided(v verdict) error {
	if !v.won {
		return s.refuse(&vap.Error{Code: codes.Forbidden, Type: vap.TypeFocusLost, Object: v.winner})
	}
	s.won = true
	s.grant()
	return nil
}

// grant lets the client know that the session is its own, once that is certain.
func (s *Session) grant() {
	if s.won && s.believed && s.known {
		s.mark(trace.Grant, time.Now())
		s.remote.Grant()
	}
}

// waitForGrant returns once the session is the client's own. The second look had all the
// time of the recognition; for longer than lookWait nobody waits for it.
func (s *Session) waitForGrant(ctx context.Context, e *ear) error {
	var late <-chan time.Time
	for !s.won || !s.believed {
		if s.won && late == nil {
			late = time.After(lookWait)
		}
		var err error
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case v := <-s.verdict:
			err = s.decided(v)
		case v := <-e.verdict():
			err = s.judged(e, v)
		case <-late:
			err = s.judged(e, verify.Verdict{Kind: verify.Late})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// refuse refuses the session. The error it returns ends it.
func (s *Session) refuse(e *vap.Error) error {
	s.over("refused: " + e.Type)
	s.remote.Refuse(e)
	s.cfg.Report(control.HubEvent{Kind: control.EventRefused, Client: s.remote.Client().ID, Why: e.Type, Object: e.Object})
	return fmt.Errorf("%w: %w", errRefused, e)
}

// errRefused says that the client was told already.
var errRefused = errors.New("session: refused")

// failed tells the client, and whoever watches, that the turn came to nothing.
func (s *Session) failed(ctx context.Context, e *ear, err error) {
	if errors.Is(err, errRefused) || ctx.Err() != nil {
		s.over("cancelled")
		return // it knows, or is gone
	}
	s.over("failed: " + Failure(err).Type)
	s.remote.Fail(e.turn, Failure(err))
	s.cfg.Report(control.HubEvent{Kind: control.EventFailed, Client: s.remote.Client().ID, Turn: e.turn, Why: err.Error()})
}

// Failure is the protocol's error for what went wrong in a turn, or an announcement.
func Failure(err error) *vap.Error {
	var e *vap.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, errStalled), errors.Is(err, errLost):
		return &vap.Error{Code: codes.RequestEntityIncomplete, Type: vap.TypeFragmentLost}
	case errors.Is(err, speech.ErrUnavailable):
		return &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeNoSpeechEngine, RetryAfter: 10 * time.Second}
	case errors.Is(err, speech.ErrBusy):
		return &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeBusy, RetryAfter: time.Second}
	case errors.Is(err, speech.ErrCrashed):
		return &vap.Error{Code: codes.InternalServerError, Type: vap.TypeEngineFailed}
	case errors.Is(err, errTooLong):
		return &vap.Error{Code: codes.RequestEntityTooLarge, Type: vap.TypeTooLarge, Object: vap.CapSound}
	case errors.Is(err, errAudio):
		return &vap.Error{Code: codes.BadRequest, Type: vap.TypeMalformed, Object: vap.CapSound}
	}
	return &vap.Error{Code: codes.InternalServerError, Type: vap.TypeInternal}
}
