package turn

import (
	"time"

	"vapd/audio/play"
	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
)

// answer carries out what the hub answered, and plays it to its end.
func (t *run) answer(a clientregistry.ClientAnswer) error {
	var whole *vap.Sound
	for _, c := range a.Capabilities {
		switch c.Name {
		case vap.CapSound:
			if s, err := vap.ParseSound(c); err == nil && s.Data != nil {
				whole = &s
			}
		case vap.CapVoice:
			t.text(c, func(r *Report, text string) { r.Answer = text })
		case vap.CapHeard:
			t.text(c, func(r *Report, text string) { r.Heard = text })
		default:
			t.cfg.Carry(c)
		}
	}
	switch {
	case t.cfg.Speaker == nil:
		if a.Sound != nil {
			a.Sound.Cancel()
		}
		return nil
	case a.Sound != nil:
		return t.play(a.Sound.Codec(), a.Sound.Rate(), func(write writePiece) error {
			return receive(t.ctx, a.Sound, t.sounded, write)
		})
	case whole != nil:
		return t.play(whole.Codec, whole.Rate, func(write writePiece) error {
			return write(whole.Data, 0)
		})
	}
	return nil
}

// play plays the answer to its end.
func (t *run) play(codec string, rate int, source func(writePiece) error) error {
	p := playback{
		speaker: t.cfg.Speaker, opus: t.cfg.Opus, codec: codec, rate: rate,
		opened: func(out *play.Stream) error { return t.send(func() error { t.speaker = out; return nil }) },
		begun: func(out *play.Stream) {
			t.note(func(r *Report, _ time.Time) { r.Spoke = out.StartedAt() })
			t.cfg.Observer.Speaks(t.order.N)
		},
	}
	underruns, err := p.run(t.ctx, source)
	t.runner.current(t, func(r *Report) { r.Underruns = underruns })
	return err
}

// sounded notes that sound of the answer came.
func (t *run) sounded() {
	t.note(func(r *Report, now time.Time) {
		if r.Sounded.IsZero() {
			r.Sounded = now
		}
	})
}

func (t *run) text(c vap.Capability, set func(*Report, string)) {
	text, err := vap.ParseText(c)
	if err != nil {
		t.cfg.Logger.Warn("turn: the hub's text can't be read", "error", err)
		return
	}
	t.runner.current(t, func(r *Report) { set(r, text) })
}
