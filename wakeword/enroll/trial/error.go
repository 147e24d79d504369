package trial

import (
	"math/rand/v2"
	"slices"
)

// Scores are those of one draw: of the word itself, of other words and of other speech.
type Scores struct{ Word, Others, Speech []float32 }

// Error is a part of what was tried, 0 to 1, and its interval of 95 %.
type Error struct {
	Equal     float64
	Low, High float64
	Threshold float32 // where it is
}

// EqualError finds the equal error of draws. Where there are both, other words and other
// speech are half of what is not to be accepted, each.
func EqualError(draws []Scores, seed uint64) Error {
	e := equal(draws)
	const times = 200
	r := rand.New(rand.NewPCG(seed, 0))
	found := make([]float64, times)
	again := make([]Scores, len(draws))
	for i := range found {
		for k := range again {
			again[k] = draws[r.IntN(len(draws))]
		}
		found[i] = equal(again).Equal
	}
	slices.Sort(found)
	e.Low, e.High = found[times/40], found[times-1-times/40]
	return e
}

func equal(draws []Scores) Error {
	var word, others, speech []float32
	for _, d := range draws {
		word, others, speech = append(word, d.Word...), append(others, d.Others...), append(speech, d.Speech...)
	}
	for _, s := range [][]float32{word, others, speech} {
		slices.Sort(s)
	}
	// The part that is missed rises with the threshold, that accepted falls.
	for i, threshold := range word {
		missed := float64(i) / float64(len(word))
		if accepted := accepted(others, speech, threshold); missed >= accepted {
			return Error{Equal: (missed + accepted) / 2, Threshold: threshold}
		}
	}
	return Error{Equal: 1}
}

// Missed is which part of the words is missed, 0 to 1, with the lowest threshold at which
// other speech is accepted no more often than perHour, in pieces of two seconds.
func Missed(draws []Scores, perHour float64) (missed float64, threshold float32) {
	var word, speech []float32
	for _, d := range draws {
		word, speech = append(word, d.Word...), append(speech, d.Speech...)
	}
	slices.Sort(word)
	slices.Sort(speech)
	may := int(perHour * float64(len(speech)) * piece / 16000 / 3600)
	if len(word) == 0 || may >= len(speech) {
		return 1, 0
	}
	threshold = speech[len(speech)-1-may]
	above, _ := slices.BinarySearchFunc(word, threshold, func(v, t float32) int {
		if v <= t {
			return -1
		}
		return 1
	})
	return float64(above) / float64(len(word)), threshold
}

// accepted is the part of sorted scores that is not below a threshold.
func accepted(others, speech []float32, threshold float32) float64 {
	sum, kinds := 0.0, 0.0
	for _, s := range [][]float32{others, speech} {
		if len(s) > 0 {
			below, _ := slices.BinarySearch(s, threshold)
			sum += float64(len(s)-below) / float64(len(s))
			kinds++
		}
	}
	return sum / max(1, kinds)
}
