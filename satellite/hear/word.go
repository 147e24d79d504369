package hear

import (
	"sync"
	"time"

	"vapd/audio"
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
	Pack, Word string
	Stop       bool      // it ends what sounds, instead of beginning a turn
	Score      float64   // 0 to 1
	SNR        float64   // decibels over the room's noise
	Start, End audio.Pos // in Uplink
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
		return
	}
	e.tallies.change(event.Pack, func(t *Tally) { t.Woke++ })
	e.cfg.Heard(Word{
		Pack: event.Pack, Word: event.Word, Stop: event.Role == wakeword.Stop,
		Score: event.Score, SNR: e.snr(event.Start, event.End), Start: event.Start, End: event.End,
	})
}

// snr is how far what lies between two positions stands above the room's noise.
func (e *Ear) snr(start, end audio.Pos) float64 {
	reader := e.uplink.NewReader()
	defer reader.Close()
	if !reader.Seek(start) {
		return 0
	}
	var sum float64
	var n int
	buf := make([]int16, 1600)
	for at := start; at.Frame < end.Frame; {
		from, got, _ := reader.Read(buf[:min(int64(len(buf)), end.Frame-at.Frame)])
		if got == 0 {
			break
		}
		for _, s := range buf[:got] {
			sum += float64(s) * float64(s)
		}
		n += got
		at = from.Add(int64(got))
	}
	return decibels(sum, n) - e.meter.floor.get()
}
