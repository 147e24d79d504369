package vap

import (
	"encoding/binary"
	"slices"
	"time"
)

// Bounds of near misses. A hub enforces them, since clients are not trusted.
const (
	// MaxNearMiss is the most samples of one: the second that a word is taken to last, and
	// the quarter after it in which a model is sure of it, the same as of a word that was
	// heard and then rejected.
	MaxNearMiss = DefaultRate * 5 / 4
	// NearMissEvery is the least time between two: who says the word twice since it was not
	// heard says it within some seconds, and one of the two is enough.
	NearMissEvery = 10 * time.Second
	// NearMissesPerHour is for a television that runs all evening: 40 kB a minute on the
	// network in the long run, and no more than a person may care to listen to.
	NearMissesPerHour = 60
	// maxWord is the length of a word's and a pack's name, in bytes.
	maxWord = 64
)

// NearMiss is something that a client nearly took for a word, with its sound.
type NearMiss struct {
	Word, Pack    string
	Score, Cutoff float64 // 0 to 1; the score is the highest
	// Start and End are in Sound what would have been the word.
	Start, End int64
	// Sound is mono at DefaultRate, at most MaxNearMiss samples.
	Sound []int16
}

// Capability is the near miss on the wire.
func (n NearMiss) Capability() Capability {
	data := make([]byte, 0, 2*len(n.Sound))
	for _, s := range n.Sound {
		data = binary.LittleEndian.AppendUint16(data, uint16(s))
	}
	m := map[string]any{
		"word": n.Word, "score": n.Score, "cutoff": n.Cutoff, "start": n.Start, "end": n.End,
		"codec": CodecPCM, "rate": DefaultRate, "data": data,
	}
	set(m, "pack", n.Pack)
	return Capability{Name: CapNearMiss, Fields: m}
}

// ParseNearMiss reads a capability nearmiss. Codecs other than CodecPCM, and rates other
// than DefaultRate, are malformed: models learn from this sound, and would learn the codec.
func ParseNearMiss(c Capability) (NearMiss, error) {
	f := readFields(c, CapNearMiss)
	n := NearMiss{
		Word: f.text("word", true), Pack: f.text("pack", false),
		Score: f.float("score", true, 0, 1), Cutoff: f.float("cutoff", true, 0, 1),
		Start: f.int("start", true, 0, MaxNearMiss), End: f.int("end", true, 0, MaxNearMiss),
	}
	codec := f.text("codec", false)
	f.int("rate", false, DefaultRate, DefaultRate)
	f.has("data", true)
	data := f.bytes("data")
	for _, field := range []struct {
		key string
		bad bool
	}{
		{"word", len(n.Word) > maxWord},
		{"pack", len(n.Pack) > maxWord},
		{"codec", codec != "" && codec != CodecPCM},
		{"data", len(data)%2 != 0 || len(data) > 2*MaxNearMiss},
		{"end", n.End < n.Start || 2*n.End > int64(len(data))},
	} {
		if field.bad {
			f.fail(malformed(field.key))
		}
	}
	if f.err != nil {
		return NearMiss{}, f.error()
	}
	n.Sound = make([]int16, len(data)/2)
	for i := range n.Sound {
		n.Sound[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
	}
	return n, nil
}

// NearMissPace keeps the near misses of one client within the bounds. The zero
// NearMissPace has seen none. It is for one goroutine at a time.
type NearMissPace struct{ times []time.Time } // of the last hour, the oldest first

// May reports whether there may be one now.
func (p *NearMissPace) May(now time.Time) bool {
	p.times = slices.DeleteFunc(p.times, func(t time.Time) bool { return now.Sub(t) >= time.Hour })
	n := len(p.times)
	return n == 0 || n < NearMissesPerHour && now.Sub(p.times[n-1]) >= NearMissEvery
}

// Note says that there was one. A client says so when it was acknowledged: then it is never
// too early for the hub, however slow the network is.
func (p *NearMissPace) Note(now time.Time) { p.times = append(p.times, now) }

// Idle reports whether there was none for an hour.
func (p *NearMissPace) Idle(now time.Time) bool {
	return len(p.times) == 0 || now.Sub(p.times[len(p.times)-1]) >= time.Hour
}
