package session

import (
	"context"
	"fmt"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/audio"
	"vapd/hub/speech"
	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
	"vapd/wakeword/speaker"
)

// ear follows one utterance: fragments go in, and what a person said comes out, as
// sound for the recognizer and the endpointer. Its time is the sample index of the
// session's audio.
type ear struct {
	session *Session
	turn    uint32
	seq     uint32 // of the last fragment that counted
	lost    int    // fragments

	word     speech.Span // the wake word
	decoder  Decoder
	listener *speech.Listener // nil until there is sound
	at       int64            // index of the next sample
	chimes   []speech.Span
	look     SecondLook // nil when nobody looks, or when it is over
	looked   []int16    // what it looks at
	lookOver SecondLook // that nobody waits for any more
	voice    *speaker.Listener
	recorded []int16 // all of it, when it is to be recorded
	text     string
	hasText  bool

	end     speech.Endpoint
	heardAt time.Time // when the newest sample had arrived
}

const (
	// maxGap is how much lost audio is made up for: an order with a longer hole is not
	// carried out.
	maxGap = 2 * audio.WakeRate
	// maxPreroll bounds what a client can make the hub keep before its wake word.
	maxPreroll = 4 * audio.WakeRate
	maxChimes  = 8
	maxText    = 1000 // bytes of a typed utterance
	// maxRecorded bounds what is recorded of an utterance, whatever its settings.
	maxRecorded = 70 * audio.WakeRate
)

// newEar listens to the next utterance. Only the first one follows a wake word.
func (s *Session) newEar(first bool) *ear {
	e := &ear{session: s}
	if s.cfg.Voices != nil {
		e.voice = s.cfg.Voices.Listen(s.remote.Client().ID)
	}
	if first {
		e.word = speech.Span{From: s.wake.Start, To: s.wake.End}
	}
	return e
}

// take is told of the next fragment; over says that the utterance has ended.
func (e *ear) take(f clientregistry.Fragment) (over bool, err error) {
	e.turn, e.seq, e.heardAt = f.Turn, f.Seq, f.Received
	e.lost += f.Lost
	for _, c := range f.Capabilities {
		switch c.Name {
		case vap.CapText:
			if err := e.typedText(c); err != nil {
				return false, err
			}
		case vap.CapChime:
			if err := e.chime(c); err != nil {
				return false, err
			}
		case vap.CapSound:
			if err := e.sound(c); err != nil {
				return false, err
			}
		}
	}
	over = e.end.Kind > speech.Began
	if f.Last && !over {
		e.end = speech.Endpoint{Kind: speech.Ended, At: e.at} // the client's own decision
	}
	return f.Last || over, nil
}

func (e *ear) typedText(c vap.Capability) error {
	text, err := vap.ParseText(c)
	if err != nil {
		return err
	}
	if len(text) > maxText {
		return &vap.Error{Code: codes.RequestEntityTooLarge, Type: vap.TypeMalformed, Object: vap.CapText}
	}
	e.text, e.hasText = text, true
	return nil
}

// chime notes a sound of the client's own, which may come before the first audio.
func (e *ear) chime(c vap.Capability) error {
	chime, err := vap.ParseChime(c)
	if err != nil {
		return err
	}
	if len(e.chimes) == maxChimes {
		return nil
	}
	span := speech.Span{From: chime.Start, To: chime.End}
	e.chimes = append(e.chimes, span)
	if e.listener != nil {
		e.listener.Ignore(span)
	}
	return nil
}

func (e *ear) sound(c vap.Capability) error {
	s, err := vap.ParseSound(c)
	if err != nil {
		return err
	}
	if e.decoder == nil {
		if e.decoder, err = e.session.cfg.decoder(s); err != nil {
			return err
		}
		e.listener = speech.NewListener(e.session.cfg.Recognizer, e.session.cfg.Endpoint, e.word)
		for _, chime := range e.chimes {
			e.listener.Ignore(chime)
		}
	}
	switch gap := s.At - e.at; {
	case gap > int64(maxGap):
		return fmt.Errorf("%w: %v in one piece", errLost, audio.WakeRate.Duration(gap))
	case gap > 0:
		if e.look != nil {
			e.look.Hole()
		}
		e.hear(e.decoder.Conceal(int(gap)))
	}
	samples, err := e.decoder.Decode(s.Data)
	if err != nil {
		return fmt.Errorf("%w: %w", errAudio, err)
	}
	e.hear(samples)
	return nil
}

// hear listens to the next samples.
func (e *ear) hear(samples []int16) {
	e.at += int64(len(samples))
	if e.look != nil {
		e.look.Write(samples)
		e.looked = append(e.looked, samples[:max(0, min(len(samples), e.session.lookedLength()-len(e.looked)))]...)
	}
	if e.voice != nil {
		e.voice.Write(samples)
	}
	if e.session.cfg.Record != nil {
		e.recorded = append(e.recorded, samples[:min(len(samples), int(maxRecorded)-len(e.recorded))]...)
	}
	for _, p := range e.listener.Write(samples) {
		e.end = p
	}
}

func (e *ear) typed() bool { return e.hasText }

// failed is closed when the recognizer has given up.
func (e *ear) failed() <-chan struct{} {
	if e.listener == nil {
		return nil
	}
	return e.listener.Failed()
}

// transcript is what was said, "" when that was nothing that is understood.
func (e *ear) transcript(ctx context.Context) (string, error) {
	if e.hasText {
		return e.text, nil
	}
	if e.listener == nil || e.end.Kind == speech.Silent {
		return "", nil
	}
	t, err := e.listener.Finish(ctx)
	if err != nil || !t.Accepted {
		return "", err
	}
	return t.Text, nil
}

// silent says that nobody spoke.
func (e *ear) silent() bool {
	return !e.hasText && (e.listener == nil || e.end.Kind == speech.Silent)
}

// sinceSpeech is the time since the end of speech in milliseconds, as far as its
// arrival tells; 0 when nobody spoke.
func (e *ear) sinceSpeech(now time.Time) float64 {
	if e.hasText || e.end.Kind != speech.Ended {
		return 0
	}
	since := now.Sub(e.heardAt) + audio.WakeRate.Duration(e.at-e.end.At)
	return float64(since) / float64(time.Millisecond)
}

func (e *ear) close() {
	if e.lookedEnough(); e.lookOver != nil {
		e.lookOver.Close()
	}
	if e.listener != nil {
		e.listener.Close()
		e.decoder.Close()
	}
}
