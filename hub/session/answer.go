package session

import (
	"context"
	"errors"
	"time"

	"vapd/internal/trace"
	"vapd/protocol/control"
	"vapd/protocol/vap"
)

// answer replies to what was heard: it carries out nothing itself, speaks, and says
// whether the session goes on.
func (s *Session) answer(ctx context.Context, e *ear, u Utterance) (again bool, err error) {
	report := control.HubEvent{
		Kind: control.EventAnswered, Client: u.Client, Turn: e.turn, Heard: u.Text, Lost: e.lost,
		Speaker: u.By.Speaker, Confidence: u.By.Confidence,
		Transcript: e.sinceSpeech(time.Now()),
	}
	var r Reply
	if !e.silent() {
		r = s.cfg.Respond(ctx, u)
		if len(e.recorded) > 0 {
			s.cfg.Record(e.recorded, u.Text, r.Understood)
		}
	}
	s.mark(trace.Understood, time.Now())
	report.Answer, report.Understood = r.Say, r.Understood
	a := vap.Answer{EndSession: !r.Again}
	a.Capabilities = append(a.Capabilities, vap.TextCapability(vap.CapHeard, u.Text))
	if r.Say != "" {
		a.Capabilities = append(a.Capabilities, vap.TextCapability(vap.CapVoice, r.Say))
	}
	say := Speech{Text: r.Say}
	for _, c := range r.Do {
		if c.Name != vap.CapSound {
			a.Capabilities = append(a.Capabilities, c)
		} else if err := say.Add(c); err != nil {
			s.log.Warn("the sound of an answer is left out", "skill", c.From, "error", err)
		}
	}
	err = s.speak(ctx, e.turn, say, a, func() {
		report.FirstAudio = e.sinceSpeech(time.Now())
		s.mark(trace.FirstAudio, time.Now())
	})
	if err != nil {
		return false, err
	}
	s.over(result(e, r))
	s.cfg.Report(report)
	return r.Again, nil
}

// result is what came of a turn that was answered, in words.
func result(e *ear, r Reply) string {
	switch {
	case e.silent():
		return "nothing was said"
	case !r.Understood:
		return "not understood"
	}
	return "answered"
}

// speak sends the answer, with its sound if the client can play one: streamed from the
// first sample on, or whole. first is called when the first sample is there.
func (s *Session) speak(ctx context.Context, turn uint32, say Speech, a vap.Answer, first func()) error {
	client := s.remote.Client()
	sound, plays := client.Offer(vap.CapSound)
	out := &answerOutlet{session: s, turn: turn, answer: a}
	if say.Empty() || client.Listed && !plays {
		out.send()
		return nil
	}
	err := s.cfg.Mouth.Say(ctx, say, sound, out, first)
	switch {
	case err != nil && !out.sent:
		// The words are there, only the voice is not: better than an error.
		s.log.Warn("the answer is sent without its sound", "error", err)
		out.send()
		return nil
	case errors.Is(context.Cause(ctx), errOver):
		// The client registry ends the session with the last acknowledgement, which may be
		// noticed here first.
		return nil
	}
	return err // too late to tell the client more than silence does
}

// answerOutlet sends the sound of an answer, with the answer before it.
type answerOutlet struct {
	session *Session
	turn    uint32
	answer  vap.Answer
	sent    bool
}

// Stream implements Outlet.
func (o *answerOutlet) Stream(_ context.Context, codec string, rate int) (Stream, error) {
	stream := o.session.remote.Stream(codec, rate)
	o.send(stream.Announcement())
	return stream, nil
}

// Whole implements Outlet.
func (o *answerOutlet) Whole(_ context.Context, sound vap.Capability) error {
	o.send(sound)
	return nil
}

// send answers the turn.
func (o *answerOutlet) send(sound ...vap.Capability) {
	o.answer.Capabilities = append(o.answer.Capabilities, sound...)
	o.session.mark(trace.AnswerSent, time.Now())
	o.session.remote.Answer(o.turn, o.answer)
	o.sent = true
}
