package verify

import (
	"slices"
	"sync"

	"vapd/audio"
	"vapd/wakeword/pack"
)

// Look is one look at a word, whose sound comes piece by piece. It works in a goroutine of
// its own, so that nobody who writes waits. Its methods are for one goroutine; Close it.
type Look struct {
	pack    *pack.Pack
	end     int64
	verdict chan Verdict  // one slot
	bell    chan struct{} // one slot: something is there
	done    chan struct{}

	missing int64 // samples

	mu       sync.Mutex
	queue    []int16 // at most missing, as it was at first
	holed    bool
	finished bool
	closed   bool
}

// Start begins to look for the word of p, which ends at sample end of what Write will get.
// At most end and Tail are kept.
func Start(p *pack.Pack, end int64) *Look {
	l := &Look{
		pack: p, end: end, missing: max(0, end) + int64(Tail),
		verdict: make(chan Verdict, 1), bell: make(chan struct{}, 1), done: make(chan struct{}),
	}
	go l.run()
	return l
}

// Write takes the next samples, mono at 16 kHz, and does not wait. It copies what belongs
// to the word, and leaves out the rest.
func (l *Look) Write(samples []int16) {
	samples = samples[:min(int64(len(samples)), l.missing)]
	if len(samples) == 0 {
		return
	}
	l.missing -= int64(len(samples))
	l.change(func() {
		l.queue = append(l.queue, samples...)
		l.finished = l.finished || l.missing == 0
	})
}

// Hole says that what comes next was lost, and Write gets something in its place.
func (l *Look) Hole() {
	if l.missing > 0 {
		l.change(func() { l.holed = true })
	}
}

// Finish says that no more comes.
func (l *Look) Finish() { l.change(func() { l.finished = true }) }

// Verdict gives the verdict, once: at the latest when all that belongs to the word was
// written, or Finish was called.
func (l *Look) Verdict() <-chan Verdict { return l.verdict }

// Close ends the look and joins its goroutine.
func (l *Look) Close() {
	l.change(func() { l.closed = true })
	<-l.done
}

func (l *Look) change(f func()) {
	l.mu.Lock()
	f()
	l.mu.Unlock()
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

func (l *Look) run() {
	defer close(l.done)
	j, err := newJudge(l.pack, l.end)
	if err != nil { // it was loaded before, when the pack was read
		l.verdict <- Verdict{Kind: Incomplete, Pack: l.pack.ID, Word: l.pack.Manifest.WakeWord}
		return
	}
	if !l.each(room(), func(piece []int16) bool { j.settle(piece); return true }) {
		return
	}
	for range l.bell {
		l.mu.Lock()
		samples, finished, closed := l.queue, l.finished, l.closed
		l.queue, j.holed = nil, l.holed
		l.mu.Unlock()
		if closed {
			return
		}
		undecided := l.each(samples, func(piece []int16) bool { return !j.hear(piece) })
		if v := j.verdict(); v.Kind == Accepted || finished && undecided {
			l.verdict <- v
			return
		}
	}
}

// piece is how much is heard between two looks at whether somebody waits in Close.
const piece = int(audio.WakeRate) / 20

// each calls hear for the samples, piece by piece, until it returns false, and false then,
// or when the look is closed.
func (l *Look) each(samples []int16, hear func(piece []int16) bool) bool {
	for p := range slices.Chunk(samples, piece) {
		l.mu.Lock()
		closed := l.closed
		l.mu.Unlock()
		if closed || !hear(p) {
			return false
		}
	}
	return true
}
