package clientregistry

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/protocol/coap"
	"vapd/protocol/vap"
)

// ErrStreamRefused says that the client wants no more of a stream: it was cancelled
// there, for instance since somebody began to speak.
var ErrStreamRefused = errors.New("clientregistry: the client refused the stream")

// Stream sends pieces of audio as notifications, several in flight, in the client's
// own time: a client that has enough for now answers later. Send and Wait may be
// called by one goroutine.
type Stream struct {
	client ClientInfo
	owner  streamOwner
	sound  vap.Sound // the announcement
	sender *sender

	mu     sync.Mutex
	seq    uint32        // of the next piece
	began  time.Time     // when the client got the first piece
	sounds time.Duration // of what was sent
	last   bool          // was sent
	err    error
	done   chan struct{} // closed when everything was acknowledged, or failed
	over   bool
}

// streamOwner is what a stream belongs to. It is not told of a stream that it breaks off.
type streamOwner interface {
	// streamed is told of each piece that is sent.
	streamed()
	// streamDone is told that the stream was sent, or failed. played is when the client
	// will have played it.
	streamDone(o *Stream, played time.Time)
}

// newStream makes a stream to a client.
func (s *Server) newStream(client ClientInfo, owner streamOwner, codec string, rate int) *Stream {
	o := &Stream{
		client: client,
		owner:  owner,
		sound:  vap.Sound{Stream: s.nextStream(), Codec: codec, Rate: rate},
		done:   make(chan struct{}),
	}
	o.sender = newSender(client.Peer, pathToClient, windowCount)
	o.sender.answered, o.sender.drained = o.answered, o.drained
	return o
}

// Stream opens a stream of audio to the client, which a capability sound in the answer
// announces (Announcement). codec and rate are for the announcement.
func (s *Session) Stream(codec string, rate int) *Stream {
	o := s.server.newStream(s.Client(), s, codec, rate)
	s.mu.Lock()
	ended, why := s.ended, s.err
	if !ended {
		s.streams = append(s.streams, o)
		s.restartIdle()
	}
	s.mu.Unlock()
	if ended {
		o.breakOff(why)
	}
	return o
}

// nextStream is never 0, which is no stream.
func (s *Server) nextStream() uint32 {
	for {
		if n := s.streams.Add(1); n != 0 {
			return n
		}
	}
}

// Announcement is the capability that announces the stream.
func (o *Stream) Announcement() vap.Capability { return o.sound.Capability() }

// Send sends one piece: an Opus packet, or PCM, which is cut where it is too long for
// a datagram. It waits for room in the window until ctx ends, and fails when the
// client refused the stream or the session ended. last ends the stream; data may be
// empty then.
func (o *Stream) Send(ctx context.Context, data []byte, last bool) error {
	size := len(data)
	if o.sound.Codec != vap.CodecOpus && size > vap.MaxData {
		parts := (size + vap.MaxData - 1) / vap.MaxData
		size = min((size/parts+2)&^1, vap.MaxData) // whole samples
	}
	for {
		part := data[:min(size, len(data))]
		data = data[len(part):]
		if err := o.send1(ctx, part, last && len(data) == 0); err != nil {
			return err
		}
		if len(data) == 0 {
			return nil
		}
	}
}

func (o *Stream) send1(ctx context.Context, data []byte, last bool) error {
	if err := o.room(ctx); err != nil {
		return err
	}
	sounds := vap.Sound{Codec: o.sound.Codec, Rate: o.sound.Rate, Data: data}.Duration()
	o.mu.Lock()
	body := o.encode(data, last)
	o.seq++
	o.sounds += sounds
	o.last = last
	o.mu.Unlock()
	o.sender.push(&piece{body: body, sounds: sounds})
	o.owner.streamed()
	return nil
}

