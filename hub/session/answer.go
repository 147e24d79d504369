package session

import (
	"context"
	"errors"
	"slices"
	"time"

	"vapd/audio"
	"vapd/audio/resample"
	"vapd/hub/speech"
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
	a.Capabilities = append(a.Capabilities, r.Do...)
	err = s.speak(ctx, e.turn, r.Say, a, func() {
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
func (s *Session) speak(ctx context.Context, turn uint32, text string, a vap.Answer, first func()) error {
	client := s.remote.Client()
	sound, plays := client.Offer(vap.CapSound)
	m := &mouth{session: s, turn: turn, answer: a, first: first}
	switch {
	case text == "", client.Listed && !plays:
		s.send(turn, a)
		return nil
	case sound.Stream:
		var err error
		if m.codec, m.encoder, err = s.cfg.encoder(sound.Codecs); err != nil {
			return err
		}
		defer m.encoder.Close()
	}
	err := s.cfg.Synthesizer.Speak(ctx, text, s.cfg.Voice, func(p speech.Piece) error { return m.say(ctx, p) })
	if err != nil {
		if m.answered {
			return err // too late to tell the client more than silence does
		}
		// The words are there, only the voice is not: better than an error.
		s.log.Warn("the answer is sent without its sound", "error", err)
		s.send(turn, a)
		return nil
	}
	return m.end(ctx)
}

// send answers the turn.
func (s *Session) send(turn uint32, a vap.Answer) {
	s.mark(trace.AnswerSent, time.Now())
	s.remote.Answer(turn, a)
}

// mouth takes the pieces of a synthesised answer to the client.
type mouth struct {
	session  *Session
	turn     uint32
	answer   vap.Answer
	first    func()
	codec    string
	encoder  Encoder // nil: the client takes the sound whole
	stream   Stream
	convert  *resample.Resampler // nil at 16 kHz
	samples  []int16             // at 16 kHz, not sent yet
	begun    bool                // something was said
	answered bool
}

const (
	// pause is the loudest sample of the silence that engines put before the first word:
	// -44 dBFS. flite's is up to 230 ms long, in which the person waits.
	pause = 200
	// breath is what of that silence stays, as words begin softly.
	breath = audio.WakeRate / 50
)

// say takes the next piece. At least one frame is kept back, as the last one is marked.
func (m *mouth) say(ctx context.Context, p speech.Piece) error {
	if err := m.collect(p); err != nil {
		return err
	}
	m.begin()
	if m.encoder == nil {
		return nil
	}
	for len(m.samples) > m.encoder.Frame() {
		if err := m.send(ctx, m.samples[:m.encoder.Frame()], false); err != nil {
			return err
		}
		m.samples = m.samples[m.encoder.Frame():]
	}
	return nil
}

// begin leaves out the silence before the first word.
func (m *mouth) begin() {
	if m.begun {
		return
	}
	loud := slices.IndexFunc(m.samples, func(s int16) bool { return s > pause || s < -pause })
	if loud < 0 {
		m.samples = m.samples[max(0, len(m.samples)-int(breath)):]
		return
	}
	m.samples = m.samples[max(0, loud-int(breath)):]
	m.begun = true
	m.first()
}

// collect appends a piece at 16 kHz.
func (m *mouth) collect(p speech.Piece) error {
	if p.Format.Rate == audio.WakeRate {
		m.samples = append(m.samples, p.Samples...)
		return nil
	}
	if m.convert == nil {
		var err error
		if m.convert, err = resample.New(p.Format.Rate, audio.WakeRate, 1); err != nil {
			return err
		}
	}
	var out [512]int16
	for src := p.Samples; len(src) > 0; {
		n, used := m.convert.Process(out[:], src)
		m.samples = append(m.samples, out[:n]...)
		src = src[used:]
	}
	return nil
}

// send encodes and sends one frame, after the answer that announces it.
func (m *mouth) send(ctx context.Context, frame []int16, last bool) error {
	data, err := m.encoder.Encode(frame)
	if err != nil {
		return err
	}
	if m.stream == nil {
		m.stream = m.session.remote.Stream(m.codec, int(audio.WakeRate))
		m.finish(m.stream.Announcement())
	}
	return m.stream.Send(ctx, data, last)
}

func (m *mouth) finish(sound ...vap.Capability) {
	m.answer.Capabilities = append(m.answer.Capabilities, sound...)
	m.session.send(m.turn, m.answer)
	m.answered = true
}

// end sends what is left.
func (m *mouth) end(ctx context.Context) error {
	if m.encoder == nil {
		m.finish(vap.Sound{Codec: vap.CodecPCM, Rate: int(audio.WakeRate), Data: pcmBytes(m.samples)}.Capability())
		return nil
	}
	// A codec takes whole frames only; the rest is silence.
	frame := make([]int16, m.encoder.Frame())
	copy(frame, m.samples)
	if err := m.send(ctx, frame, true); err != nil {
		return err
	}
	// The client registry ends the session with the last acknowledgement, which may be
	// noticed here first.
	if err := m.stream.Wait(ctx); err != nil && !errors.Is(context.Cause(ctx), errOver) {
		return err
	}
	return nil
}
