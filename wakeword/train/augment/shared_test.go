package augment

import (
	"path/filepath"
	"slices"
	"testing"

	"vapd/internal/sharedtest"
)

// In recordings of people who say one word, the loudest stretch is about as long as the
// word.
func TestLoudestIsTheWord(t *testing.T) {
	for word, want := range map[string][2]float64{"computer": {0.4, 0.9}, "jarvis": {0.4, 0.9}, "view_glass": {0.5, 1}} {
		files, err := filepath.Glob(sharedtest.Path(t, "audio", "wake", "positive", word, "*.flac"))
		if err != nil || len(files) < 100 {
			t.Fatalf("%d recordings of %s: %v", len(files), word, err)
		}
		var lengths []float64
		for i, file := range files {
			if i%5 > 0 {
				continue
			}
			s := Loudest(Floats(sharedtest.ReadFLAC(t, file)))
			lengths = append(lengths, float64(s.To-s.From)/float64(rate))
		}
		slices.Sort(lengths)
		n := len(lengths)
		t.Logf("%s: %.2f %.2f %.2f %.2f %.2f s", word, lengths[0], lengths[n/10], lengths[n/2], lengths[n*9/10], lengths[n-1])
		if lengths[n/10] < 0.2 || lengths[n/2] < want[0] || lengths[n/2] > want[1] || lengths[n*9/10] > 1.5 {
			t.Errorf("%s: tenths are %.2f, %.2f and %.2f s", word, lengths[n/10], lengths[n/2], lengths[n*9/10])
		}
	}
}
