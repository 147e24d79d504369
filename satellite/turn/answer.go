package turn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"vapd/audio"
	"vapd/audio/play"
	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
)

// stall is for how long the speaker may play nothing before an answer is given up. It
// is longer than a failed device needs to be opened again.
const stall = 5 * time.Second

// mostConcealed bounds the pieces in a row for which something is played although they
// never came.
const mostConcealed = 10

// errSpeaker: nothing comes out of the speaker.
var errSpeaker = errors.New("turn: the speaker does not play: is it plugged in?")

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
		return t.play(a.Sound.Codec(), a.Sound.Rate(), func(write func([]byte, int) error) error {
			return t.receive(a.Sound, write)
		})
	case whole != nil:
		return t.play(whole.Codec, whole.Rate, func(write func([]byte, int) error) error {
			return write(whole.Data, 0)
		})
	}
	return nil
}

func (t *run) text(c vap.Capability, set func(*Report, string)) {
	text, err := vap.ParseText(c)
	if err != nil {
		t.cfg.Logger.Warn("turn: the hub's text can't be read", "error", err)
		return
	}
	t.runner.current(t, func(r *Report) { set(r, text) })
}

// receive hands the pieces of a stream on as they come.
func (t *run) receive(in *clientregistry.IncomingStream, write func(data []byte, lost int) error) error {
	defer in.Cancel()
	for {
		data, lost, err := in.Read(t.ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("turn: receiving the answer: %w", err)
		}
		t.note(func(r *Report, now time.Time) {
			if r.Sounded.IsZero() {
				r.Sounded = now
			}
		})
		if err := write(data, lost); err != nil {
			return err
		}
	}
}

// play plays what source writes, piece by piece, and waits until all was heard.
func (t *run) play(codec string, rate int, source func(write func(data []byte, lost int) error) error) error {
	dec, err := t.decoder(codec, rate)
	if err != nil {
		return err
	}
	defer dec.close()
	out, err := t.cfg.Speaker.Stream(play.Voice, audio.SampleRate(rate))
	if err != nil {
		return fmt.Errorf("turn: playing the answer: %w", err)
	}
	defer out.Stop() // nothing after Done
	if err := t.send(func() error { t.speaker = out; return nil }); err != nil {
		return err
	}
	played := make(chan struct{})
	defer close(played)
	ctx, cancel := context.WithCancelCause(t.ctx)
	defer cancel(nil)
	t.wg.Go(func() { t.watch(out, played, cancel) })
	err = source(func(data []byte, lost int) error {
		for range min(lost, mostConcealed) {
			if err := out.Write(ctx, dec.conceal()); err != nil {
				return err
			}
		}
		samples, err := dec.decode(data)
		if err != nil {
			return fmt.Errorf("turn: decoding the answer: %w", err)
		}
		return out.Write(ctx, samples)
	})
	if err != nil {
		return errors.Join(context.Cause(ctx), err)
	}
	out.Finish()
	select {
	case <-out.Done():
	case <-ctx.Done():
	}
	t.runner.current(t, func(r *Report) { r.Underruns = out.Underruns() })
	return context.Cause(ctx)
}

// watch reports the first sample of out, and gives up when the speaker does not play.
func (t *run) watch(out *play.Stream, played <-chan struct{}, giveUp context.CancelCauseFunc) {
	tick := time.NewTicker(stall / 5)
	defer tick.Stop()
	started := out.Started()
	frames, moved := t.cfg.Speaker.Stats().Frames, time.Now()
	for {
		select {
		case <-played:
			return
		case <-started:
			started = nil
			t.note(func(r *Report, _ time.Time) { r.Spoke = out.StartedAt() })
			t.cfg.Observer.Speaks(t.order.N)
		case now := <-tick.C:
			if n := t.cfg.Speaker.Stats().Frames; n != frames {
				frames, moved = n, now
			} else if now.Sub(moved) >= stall {
				giveUp(errSpeaker)
				return
			}
		}
	}
}
