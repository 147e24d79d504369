package frontend

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSynthetic compares with what the reference implementation computed for the
// same synthetic sound: rows of 40 little-endian uint16.
func TestSynthetic(t *testing.T) {
	for _, stepMS := range []int{10, 20} {
		data, err := os.ReadFile(fmt.Sprintf("testdata/synthetic_%dms.u16", stepMS))
		if err != nil {
			t.Fatal(err)
		}
		got := features(t, stepMS, synthetic(48000))
		if len(got) != len(data)/2/Channels {
			t.Fatalf("%d ms: %d features, want %d", stepMS, len(got), len(data)/2/Channels)
		}
		for i, feature := range got {
			for c, v := range feature {
				if want := binary.LittleEndian.Uint16(data[2*(i*Channels+c):]); v != want {
					t.Fatalf("%d ms: channel %d of feature %d is %d, want %d", stepMS, c, i, v, want)
				}
			}
		}
	}
}

func TestHowSamplesArriveDoesNotMatter(t *testing.T) {
	sound := synthetic(8000)
	for _, stepMS := range []int{10, 20} {
		want := features(t, stepMS, sound)
		rapid.Check(t, func(t *rapid.T) {
			f, _ := New(stepMS)
			var got []Feature
			var feature Feature
			for rest := sound; len(rest) > 0; {
				chunk := rest[:min(len(rest), rapid.IntRange(1, 700).Draw(t, "chunk"))]
				rest = rest[len(chunk):]
				for len(chunk) > 0 {
					taken, ok := f.Process(chunk, &feature)
					if chunk = chunk[taken:]; ok {
						got = append(got, feature)
					}
				}
			}
			if !slices.Equal(got, want) {
				t.Fatal("the features depend on how the samples arrive")
			}
		})
	}
}

func TestResetForgetsAllSound(t *testing.T) {
	f, _ := New(10)
	run := func() (got []Feature) {
		var feature Feature
		for rest := synthetic(4800); len(rest) > 0; {
			taken, ok := f.Process(rest, &feature)
			if rest = rest[taken:]; ok {
				got = append(got, feature)
			}
		}
		return got
	}
	first := run()
	f.Reset()
	if !slices.Equal(run(), first) {
		t.Fatal("a feature after Reset depends on what was before")
	}
}

func TestNewRefusesOtherSteps(t *testing.T) {
	if _, err := New(15); err == nil {
		t.Fatal("a step of 15 ms was taken")
	}
}

func TestProcessAllocatesNothing(t *testing.T) {
	f, _ := New(10)
	sound := synthetic(160)
	var feature Feature
	if n := testing.AllocsPerRun(100, func() { f.Process(sound, &feature) }); n != 0 {
		t.Fatalf("%v allocations per feature", n)
	}
}

func TestSqrtRoundsAsTheReference(t *testing.T) {
	// The reference's algorithm: one bit of the root at a time, from the top.
	naive := func(x uint64) uint32 {
		var root uint64
		for bit := uint64(1) << 62; bit > 0; bit >>= 2 {
			if x >= root+bit {
				x -= root + bit
				root = root>>1 + bit
			} else {
				root >>= 1
			}
		}
		if x > root && root != 1<<16-1 && root != 1<<32-1 {
			root++
		}
		return uint32(root)
	}
	rapid.Check(t, func(t *rapid.T) {
		root := rapid.Uint64Range(0, 1<<32-1).Draw(t, "root") >> rapid.IntRange(0, 32).Draw(t, "shift")
		x := root*root + uint64(rapid.Int64Range(-2, 2).Draw(t, "off")) + root*uint64(rapid.IntRange(0, 1).Draw(t, "mid"))
		if got, want := sqrt(x), naive(x); got != want {
			t.Fatalf("sqrt(%d) is %d, want %d", x, got, want)
		}
	})
}

// TestAmplitudes: they are as loud as the sound is, in the channel that it is of, and no
// longer so when it has ended.
func TestAmplitudes(t *testing.T) {
	hear := func(loudness float64) (a [Channels]uint32) {
		f, err := New(10)
		if err != nil {
			t.Fatal(err)
		}
		pcm := make([]int16, 3200)
		for i := range pcm {
			pcm[i] = int16(loudness * math.Sin(2*math.Pi*1000*float64(i)/SampleRate))
		}
		var feature Feature
		for len(pcm) > 0 {
			taken, _ := f.Process(pcm, &feature)
			pcm = pcm[taken:]
		}
		return *f.Amplitudes()
	}
	soft, loud := hear(1000), hear(8000)
	top := slices.Index(soft[:], slices.Max(soft[:]))
	if ratio := float64(loud[top]) / float64(soft[top]); math.Abs(ratio-8) > 0.1 {
		t.Errorf("what is 8 times as loud has %v times the amplitude", ratio)
	}
	if soft[0] > soft[top]/50 || soft[Channels-1] > soft[top]/50 {
		t.Errorf("a tone of 1 kHz has the amplitudes %v", soft)
	}
}
