package embedding

import (
	"fmt"

	"vapd/wakeword/frontend"
	"vapd/wakeword/train/augment"
)

// Variant is an utterance as it is heard: its features, and where they lie in it.
type Variant struct {
	Features []int8  // frontend.Channels for every 10 ms
	Start    float64 // of the utterance, in samples of the variant
	Speed    float64
}

// Features are those of a clip, as networks take them: frontend.Channels for every 10 ms,
// from silence on.
func Features(pcm []int16) []int8 {
	f, err := frontend.New(10)
	if err != nil {
		panic(err) // there is a step of 10 ms
	}
	out := make([]int8, 0, len(pcm)/frame*frontend.Channels)
	var feature frontend.Feature
	for len(pcm) > 0 {
		taken, ok := f.Process(pcm, &feature)
		if pcm = pcm[taken:]; ok {
			input := feature.Quantize()
			out = append(out, input[:]...)
		}
	}
	return out
}

// variant is the utterance through the augmenter; nil leaves it as it is.
func variant(pcm []int16, a *augment.Augmenter, seed uint64) (Variant, error) {
	if a == nil {
		return Variant{Features(pcm), 0, 1}, nil
	}
	v, err := a.Apply(pcm, seed)
	if err != nil {
		return Variant{}, fmt.Errorf("embedding: %w", err)
	}
	const far = 1 << 20
	start := v.At(0)
	return Variant{Features(v.PCM), float64(start), far / float64(v.At(far)-start)}, nil
}

// window is the middle of what a feature is of, in samples from its place: it sees 30 ms.
const window = 240

// label is which of an utterance's labels feature i is of; the result may be outside of
// them.
func (v *Variant) label(i int) int {
	return int((float64(i*frame+window) - v.Start) * v.Speed / frame)
}

// features is how many there are.
func (v *Variant) features() int { return len(v.Features) / frontend.Channels }
