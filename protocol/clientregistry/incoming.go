package clientregistry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// Bounds of streamed audio on the client.
const (
	maxEarly = 2 // streams whose announcement has not come yet
	// readAhead is how much may wait to be read before the hub's pieces are answered
	// late, which slows it down.
	readAhead      = 2 * time.Second
	readAheadCount = 96
	streamStall    = 15 * time.Second
	maxPieceBytes  = 8 << 10
)

var errStalled = errors.New("clientregistry: the hub's audio stopped before its end")

// ClientAnswer is what the hub answered.
type ClientAnswer struct {
	vap.Answer
	// Sound is the streamed audio; nil when the answer has none or carries it whole.
	Sound *IncomingStream
}

// IncomingStream delivers streamed audio in order. One goroutine may Read.
type IncomingStream struct {
	client  *Client
	session *ClientSession // nil of an announcement
	peer    coap.Peer

	mu      sync.Mutex
	sound   vap.Sound // the announcement
	order   reorder[vap.Sound]
	replies []func(*coap.Response) // held back, so that the hub slows down
	lost    int                    // before the next piece
	err     error                  // why it is over; io.EOF after the last piece
	changed chan struct{}
}

// Codec is the codec as announced.
func (i *IncomingStream) Codec() string { return i.announced().Codec }

// Rate is the sampling rate as announced, in hertz.
func (i *IncomingStream) Rate() int { return i.announced().Rate }

func (i *IncomingStream) announced() vap.Sound {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.sound
}

func newIncomingStream(c *Client, s *ClientSession, peer coap.Peer) *IncomingStream {
	return &IncomingStream{client: c, session: s, peer: peer, changed: make(chan struct{}, 1)}
}

// stream is the stream that an answer of s announced, or will. c.mu is held.
func (c *Client) stream(s *ClientSession, sound vap.Sound) *IncomingStream {
	i := c.streams[sound.Stream]
	if i == nil {
		i = newIncomingStream(c, s, s.sender.peer)
		c.streams[sound.Stream] = i
	}
	i.mu.Lock()
	i.sound = sound
	i.mu.Unlock()
	return i
}

// dropStreams forgets all streams of s but keep. c.mu is held.
func (c *Client) dropStreams(s *ClientSession, keep *IncomingStream) (dropped []*IncomingStream) {
	for number, i := range c.streams {
		if i.session == s && i != keep {
			delete(c.streams, number)
			dropped = append(dropped, i)
		}
	}
	return dropped
}

// streamDone forgets a stream that is over, and ends the session if only this stream
// kept it.
func (c *Client) streamDone(i *IncomingStream) {
	s := i.session
	c.mu.Lock()
	number := i.announced().Stream
	if c.streams[number] == i {
		delete(c.streams, number)
	}
	if c.announcement == i {
		c.announcement = nil
	}
	over := s != nil && s.closing && s.sound == i
	c.mu.Unlock()
	if over {
		s.end(nil)
	}
}

// piece takes a piece of streamed sound. One may come before the answer that announces
// its stream: that one waits for the last fragment, which the client may still be about
// to send.
func (c *Client) piece(sound vap.Sound, reply func(*coap.Response)) {
	if len(sound.Data) > maxPieceBytes {
		reply(malformed("sound.data").Response())
		return
	}
	c.mu.Lock()
	i, s := c.streams[sound.Stream], c.session
	early := i == nil && s != nil && s.turn != nil && !s.turn.over && len(c.streams) < maxEarly
	if early && (s.turn.finished || s.turn.wasHeard) {
		i = c.stream(s, vap.Sound{Stream: sound.Stream})
	}
	c.mu.Unlock()
	switch {
	case i != nil:
		i.take(sound, reply)
	case early: // than the message that the hub has heard enough, which was lost perhaps
		reply(busy().Response())
	default:
		reply(noStream(sound.Stream))
	}
}

func noStream(number uint32) *coap.Response {
	return notFound(fmt.Sprintf("stream %d", number)).Response()
}

// take takes one piece, and answers it: late when there is enough for now.
func (i *IncomingStream) take(sound vap.Sound, reply func(*coap.Response)) {
	r := &coap.Response{Code: codes.Changed}
	i.mu.Lock()
	switch {
	case i.err != nil:
		r = noStream(sound.Stream)
	case i.order.add(sound.Seq, sound, time.Now()) == arrivedTooEarly:
		r = busy().Response()
	case !i.order.gap() && i.full() && len(i.replies) < maxHeld:
		i.replies = append(i.replies, reply)
		r = nil
	}
	i.mu.Unlock()
	if r != nil {
		reply(r)
	}
	select {
	case i.changed <- struct{}{}:
	default:
	}
}

// full reports whether there is enough for now. i.mu is held.
func (i *IncomingStream) full() bool {
	var d time.Duration
	for _, e := range i.order.held {
		d += vap.Sound{Codec: i.sound.Codec, Rate: i.sound.Rate, Data: e.v.Data}.Duration()
	}
	return d > readAhead || len(i.order.held) > readAheadCount
}

// Read waits for the next piece. lost is how many before it never came. It returns
// io.EOF after the last piece, and context.Canceled when stream or session was
// cancelled.
func (i *IncomingStream) Read(ctx context.Context) (data []byte, lost int, err error) {
	stall := time.NewTimer(streamStall)
	defer stall.Stop()
	for {
		p := i.next()
		replyAll(p.replies, &coap.Response{Code: codes.Changed})
		if p.last {
			i.client.streamDone(i)
		}
		if p.err != nil || p.there {
			return p.data, p.lost, p.err
		}
		var gap <-chan time.Time
		if p.wait > 0 {
			gap = time.After(p.wait)
		}
		select {
		case <-ctx.Done():
			return nil, 0, fmt.Errorf("clientregistry: reading the hub's audio: %w", ctx.Err())
		case <-stall.C:
			i.stop(errStalled)
		case <-i.changed:
		case <-gap:
		}
	}
}

// progress is what Read finds.
type progress struct {
	there   bool
	data    []byte
	lost    int
	last    bool
	wait    time.Duration // for the piece that is missing; 0 when none is
	replies []func(*coap.Response)
	err     error
}

// next takes the next piece out, passing over those that were waited for long enough.
func (i *IncomingStream) next() (p progress) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if p.err = i.err; p.err != nil {
		return p
	}
	if i.order.gap() {
		if p.wait = time.Until(i.order.gapSince().Add(gapWait(i.peer))); p.wait > 0 {
			return p
		}
		i.lost += i.order.skip()
	}
	s, ok := i.order.peek()
	if !ok {
		return p
	}
	i.order.pop()
	p = progress{there: true, data: s.Data, lost: i.lost, last: s.Last}
	i.lost = 0
	if s.Last {
		i.err = io.EOF
		if len(s.Data) == 0 {
			p.err = io.EOF
		}
	}
	if s.Last || !i.full() {
		p.replies, i.replies = i.replies, nil
	}
	return p
}

// Cancel refuses what is still to come.
func (i *IncomingStream) Cancel() { i.stop(context.Canceled) }

func (i *IncomingStream) stop(err error) {
	i.abandon(err)
	i.client.streamDone(i)
}

// abandon ends the stream with err, without telling the client.
func (i *IncomingStream) abandon(err error) {
	i.mu.Lock()
	if i.err == nil {
		i.err = err
	}
	replies, number := i.replies, i.sound.Stream
	i.replies, i.order.held = nil, nil
	i.mu.Unlock()
	replyAll(replies, noStream(number))
	select {
	case i.changed <- struct{}{}:
	default:
	}
}
