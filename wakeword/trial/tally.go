package trial

import (
	"vapd/audio"
	"vapd/wakeword"
	"vapd/wakeword/train/corpus"
)

// Tally counts, for one word, what was right and what was wrong.
type Tally struct {
	Pack, Word string
	Counts
	NearMisses int
}

// Tallies makes an empty Tally for each of the words that can be detected.
func (t *Trial) Tallies() []Tally {
	var tallies []Tally
	for _, l := range t.detector.Levels(nil) {
		if l.Role != wakeword.Gate {
			tallies = append(tallies, Tally{Pack: l.Pack, Word: l.Word, Counts: Counts{Cutoff: l.Cutoff}})
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
	t.Accepts += detections
	t.Hours += audio.WakeRate.Duration(int64(n)).Hours()
}
