package embedding

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// hear is what a network says that is nearly sure of each phone.
func hear(said []Phone) [][Phones]float32 {
	logs := make([][Phones]float32, len(said))
	for t, p := range said {
		for i := range logs[t] {
			logs[t][i] = -6
		}
		logs[t][p] = -0.1
	}
	return logs
}

func TestAlign(t *testing.T) {
	words := [][]Phone{phones(t, "S N OW"), phones(t, "B OY")}
	for _, said := range []string{
		"S N OW B OY", "SIL SIL S S N OW OW B OY SIL", "S N OW SIL SIL B B OY",
	} {
		if got := align(hear(phones(t, said)), words); !slices.Equal(got, phones(t, said)) {
			t.Errorf("%s: got %v", said, got)
		}
	}
	if got := align(hear(phones(t, "S N OW B")), words); got != nil {
		t.Errorf("four steps for five phones: got %v", got)
	}
}

// TestAlignOrder: whatever is heard, the path goes through all phones in their order.
func TestAlignOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		phone := rapid.Custom(func(t *rapid.T) Phone { return Phone(rapid.IntRange(1, Phones-1).Draw(t, "phone")) })
		word := rapid.SliceOfN(phone, 1, 4)
		words := rapid.SliceOfN(word, 1, 3).Draw(t, "words")
		want := slices.Concat(words...)
		said := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Phone { return Phone(rapid.IntRange(0, Phones-1).Draw(t, "heard")) }), 2*len(want), 40).Draw(t, "said")
		got := slices.DeleteFunc(slices.Compact(align(hear(said), words)), func(p Phone) bool { return p == Silence })
		if !slices.Equal(slices.Compact(got), slices.Compact(want)) {
			t.Errorf("the path is %v, want %v", got, want)
		}
	})
}
