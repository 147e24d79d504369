package satellite

import (
	"context"
	"sync/atomic"
	"time"

	"vapd/audio"
	"vapd/internal/metrics"
	"vapd/protocol/vap"
	"vapd/satellite/hear"
)

// sendsNearMisses reports whether what nearly woke the satellite may go to the hub: it keeps
// that and everybody sees so, nobody has closed the microphone, and no session is under way,
// whose sound is what somebody says to the hub.
func (s State) sendsNearMisses() bool {
	return s.NearMisses && s.Recorded && s.showsRecorded() && s.Link == LinkUp && s.Turn == TurnIdle && !s.Muted()
}

const (
	// maxNearMisses wait to be sent. More than one comes only while one is on its way.
	maxNearMisses = 4
	// nearMissTail is what is sent from after a word's end: it is sent as long as hub and
	// satellite look at a word that was heard.
	nearMissTail = vap.MaxNearMiss - int64(audio.WakeRate)
	// nearMissWait bounds the wait for the end of its sound and for the hub: 40 blocks of
	// a kilobyte. There is no second try: near misses are no great loss.
	nearMissWait = 10 * time.Second
)

// nearMisses sends the hub what nearly woke the satellite, while that is allowed.
type nearMisses struct {
	uplink *audio.Ring
	send   func(context.Context, ...vap.Capability) error
	heard  chan hear.NearMiss
	window atomic.Pointer[nearWindow] // nil while nothing may be sent
	counts *metrics.Tally

	pace vap.NearMissPace // run's own
}

// nearWindow is a time in which near misses may be sent.
type nearWindow struct {
	from   audio.Pos // in the uplink: no sound from before it is sent
	ctx    context.Context
	cancel context.CancelFunc
}

func newNearMisses(uplink *audio.Ring, send func(context.Context, ...vap.Capability) error) *nearMisses {
	return &nearMisses{uplink: uplink, send: send, heard: make(chan hear.NearMiss, maxNearMisses), counts: metrics.NewTally()}
}

// allow says whether near misses may be sent from now on, on the goroutine that owns the
// state. What is on its way stops when they may not.
func (n *nearMisses) allow(on bool) {
	w := n.window.Load()
	switch {
	case on && w == nil:
		w = &nearWindow{from: n.uplink.Head()}
		w.ctx, w.cancel = context.WithCancel(context.Background())
		n.window.Store(w)
	case !on && w != nil:
		n.window.Store(nil)
		w.cancel()
	}
}

// holds reports whether all of a sound from a position on is in the window.
func (w *nearWindow) holds(p audio.Pos) bool {
	return p.Epoch > w.from.Epoch || p.Epoch == w.from.Epoch && p.Frame >= w.from.Frame
}

// take takes a near miss on the ear's goroutine: it neither waits nor allocates.
func (n *nearMisses) take(m hear.NearMiss) {
	if n.window.Load() == nil {
		return
	}
	select {
	case n.heard <- m:
	default: // one is on its way, and the others are too many already
	}
}

func (n *nearMisses) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-n.heard:
			if w := n.window.Load(); w != nil && w.holds(m.Start) {
				n.counts.Add(n.send1(w, m))
			}
		}
	}
}

// send1 sends one, once, and says what came of it.
func (n *nearMisses) send1(w *nearWindow, m hear.NearMiss) string {
	if !n.pace.May(time.Now()) {
		return "too_many"
	}
	ctx, cancel := context.WithTimeout(w.ctx, nearMissWait)
	defer cancel()
	sound, ok := n.sound(ctx, m)
	if !ok {
		return "lost"
	}
	err := n.send(ctx, vap.NearMiss{
		Word: m.Word, Pack: m.Pack, Score: m.Score, Cutoff: m.Cutoff, End: m.End.Frame - m.Start.Frame, Sound: sound,
	}.Capability())
	n.pace.Note(time.Now())
	if err != nil {
		return "lost"
	}
	return "sent"
}

// sound is that of a near miss; false when it is no longer there, or does not come.
func (n *nearMisses) sound(ctx context.Context, m hear.NearMiss) ([]int16, bool) {
	reader := n.uplink.NewReader()
	defer reader.Close()
	if !reader.Seek(m.Start) {
		return nil, false
	}
	samples := make([]int16, m.End.Frame+nearMissTail-m.Start.Frame)
	for have := 0; have < len(samples); {
		at, k, _ := reader.Read(samples[have:])
		if k > 0 && at != m.Start.Add(int64(have)) {
			return nil, false // there is a gap
		}
		if have += k; k > 0 {
			continue
		}
		select {
		case <-reader.Ready():
		case <-ctx.Done():
			return nil, false
		}
	}
	return samples, ctx.Err() == nil
}
