package turn

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"vapd/audio"
	"vapd/audio/opus"
	"vapd/audio/play"
	"vapd/protocol/clientregistry"
)

// stall is for how long the speaker may play nothing before a sound is given up. It is
// longer than a failed device needs to be opened again.
const stall = 5 * time.Second

// mostConcealed bounds the pieces in a row for which something is played although they
// never came.
const mostConcealed = 10

// errSpeaker: nothing comes out of the speaker.
var errSpeaker = errors.New("turn: the speaker does not play: is it plugged in?")

// writePiece plays the next piece of a sound, before which lost ones never came.
type writePiece func(data []byte, lost int) error

// playback plays a sound of the hub's that comes in pieces.
type playback struct {
	speaker *play.Mixer
	opus    *opus.Library // nil when it is not installed
	codec   string
	rate    int // hertz
	// opened is called before anything is played; an error ends the playback. begun is
	// called with the first sample, from another goroutine. Both may be nil.
	opened func(out *play.Stream) error
	begun  func(out *play.Stream)
}

// run plays what source writes, piece by piece, and waits until all was heard. underruns
// is how often the sound came too late to play on.
func (p playback) run(ctx context.Context, source func(writePiece) error) (underruns int64, err error) {
	dec, err := newDecoder(p.opus, p.codec, p.rate)
	if err != nil {
		return 0, err
	}
	defer dec.close()
	out, err := p.speaker.Stream(play.Voice, audio.SampleRate(p.rate))
	if err != nil {
		return 0, fmt.Errorf("turn: playing the hub's sound: %w", err)
	}
	defer out.Stop() // nothing after Done
	if p.opened != nil {
		if err := p.opened(out); err != nil {
			return 0, err
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	played := make(chan struct{})
	defer close(played)
	defer cancel(nil)
	wg.Go(func() { p.watch(out, played, cancel) })
	err = source(func(data []byte, lost int) error {
		for range min(lost, mostConcealed) {
			if err := out.Write(ctx, dec.conceal()); err != nil {
				return err
			}
		}
		samples, err := dec.decode(data)
		if err != nil {
			return fmt.Errorf("turn: decoding the hub's sound: %w", err)
		}
		return out.Write(ctx, samples)
	})
	if err != nil {
		return out.Underruns(), errors.Join(context.Cause(ctx), err)
	}
	out.Finish()
	select {
	case <-out.Done():
	case <-ctx.Done():
	}
	return out.Underruns(), context.Cause(ctx)
}

// watch reports the first sample of out, and gives up when the speaker does not play.
func (p playback) watch(out *play.Stream, played <-chan struct{}, giveUp context.CancelCauseFunc) {
	tick := time.NewTicker(stall / 5)
	defer tick.Stop()
	started := out.Started()
	frames, moved := p.speaker.Stats().Frames, time.Now()
	for {
		select {
		case <-played:
			return
		case <-started:
			if started = nil; p.begun != nil {
				p.begun(out)
			}
		case now := <-tick.C:
			if n := p.speaker.Stats().Frames; n != frames {
				frames, moved = n, now
			} else if now.Sub(moved) >= stall {
				giveUp(errSpeaker)
				return
			}
		}
	}
}

// receive hands the pieces of a stream on as they come; sounded is told of each.
func receive(ctx context.Context, in *clientregistry.IncomingStream, sounded func(), write writePiece) error {
	defer in.Cancel()
	for {
		data, lost, err := in.Read(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("turn: receiving the hub's sound: %w", err)
		}
		sounded()
		if err := write(data, lost); err != nil {
			return err
		}
	}
}
