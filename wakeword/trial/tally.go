package trial

import (
	"time"

	"vapd/audio"
	"vapd/wakeword"
	"vapd/wakeword/train/corpus"
)

// Tally counts, for one word, what was right and what was wrong.
type Tally struct {
	Pack, Word string
	Cutoff     float64
	Said       int           // labelled recordings in which the word is said
	Missed     int           // of those, without a detection
	Heard      int           // detections in labelled recordings in which it is not said
	Without    time.Duration // length of the recordings in which it is not said
	NearMisses int
}

// FalseRejects is the part of the times that the word was said in which it was
// missed, 0 to 1.
func (t *Tally) FalseRejects() float64 { return float64(t.Missed) / float64(max(1, t.Said)) }

// FalseAcceptsPerHour is how often the word was heard in an hour without it.
func (t *Tally) FalseAcceptsPerHour() float64 {
	if t.Without == 0 {
		return 0
	}
	return float64(t.Heard) / t.Without.Hours()
}

// Tallies makes an empty Tally for each of the words that can be detected.
func (t *Trial) Tallies() []Tally {
	var tallies []Tally
	for _, l := range t.detector.Levels(nil) {
		if l.Role != wakeword.Gate {
			tallies = append(tallies, Tally{Pack: l.Pack, Word: l.Word, Cutoff: l.Cutoff})
		}
	}
	return tallies
}

// Add counts a labelled recording of n samples.
func (t *Tally) Add(label string, n int, events []wakeword.Event) {
	detections := 0
	for _, e := range events {
		if e.Pack != t.Pack {
			continue
		}
		if e.Kind == wakeword.Detected {
			detections++
		} else {
			t.NearMisses++
		}
	}
	if label != "" && (corpus.SameWord(t.Pack, label) || corpus.SameWord(t.Word, label)) {
		t.Said++
		if detections == 0 {
			t.Missed++
		}
		return
	}
	t.Heard += detections
	t.Without += audio.WakeRate.Duration(int64(n))
}
