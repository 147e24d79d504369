package turn

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vapd/audio"
	"vapd/audio/play"
	"vapd/protocol/clientregistry"
	"vapd/protocol/vap"
)

// answerWait is for how long a turn waits for its answer after its last fragment.
const answerWait = 20 * time.Second

// run is one turn.
type run struct {
	runner *Runner
	cfg    *Config
	order  Order
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup // what main started
	began  time.Time

	mu      sync.Mutex // held while something is sent: after stop nothing is
	stopped bool
	session *clientregistry.ClientSession // given for a turn that continues one
	turn    *clientregistry.ClientTurn
	speaker *play.Stream
	origin  audio.Pos // of the session's sample 0, in Uplink
	chimes  []vap.Chime
}

// stop ends the turn: nothing is sent or played after it.
func (t *run) stop() {
	t.mu.Lock()
	t.stopped = true
	session, speaker := t.session, t.speaker
	t.mu.Unlock()
	t.cancel()
	if speaker != nil {
		speaker.Stop()
	}
	if session != nil {
		session.Cancel()
	}
}

func (t *run) main() {
	defer t.cancel()
	again, err := t.do()
	t.cancel()
	t.wg.Wait()
	var open *clientregistry.ClientSession
	if err == nil && again {
		open = t.session
	}
	t.over(err)
	if !t.runner.ended(t, open) {
		return // cancelled
	}
	t.log(err)
	if err != nil {
		if t.session != nil {
			t.session.Cancel()
		}
		t.cfg.Observer.Failed(t.order.N, err)
		return
	}
	t.cfg.Observer.Ended(t.order.N, again)
}

// over reports the end of the turn.
func (t *run) over(err error) {
	t.runner.current(t, func(r *Report) {
		r.Err, r.Over = err, time.Now()
		if t.cfg.Over != nil {
			t.cfg.Over(r.now())
		}
	})
}

// do carries the turn out. again says that the session stays open for another.
func (t *run) do() (again bool, err error) {
	if t.order.Text != "" {
		err = t.say()
	} else {
		err = t.listen()
	}
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(t.ctx, answerWait)
	defer cancel()
	answer, err := t.turn.Answer(ctx)
	if err != nil {
		return false, fmt.Errorf("turn: waiting for the answer: %w", err)
	}
	t.note(func(r *Report, now time.Time) { r.Answered = now })
	if err := t.answer(answer); err != nil {
		return false, err
	}
	return !answer.EndSession, nil
}

// say sends a sentence as text: the first fragment is the last one.
func (t *run) say() error {
	if !t.begin(vap.SessionStart{Turn: t.order.N}) {
		return t.ctx.Err()
	}
	t.send(func() error {
		t.turn.Finish(vap.TextCapability(vap.CapText, t.order.Text))
		return nil
	})
	t.note(func(r *Report, now time.Time) { r.Sent, r.Listened = now, now })
	return nil
}

// begin opens the session, or the next turn of the one that is open, and reports the
// hub's decision when it comes. It is false when the turn was stopped before.
func (t *run) begin(start vap.SessionStart) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		if t.session != nil {
			t.session.Cancel()
		}
		return false
	}
	if t.session == nil {
		t.session = t.cfg.Client.Start(start)
	}
	t.turn = t.session.Turn(t.order.N)
	turn, session := t.turn, t.session
	t.runner.current(t, func(r *Report) { r.turn, r.Session = turn, session.ID() })
	t.wg.Go(func() {
		select {
		case <-t.ctx.Done():
		case <-session.Decided():
			if session.Err() != nil {
				return
			}
			t.note(func(r *Report, now time.Time) { r.Granted = now })
			t.cfg.Observer.Granted(t.order.N)
		}
	})
	return true
}

// send calls f unless the turn was stopped.
func (t *run) send(f func() error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stopped {
		return context.Canceled
	}
	return f()
}

func (t *run) note(change func(*Report, time.Time)) {
	now := time.Now()
	t.runner.current(t, func(r *Report) { change(r, now) })
}

func (t *run) log(err error) {
	r := t.runner.Report()
	word, _ := r.WordToFragment()
	grant, _ := r.Grant()
	answer, _ := r.HeardToAnswer()
	t.cfg.Logger.Debug("turn", "n", t.order.N, "codec", r.Codec, "sent", r.Stats.Sent,
		"repeated", r.Stats.Repeated, "word_to_fragment", word, "grant", grant,
		"heard_to_answer", answer, "underruns", r.Underruns, "error", err)
}
