package clientregistry

import (
	"context"
	"fmt"
	"time"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Bounds of a turn on the client.
const (
	maxBacklog      = 2 * time.Second // of audio that waits to be sent
	maxBacklogCount = 256
	answerWait      = 60 * time.Second // for the answer, after the last fragment
)

// ClientTurn is one utterance on its way, and its answer.
type ClientTurn struct {
	session  *ClientSession
	number   uint32
	heard    chan struct{}
	answered chan struct{}

	// What follows is guarded by the client's lock.
	seq            uint32
	finished       bool // the last fragment was queued
	wasHeard       bool
	over           bool
	err            error
	result         ClientAnswer
	acknowledged   int
	repeatedBefore uint64
	repeated       int // when over
	timer          *time.Timer
}

// hear, succeed and fail are called with the client's lock.
func (t *ClientTurn) hear() {
	if !t.wasHeard {
		t.wasHeard = true
		close(t.heard)
	}
}

func (t *ClientTurn) succeed(a ClientAnswer) {
	t.result = a
	t.finish()
}

func (t *ClientTurn) fail(err error) {
	if !t.over {
		t.err = err
		t.finish()
	}
}

func (t *ClientTurn) finish() {
	t.repeated = t.countRepeated()
	t.over = true
	close(t.answered)
	t.hear()
	if t.timer != nil {
		t.timer.Stop()
	}
}

// Send sends the next fragment; it does not wait. It fails when too much is
// unacknowledged (two seconds of audio), which ends the turn and its session. After
// Finish it does nothing.
func (t *ClientTurn) Send(capabilities ...vap.Capability) error {
	return t.send(capabilities, false)
}

// Finish sends the last fragment, which may carry capabilities; more Sends are ignored.
func (t *ClientTurn) Finish(capabilities ...vap.Capability) {
	_ = t.send(capabilities, true) // Answer tells
}

func (t *ClientTurn) send(capabilities []vap.Capability, last bool) error {
	s, c := t.session, t.session.client
	c.mu.Lock()
	if t.over || t.finished {
		err := t.err
		c.mu.Unlock()
		return err
	}
	data := vap.SessionData{
		Session: s.id, HasSession: true, Turn: t.number, Seq: t.seq,
		Capabilities: capabilities, Last: last,
	}
	t.seq++
	if last {
		t.finished = true
		t.timer = time.AfterFunc(answerWait, func() { s.cancel(coap.ErrNoReply) })
	}
	c.mu.Unlock()
	if backlog, n := s.sender.backlog(); backlog > maxBacklog || n > maxBacklogCount {
		err := fmt.Errorf("clientregistry: %v of audio wait for the hub: %w", backlog, coap.ErrNoReply)
		s.cancel(err)
		return err
	}
	s.sender.push(&piece{body: vap.AppendSessionData(nil, data), sounds: soundsOf(capabilities), turn: t, born: time.Now()})
	return nil
}

// soundsOf is how much audio a fragment carries.
func soundsOf(capabilities []vap.Capability) (total time.Duration) {
	for _, c := range capabilities {
		if c.Name != vap.CapSound {
			continue
		}
		if s, err := vap.ParseSound(c); err == nil {
			total += s.Duration()
		}
	}
	return total
}

// Heard is closed when the hub has heard enough, or the turn ended: Finish now.
func (t *ClientTurn) Heard() <-chan struct{} { return t.heard }

// Answer waits for the answer to the last fragment. An error of the hub is a
// *vap.Error.
func (t *ClientTurn) Answer(ctx context.Context) (ClientAnswer, error) {
	select {
	case <-ctx.Done():
		return ClientAnswer{}, fmt.Errorf("clientregistry: waiting for the answer: %w", ctx.Err())
	case <-t.answered:
	}
	c := t.session.client
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.result, t.err
}

// TurnStats counts the fragments of one turn. Repeated counts all that was sent again
// to the hub while the turn ran.
type TurnStats struct {
	Sent, Acknowledged, Repeated int
	InFlight                     int
}

// Stats are the turn's counts so far.
func (t *ClientTurn) Stats() TurnStats {
	s, c := t.session, t.session.client
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := TurnStats{Sent: int(t.seq), Acknowledged: t.acknowledged, Repeated: t.repeated}
	if t.over {
		return stats
	}
	_, queued := s.sender.backlog()
	stats.Sent -= queued
	stats.Repeated = t.countRepeated()
	stats.InFlight = s.sender.inFlight()
	return stats
}

func (t *ClientTurn) countRepeated() int {
	if t.session.sender == nil {
		return 0
	}
	return int(t.session.sender.peer.Stats().Retransmitted - t.repeatedBefore)
}
