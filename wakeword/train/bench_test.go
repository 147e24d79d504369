package train

import (
	"math/rand/v2"
	"testing"

	"vapd/audio/opus"
	"vapd/wakeword/train/augment"
)

// How much faster than the sound features of variants are made.
func BenchmarkVariants(b *testing.B) {
	cfg := augment.DefaultConfig()
	cfg.Rooms = 50
	if lib, err := opus.Open(); err == nil {
		cfg.Codec = augment.Opus{Library: lib}
	}
	a, err := augment.New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	e, err := newEar(100)
	if err != nil {
		b.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	pcm := augment.PCM(augment.Colored(4*16000, 0.5, random))
	n := 0
	for b.Loop() {
		v, err := a.Apply(pcm, random.Uint64())
		if err != nil {
			b.Fatal(err)
		}
		e.takes, e.features = nil, nil
		e.hear(take{}, v.PCM)
		n += len(v.PCM)
	}
	b.ReportMetric(float64(n)/16000/b.Elapsed().Seconds(), "x")
}
