package speech

import (
	"math/bits"
	"time"
)

// EndpointConfig says when an utterance is over.
type EndpointConfig struct {
	// Silence after speech ends the utterance; ShortSilence does when what was said
	// is complete, and half as long again when it is complete and may go on.
	Silence, ShortSilence time.Duration
	// NoSpeech ends it when nobody has spoken, Longest in any case. Both count from
	// where the utterance begins.
	NoSpeech, Longest time.Duration
}

// DefaultEndpointConfig is what people find neither hasty nor slow.
var DefaultEndpointConfig = EndpointConfig{
	Silence:      700 * time.Millisecond,
	ShortSilence: 300 * time.Millisecond,
	NoSpeech:     5 * time.Second,
	Longest:      10 * time.Second,
}

// EndpointKind is what an Endpoint reports.
type EndpointKind uint8

// Kinds of Endpoint. All but Began are final.
const (
	Began   EndpointKind = iota + 1 // somebody speaks
	Ended                           // and has finished
	Silent                          // nobody has spoken
	TooLong                         // somebody speaks, or the room is loud, without end
)

// Endpoint is an event of an utterance.
type Endpoint struct {
	Kind EndpointKind
	// At is where it happened, in samples since the first one: where speech began or
	// ended, not where that was noticed.
	At int64
}

// Endpointer finds where speech begins and ends, by loudness over the noise of the
// room, which it tracks. It is pure, and for one goroutine and one utterance. Give it
// what was captured before the wake word too: it learns the noise from that.
type Endpointer struct {
	cfg     EndpointConfig
	word    Span
	at      int64 // of pending[0]
	pending []int16
	ignored []Span

	loud  loudness
	floor floor
	peak  float64 // loudest frame of the wake word and the utterance
	// recent has a bit for each of the last frames, the newest lowest: speech or not.
	recent uint32

	said   Partial
	done   bool
	began  int64 // where speech began, or -1
	ended  int64 // where it was last heard
	quiet  int64 // samples of silence since
	spoken int64 // samples of speech
}

// Span is a stretch of samples, counted from the first one: From is in it, To is the
// first behind it.
type Span struct{ From, To int64 }

// NewEndpointer makes an Endpointer for an utterance that begins where the wake word
// ends; the zero Span where there was none. From the word it learns how loud the
// person is, from all that comes before the noise of the room.
func NewEndpointer(cfg EndpointConfig, word Span) *Endpointer {
	return &Endpointer{cfg: cfg, word: word, began: -1}
}

// Ignore says that s is not the person: a chime, say. It is neither speech nor
// silence. When speech was taken to begin there, it has not begun: there will be
// another Began.
func (e *Endpointer) Ignore(s Span) {
	e.ignored = append(e.ignored, s)
	if s.From <= e.began && e.began < s.To {
		e.forget()
	}
}

// forget takes back that speech has begun.
func (e *Endpointer) forget() { e.began, e.recent, e.spoken = -1, 0, 0 }

// Said tells what was understood so far: when that is complete, a shorter silence ends it.
func (e *Endpointer) Said(p Partial) { e.said = p }

// Pause is where the pause began in which the utterance may end; ok is false while there
// is none.
func (e *Endpointer) Pause() (at int64, ok bool) {
	return e.ended, e.began >= 0 && e.quiet >= samplesIn(pause) && e.spoken >= samplesIn(shortest)
}

// Write takes the next samples (16 kHz, one channel) and returns what they settle.
// After a final Endpoint it returns nothing more.
func (e *Endpointer) Write(samples []int16) []Endpoint {
	var out []Endpoint
	e.pending = append(e.pending, samples...)
	used := 0
	for ; len(e.pending)-used >= frame && !e.done; used += frame {
		if p, ok := e.step(e.pending[used : used+frame]); ok {
			out = append(out, p)
		}
		e.at += frame
	}
	e.pending = append(e.pending[:0], e.pending[used:]...)
	if e.done {
		e.pending = nil
	}
	return out
}

