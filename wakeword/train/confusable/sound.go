package confusable

import (
	"slices"
	"strings"
)

// sound is one of the ARPAbet: its place in arpabet.
type sound uint8

// arpabet has the sounds by their manner, a line each. In the first lines those that
// differ by voice alone are pairs.
var arpabet = [...]string{
	"P", "B", "T", "D", "K", "G", // stops
	"F", "V", "TH", "DH", "S", "Z", "SH", "ZH", // fricatives
	"CH", "JH", // affricates
	"HH",
	"M", "N", "NG", // nasals
	"L", "R", "W", "Y", // liquids and glides
	"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW",
}

const (
	paired     = 16 // sounds that are in pairs
	firstVowel = 24
)

// manner is the line of arpabet that a sound is in.
func manner(s sound) int {
	line, _ := slices.BinarySearch([]sound{6, 14, 16, 17, 20, firstVowel}, s+1)
	return line
}

// Costs of a difference. Those of other sounds are 1, as is one too many or too few.
const (
	costVoice  = 0.3 // p for b
	costVowel  = 0.4
	costManner = 0.6 // p for t
)

// cost is that of hearing one sound for another.
func cost(a, b sound) float64 {
	switch {
	case a == b:
		return 0
	case a < paired && a^1 == b:
		return costVoice
	case manner(a) != manner(b):
		return 1
	case a >= firstVowel:
		return costVowel
	}
	return costManner
}

func parseSound(name string) (sound, bool) {
	i := slices.Index(arpabet[:], strings.TrimRight(strings.ToUpper(name), "012"))
	return sound(i), i >= 0
}

// distances are those of a to each beginning of b: the last is that to b itself. The least
// costs of turning one into the other count (V. I. Levenshtein, 1966). row has room for
// them.
func distances[S ~[]E, E any](a, b S, cost func(a, b E) float64, row []float64) []float64 {
	row = row[:len(b)+1]
	for j := range row {
		row[j] = float64(j)
	}
	for i, v := range a {
		corner := row[0]
		row[0] = float64(i + 1)
		for j, w := range b {
			corner, row[j+1] = row[j+1], min(corner+cost(v, w), row[j]+1, row[j+1]+1)
		}
	}
	return row
}
