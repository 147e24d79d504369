package clientregistry

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
)

// Window of a sender: what may be on its way unanswered. It is a second of audio,
// so that a round trip of half a second never makes audio wait, and less than the
// endpoint's NSTART, so that other requests find room beside it.
const (
	windowTime  = time.Second
	windowCount = 48
)

// piece is one numbered request.
type piece struct {
	body   []byte
	sounds time.Duration // how much audio it carries
	turn   *ClientTurn   // whose fragment it is; nil on the hub
	born   time.Time     // when it was handed over; on the client
	tries  int

	call      *coap.Call
	sent      time.Time // the last time
	overtaken int       // by pieces that were sent later and answered before
}

// A piece is sent again when a later one was answered first: one that was sent later
// by more than packets change their order, or several.
const (
	reordering   = 10 * time.Millisecond
	maxOvertaken = 3
)

// sender sends pieces to one resource of a peer: in order, several in flight. When a
// later piece is answered before an earlier one the earlier is sent again at once.
type sender struct {
	ctx    context.Context
	cancel context.CancelFunc
	peer   coap.Peer
	path   string
	// answered is told of each answer, or why there is none, and may ask to send the
	// piece again after a while. It is called without a lock, from any goroutine.
	answered func(p *piece, r *coap.Response, err error) (again time.Duration)
	// drained, if not nil, is told when every piece was answered.
	drained func()

	mu       sync.Mutex
	limit    int // of pieces in flight
	queue    []*piece
	flying   []*piece // ordered by sending
	queued   time.Duration
	airborne time.Duration
	pumping  bool
	moved    chan struct{} // one slot: something was answered
}

func newSender(peer coap.Peer, path string, limit int) *sender {
	s := &sender{peer: peer, path: path, limit: limit, moved: make(chan struct{}, 1)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// close drops what was not sent and cancels what is on its way.
func (s *sender) close() {
	s.cancel()
	s.mu.Lock()
	s.queue, s.queued = nil, 0
	s.mu.Unlock()
}

// push queues a piece, and sends it now if there is room. After close it does nothing.
func (s *sender) push(p *piece) {
	if s.ctx.Err() != nil {
		return
	}
	s.mu.Lock()
	s.queue = append(s.queue, p)
	s.queued += p.sounds
	s.mu.Unlock()
	s.pump()
}

// setLimit changes how many pieces may be in flight.
func (s *sender) setLimit(n int) {
	s.mu.Lock()
	s.limit = n
	s.mu.Unlock()
	s.pump()
}

// backlog is how much audio, and how many pieces, wait to be sent.
func (s *sender) backlog() (time.Duration, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queued, len(s.queue)
}

// inFlight is how many pieces are on their way.
func (s *sender) inFlight() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.flying)
}

// pump sends while there is room. One goroutine at a time does, so that pieces keep
// their order, and never with the lock, since an answer may come from within Start.
func (s *sender) pump() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pumping {
		return
	}
	s.pumping = true
	for len(s.queue) > 0 && s.ctx.Err() == nil && s.room() {
		p := s.queue[0]
		s.queue = s.queue[1:]
		s.queued -= p.sounds
		s.airborne += p.sounds
		s.flying = append(s.flying, p)
		s.mu.Unlock()
		s.launch(p)
		s.mu.Lock()
	}
	s.pumping = false
}

func (s *sender) room() bool {
	return len(s.flying) < s.limit && (s.airborne < windowTime || len(s.flying) == 0)
}

func (s *sender) launch(p *piece) {
	req := &coap.Request{Code: codes.POST, Path: s.path, Body: p.body}
	call := s.peer.Start(s.ctx, req, func(r *coap.Response, err error) { s.landed(p, r, err) })
	s.mu.Lock()
	p.call, p.sent = call, time.Now()
	s.mu.Unlock()
}

func (s *sender) landed(p *piece, r *coap.Response, err error) {
	var again time.Duration
	if s.ctx.Err() == nil {
		again = s.answered(p, r, err)
	}
	if again > 0 && s.ctx.Err() == nil {
		time.AfterFunc(again, func() {
			if s.ctx.Err() == nil {
				p.tries++
				s.launch(p)
			}
		})
		return
	}
	lost, empty := s.land(p)
	for _, call := range lost {
		call.Retransmit()
	}
	select {
	case s.moved <- struct{}{}:
	default:
	}
	if empty && s.drained != nil {
		s.drained()
	}
	s.pump()
}

// land takes p out of those in flight, and returns the calls of those before it that
// count as lost now.
func (s *sender) land(p *piece) (lost []*coap.Call, empty bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.flying, p)
	for _, q := range s.flying[:at] {
		if q.call == nil || p.sent.Before(q.sent) {
			continue
		}
		q.overtaken++
		if q.overtaken >= maxOvertaken || p.sent.Sub(q.sent) >= reordering {
			q.sent, q.overtaken = time.Now(), 0
			lost = append(lost, q.call)
		}
	}
	s.flying = slices.Delete(s.flying, at, at+1)
	s.airborne -= p.sounds
	return lost, len(s.flying)+len(s.queue) == 0
}
