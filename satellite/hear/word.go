package hear

import (
	"sync"
	"time"

	"vapd/audio"
	"vapd/audio/dsp"
	"vapd/wakeword"
)

// Detector finds words in speech; *wakeword.Detector is one.
type Detector interface {
	SetSounding(bool)
	Process(at audio.Pos, samples []int16, events []wakeword.Event) []wakeword.Event
}

// deaf is the Detector of a satellite that has no wake words.
type deaf struct{}

func (deaf) SetSounding(bool) {}
func (deaf) Process(_ audio.Pos, _ []int16, events []wakeword.Event) []wakeword.Event {
	return events
}

// Word is a word that was heard.
type Word struct {
	Pack, Word   string
	Stop         bool      // it ends what sounds, instead of beginning a turn
	Score        float64   // 0 to 1
	dsp.Presence           // how near the voice was
	Start, End   audio.Pos // in Uplink
}

// NearMiss is something that came close to a wake word, and woke nobody.
type NearMiss struct {
	Pack, Word    string
	Score, Cutoff float64   // 0 to 1; the highest score
	Start, End    audio.Pos // in Uplink, of what would have been the word
}

// Tally counts how often a word was heard.
type Tally struct {
	Woke       int64
	NearMiss   float64 // score of the last one; 0 without
	NearMissAt time.Time
}

// tallies has the tally of each pack. Words are rare, so a mutex does not hurt.
type tallies struct {
	mu     sync.Mutex
	byPack map[string]Tally
}

func (t *tallies) change(pack string, f func(*Tally)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byPack == nil {
		t.byPack = make(map[string]Tally)
	}
	one := t.byPack[pack]
	f(&one)
	t.byPack[pack] = one
}

// Tally is how often the word of a pack was heard; any goroutine may ask.
func (e *Ear) Tally(pack string) Tally {
	e.tallies.mu.Lock()
	defer e.tallies.mu.Unlock()
	return e.tallies.byPack[pack]
}

// heard takes what the detector found.
func (e *Ear) heard(event wakeword.Event) {
	if event.Kind == wakeword.NearMiss {
		e.tallies.change(event.Pack, func(t *Tally) { t.NearMiss, t.NearMissAt = event.Score, time.Now() })
		if e.cfg.NearMiss != nil && event.Role == wakeword.Wake {
			e.cfg.NearMiss(NearMiss{
				Pack: event.Pack, Word: event.Word, Score: event.Score, Cutoff: event.Cutoff, Start: event.Start, End: event.End,
			})
		}
		return
	}
	e.tallies.change(event.Pack, func(t *Tally) { t.Woke++ })
	e.cfg.Heard(Word{
		Pack: event.Pack, Word: event.Word, Stop: event.Role == wakeword.Stop,
		Score: event.Score, Presence: e.presence(event.Start, event.End), Start: event.Start, End: event.End,
	})
}

// before is how much of the time before a word its noise is measured in.
const before = 1500 * time.Millisecond

// presence is how near the voice was that said what lies between two positions. It is
// zero where there is too little to tell by.
func (e *Ear) presence(start, end audio.Pos) dsp.Presence {
	reader := e.uplink.NewReader()
	defer reader.Close()
	from := audio.Pos{Epoch: start.Epoch, Frame: max(0, start.Frame-int64(audio.WakeRate.Frames(before)))}
	length := end.Frame - from.Frame
	if length <= 0 || length > int64(len(e.word)) || !reader.Seek(from) {
		return dsp.Presence{}
	}
	at, n, _ := reader.Read(e.word[:length])
	if at != from || int64(n) != length {
		return dsp.Presence{}
	}
	split := start.Frame - from.Frame
	p, _ := e.probe.Measure(e.word[:split], e.word[split:length])
	return p
}