// How frames become speech.
const (
	beginFrames, beginWindow = 8, 15 // of the last 150 ms, 80 ms are speech: it begins
	goOnFrames, goOnWindow   = 4, 6  // of the last 60 ms, 40 ms are speech: it goes on
	// shortest is how much speech there is in the shortest utterance ("stop"). Less
	// was a plate put down.
	shortest = 200 * time.Millisecond
	// oneBreath is how long people speak without a pause.
	oneBreath = 1200 * time.Millisecond
	// pause is longer than the silence before a "t".
	pause = 100 * time.Millisecond
)

// step takes the frame at e.at.
func (e *Endpointer) step(samples []int16) (Endpoint, bool) {
	db := e.loud.of(samples)
	e.floor.add(max(db, quietestRoom))
	if e.at < e.word.To || e.ignores(e.at) {
		if e.word.From <= e.at && e.at < e.word.To {
			e.peak = max(e.peak, db)
		}
		return Endpoint{}, false
	}
	e.peak = max(e.peak, db)
	e.recent <<= 1
	if db > e.threshold() {
		e.recent |= 1
	}
	if e.began < 0 {
		return e.await(e.at + frame)
	}
	return e.follow(e.at + frame)
}

// await decides whether speech has begun, at the end of a frame.
func (e *Endpointer) await(end int64) (Endpoint, bool) {
	if e.voiced(beginWindow) < beginFrames {
		return e.limit(end, e.cfg.NoSpeech, Silent)
	}
	e.began = max(end-beginWindow*frame, e.word.To)
	e.ended, e.quiet, e.spoken = end, 0, beginFrames*frame
	return Endpoint{Began, e.began}, true
}

// follow decides whether speech has ended.
func (e *Endpointer) follow(end int64) (Endpoint, bool) {
	if e.voiced(goOnWindow) >= goOnFrames {
		e.ended, e.quiet = end, 0
		e.spoken += frame
	} else {
		e.quiet += frame
	}
	switch {
	case e.quiet < samplesIn(e.patience()):
		return e.limit(end, e.cfg.Longest, TooLong)
	case e.spoken < samplesIn(shortest):
		e.forget()
		return Endpoint{}, false
	default:
		e.done = true
		return Endpoint{Ended, e.ended}, true
	}
}

// patience is the silence that ends the utterance. People take a breath before they go on: of
// 313 orders for coffee 23 have a pause of 300 ms after what could be all of it, 10 one of
// 400 ms and 2 one of 450 ms, and none within 1.3 s.
func (e *Endpointer) patience() time.Duration {
	switch {
	case !e.said.Complete:
		return e.cfg.Silence
	case e.said.Open && e.ended-e.began >= samplesIn(oneBreath):
		return min(e.cfg.Silence, e.cfg.ShortSilence*3/2)
	}
	return e.cfg.ShortSilence
}

// limit ends the utterance with kind when it has lasted d.
func (e *Endpointer) limit(end int64, d time.Duration, kind EndpointKind) (Endpoint, bool) {
	e.done = end-e.word.To >= samplesIn(d)
	return Endpoint{kind, end}, e.done
}

func (e *Endpointer) ignores(at int64) bool {
	for _, s := range e.ignored {
		if s.From < at+frame && at < s.To {
			return true
		}
	}
	return false
}

// voiced is how many of the last n frames are speech.
func (e *Endpointer) voiced(n int) int { return bits.OnesCount32(e.recent & (1<<n - 1)) }

// threshold is how loud a frame of speech is, in decibels: above the noise, and not
// too far below the loudest of what the person said, so that a plate in the
// background, reverberation and breath don't count. It is lower once speech has
// begun. In a loud room the two come close, and the margin gets smaller.
func (e *Endpointer) threshold() float64 {
	quietest := e.floor.db()
	margin := min(max(marginShare*(e.peak-quietest), marginLeast), marginMost)
	depth := depthToBegin
	if e.began >= 0 {
		depth = depthToGoOn
	}
	return max(quietest+margin, e.peak-depth)
}

// Measured on people in a kitchen (TestEndpointsOfPeople), in decibels.
const (
	marginShare  = 0.4
	marginLeast  = 6.0
	marginMost   = 10.0
	depthToBegin = 20.0
	depthToGoOn  = 28.0
	// quietestRoom is what digital silence counts for: less than any microphone's
	// own noise, so that speech stands out from it, but what follows it does not.
	quietestRoom = 20.0
)

func samplesIn(d time.Duration) int64 { return int64(format.Rate.Frames(d)) }
