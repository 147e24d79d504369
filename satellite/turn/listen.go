package turn

import (
	"errors"
	"fmt"
	"time"

	"vapd/audio"
	"vapd/protocol/vap"
)

// keyPreRoll is how much from before a key went down belongs to the turn: who presses
// it often speaks a little too early.
const keyPreRoll = 300 * time.Millisecond

// chimeEcho is for how long after a chime's end the speaker's buffer and the room still
// hold it.
const chimeEcho = 120 * time.Millisecond

// errGap: the microphone was reopened in the middle of a turn, or before it.
var errGap = errors.New("turn: the microphone was interrupted: what was said has a hole")

// listen streams what is said until the hub has heard enough.
func (t *run) listen() error {
	reader := t.cfg.Uplink.NewReader()
	defer reader.Close()
	head := t.cfg.Uplink.Head()
	from := t.from(head)
	if !reader.Seek(from) {
		return errGap
	}
	enc := t.encoder()
	defer enc.close()
	f := &fragments{run: t, reader: reader, encoder: enc, samples: make([]int16, enc.frame())}
	// The first frames say where the session's audio really starts: the ring may have
	// lost what was asked for.
	if err := f.first(); err != nil {
		return err
	}
	t.origin = f.at
	t.note(func(r *Report, _ time.Time) {
		r.Codec = enc.name()
		r.PreRoll = audio.WakeRate.Duration(max(0, head.Frame-f.at.Frame))
		if w := t.order.Wake; w != nil {
			r.SinceWord = audio.WakeRate.Duration(max(0, head.Frame-w.End.Frame))
		}
	})
	if !t.begin(t.sessionStart(head)) {
		return t.ctx.Err()
	}
	if err := f.stream(); err != nil {
		return err
	}
	t.send(func() error {
		t.turn.Finish()
		return nil
	})
	t.note(func(r *Report, now time.Time) { r.Listened = now })
	t.cfg.Observer.Heard(t.order.N)
	return nil
}

// from is where the turn's audio starts, when head is now.
func (t *run) from(head audio.Pos) audio.Pos {
	switch {
	case t.order.Wake != nil:
		return t.order.Wake.Start
	case t.order.Again:
		return head // before was the answer
	}
	back := keyPreRoll
	if !t.order.Key.IsZero() {
		back += max(0, t.began.Sub(t.order.Key))
	}
	oldest := max(0, head.Frame-int64(t.cfg.Uplink.Capacity()))
	return audio.Pos{Epoch: head.Epoch, Frame: max(oldest, head.Frame-int64(audio.WakeRate.Frames(back)))}
}

func (t *run) sessionStart(head audio.Pos) vap.SessionStart {
	w := t.order.Wake
	if w == nil {
		return vap.SessionStart{Turn: t.order.N}
	}
	word := vap.Wakeword{
		Word: w.Word, Pack: w.Pack, Score: w.Score,
		SNR: w.SNR, Level: w.Level, Noise: w.Noise, Attack: w.Attack,
		Start: max(0, w.Start.Frame-t.origin.Frame),
		End:   max(0, w.End.Frame-t.origin.Frame),
	}
	return vap.SessionStart{
		Turn:         t.order.N,
		Capabilities: []vap.Capability{word.Capability()},
		At:           time.Now().Add(-audio.WakeRate.Duration(head.Frame - w.End.Frame)).UTC(),
	}
}

// chime notes that the device plays a chime of its own for d from now on.
func (t *run) chime(d time.Duration) {
	now := t.cfg.Uplink.Head()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.turn == nil || now.Epoch != t.origin.Epoch {
		return
	}
	start := now.Frame - t.origin.Frame
	t.chimes = append(t.chimes, vap.Chime{Start: start, End: start + int64(audio.WakeRate.Frames(d+chimeEcho))})
}

// fragments cuts what the reader delivers into fragments.
type fragments struct {
	run     *run
	reader  *audio.Reader
	encoder encoder
	samples []int16 // of the next fragment
	filled  int
	at      audio.Pos // of samples[0]
	sent    bool
}

// first waits for the first frames: a follow-up starts before they were captured.
func (f *fragments) first() error {
	for !f.more() {
		select {
		case <-f.reader.Ready():
		case <-f.run.ctx.Done():
			return f.run.ctx.Err()
		}
	}
	return nil
}

// more reads on and reports whether there was anything.
func (f *fragments) more() bool {
	at, n, _ := f.reader.Read(f.samples[f.filled:])
	if n == 0 {
		return false
	}
	if at != f.at.Add(int64(f.filled)) {
		// Something was lost. The hub sees where from the index of the next sample.
		copy(f.samples, f.samples[f.filled:f.filled+n])
		f.at, f.filled = at, 0
	}
	f.filled += n
	return true
}

// stream sends fragments until the hub has heard enough, or the turn is too long.
func (f *fragments) stream() error {
	t := f.run
	end := time.NewTimer(t.cfg.Longest)
	defer end.Stop()
	for {
		for f.filled < len(f.samples) {
			if f.more() {
				continue
			}
			select {
			case <-f.reader.Ready():
			case <-t.turn.Heard():
				return t.session.Err()
			case <-end.C:
				return nil
			case <-t.ctx.Done():
				return t.ctx.Err()
			}
		}
		select {
		case <-t.turn.Heard():
			return t.session.Err()
		default:
		}
		if f.at.Epoch != t.origin.Epoch {
			return errGap
		}
		if err := f.send(); err != nil {
			return err
		}
	}
}

// send sends the fragment that is full, with what there is to say of chimes.
func (f *fragments) send() error {
	t := f.run
	data, err := f.encoder.encode(f.samples)
	if err != nil {
		return fmt.Errorf("turn: encoding: %w", err)
	}
	sound := vap.Sound{Codec: f.encoder.name(), Rate: int(audio.WakeRate), At: f.at.Frame - t.origin.Frame, Data: data}
	f.at, f.filled = f.at.Add(int64(len(f.samples))), 0
	err = t.send(func() error {
		capabilities := []vap.Capability{sound.Capability()}
		for _, c := range t.chimes {
			capabilities = append(capabilities, c.Capability())
		}
		t.chimes = nil
		return t.turn.Send(capabilities...)
	})
	if err != nil {
		return fmt.Errorf("turn: sending a fragment: %w", err)
	}
	if !f.sent {
		f.sent = true
		t.note(func(r *Report, now time.Time) { r.Sent = now })
	}
	return nil
}