// encode makes the next piece; codec and rate are in the announcement. o.mu is held.
func (o *Stream) encode(data []byte, last bool) []byte {
	c := vap.Sound{Stream: o.sound.Stream, Seq: o.seq, Data: data, Last: last}.Capability()
	c.From = vap.System
	return vap.AppendNotification(nil, vap.Notification{Capabilities: []vap.Capability{c}})
}

// room waits until nothing waits in the queue.
func (o *Stream) room(ctx context.Context) error {
	for {
		o.mu.Lock()
		err, last := o.err, o.last
		o.mu.Unlock()
		switch {
		case err != nil:
			return err
		case last:
			return errors.New("clientregistry: a piece of audio after the last of its stream")
		}
		if _, n := o.sender.backlog(); n == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("clientregistry: sending audio to %q: %w", o.client.ID, ctx.Err())
		case <-o.done:
		case <-o.sender.moved:
		}
	}
}

// Wait returns when the client has acknowledged every piece, the last one included.
func (o *Stream) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return fmt.Errorf("clientregistry: waiting for the client %q to take audio: %w", o.client.ID, ctx.Err())
	case <-o.done:
		o.mu.Lock()
		defer o.mu.Unlock()
		return o.err
	}
}

// answered is told of the client's answer to a piece.
func (o *Stream) answered(p *piece, r *coap.Response, err error) (again time.Duration) {
	if err == nil {
		if e := vap.ErrorFrom(r); e != nil {
			if again = retryAfter(e, p); again > 0 {
				return again
			}
			if err = e; e.Code == codes.NotFound {
				err = ErrStreamRefused
			}
		}
	}
	if err != nil {
		o.finish(err)
		return 0
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.began.IsZero() {
		o.began = time.Now()
	}
	return 0
}

// drained is told when the client has acknowledged everything so far.
func (o *Stream) drained() {
	o.mu.Lock()
	last := o.last
	o.mu.Unlock()
	if last {
		o.finish(nil)
	}
}

// breakOff ends the stream with its owner, which ended for the reason why. The
// client is told by a last piece, unless it was the one who ended it.
func (o *Stream) breakOff(why error) {
	if why == nil {
		why = ErrStreamRefused
	}
	if !o.fail(why) || errors.Is(why, ErrCancelled) || errors.Is(why, ErrReplaced) {
		return
	}
	o.mu.Lock()
	body := o.encode(nil, true)
	o.mu.Unlock()
	req := &coap.Request{Code: codes.POST, Path: pathToClient, Body: body}
	o.sender.peer.Start(context.Background(), req, func(*coap.Response, error) {})
}

// Close ends the stream of an announcement that was not sent to its end: the client plays
// what it got. A stream of a session ends with that. It is no error to Close twice.
func (o *Stream) Close() { o.end(ErrClosed) }

// end breaks the stream off for the reason why, and tells its owner.
func (o *Stream) end(why error) {
	o.breakOff(why)
	o.owner.streamDone(o, time.Time{})
}

// finish ends the stream and tells its owner.
func (o *Stream) finish(err error) {
	if o.fail(err) {
		o.mu.Lock()
		played := o.began.Add(o.sounds)
		o.mu.Unlock()
		o.owner.streamDone(o, played)
	}
}

// fail ends the stream; err is nil when all is well. Only the first call counts.
func (o *Stream) fail(err error) (first bool) {
	o.mu.Lock()
	first = !o.over
	if first {
		o.over, o.err = true, err
		close(o.done)
	}
	o.mu.Unlock()
	if first {
		o.sender.close()
	}
	return first
}

// Retries of a piece that the other side had no room for.
const (
	retryPiece = 100 * time.Millisecond
	maxTries   = 20
)

// retryAfter is when a piece is sent again that was refused with e; 0 is never.
func retryAfter(e *vap.Error, p *piece) time.Duration {
	noRoom := e.Code == codes.ServiceUnavailable && (e.Type == vap.TypeBusy || e.Type == "")
	if !noRoom || p.tries >= maxTries {
		return 0
	}
	return retryPiece
}
