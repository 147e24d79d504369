//go:build !vapd_nodl

package augment

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vapd/audio"
	"vapd/audio/opus"
)

func newOpus(t testing.TB) Opus {
	t.Helper()
	lib, err := opus.Open()
	if err != nil {
		t.Fatal(err) // it says what to install
	}
	return Opus{lib}
}

// What is coded keeps its length and place, and the more bits, the more of itself.
func TestOpus(t *testing.T) {
	codec := newOpus(t)
	pcm := PCM(voice(rand.New(rand.NewPCG(1, 1)), -20, 1, 2000, 3001))
	var ratios []float64
	for _, bitrate := range []int{6000, 16000, 64000} {
		coded, err := codec.Code(pcm, bitrate)
		if err != nil || len(coded) != len(pcm) {
			t.Fatalf("%d of %d samples, %v", len(coded), len(pcm), err)
		}
		best, at := 0.0, 0
		for shift := -100; shift <= 100; shift++ {
			var sum float64
			for i := 3000; i < 17000; i++ {
				sum += float64(pcm[i]) * float64(coded[i+shift])
			}
			if sum > best {
				best, at = sum, shift
			}
		}
		if at < -2 || at > 2 {
			t.Errorf("%d bit/s: it comes %d samples late", bitrate, at)
		}
		again, err := codec.Code(pcm, bitrate)
		if err != nil || !slices.Equal(again, coded) {
			t.Errorf("%d bit/s: it is another one the second time: %v", bitrate, err)
		}
		x, y := Floats(pcm), Floats(coded)
		for i := range y {
			y[i] -= x[i]
		}
		ratios = append(ratios, decibels(RMS(x)/RMS(y)))
	}
	if !slices.IsSorted(ratios) || ratios[0] > ratios[2]-3 {
		t.Errorf("with more bits the ratios are %.1f dB", ratios)
	}
	for _, n := range []int{0, 1, 319, 320} {
		if got, err := codec.Code(make([]int16, n), 16000); err != nil || len(got) != n {
			t.Errorf("%d samples became %d: %v", n, len(got), err)
		}
	}
	if _, err := codec.Code(pcm, 100); err == nil {
		t.Error("100 bit/s were taken")
	}
}

// BenchmarkApply is one variant of a clip of two seconds, on one core.
func BenchmarkApply(b *testing.B) {
	a := newAugmenter(b, func(c *Config) { c.Codec = newOpus(b) })
	pcm := PCM(voice(rand.New(rand.NewPCG(1, 1)), -20, 0.8, 10000, 9200))
	for _, room := range a.rooms {
		room()
	}
	seed := uint64(0)
	for b.Loop() {
		if _, err := a.Apply(pcm, seed); err != nil {
			b.Fatal(err)
		}
		seed++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "clips/s")
	b.ReportMetric(audio.WakeRate.Duration(int64(len(pcm))).Seconds()*float64(b.N)/b.Elapsed().Seconds(), "s/s")
}
