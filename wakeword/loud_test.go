package wakeword

import (
	"math/rand/v2"
	"testing"

	"vapd/audio"
	"vapd/wakeword/pack"
)

// The committed model of any loud noise goes the whole way: pack, frontend, model,
// judgement.
func TestHearsALoudNoise(t *testing.T) {
	p, err := pack.Open("testdata/loud.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := New([]Word{{Pack: p, Role: RoleOf(p)}})
	if err != nil {
		t.Fatal(err)
	}
	const begins, ends = 32000, 40000
	random := rand.New(rand.NewPCG(1, 1))
	pcm := make([]int16, 64000)
	for i := range pcm {
		level := 3
		if i >= begins && i < ends {
			level = 4000
		}
		pcm[i] = int16(random.IntN(2*level+1) - level)
	}
	for epoch := range uint32(3) {
		events := d.Process(audio.Pos{Epoch: epoch}, pcm, nil)
		if len(events) != 1 || events[0].Kind != Detected || events[0].At.Frame < begins || events[0].At.Frame > ends {
			t.Fatalf("got %+v, want one detection between %d and %d", events, begins, ends)
		}
		if want := (audio.Pos{Epoch: epoch, Frame: events[0].At.Frame - 2*480}); events[0].End != want {
			t.Fatalf("the span ends at %v, want %v", events[0].End, want)
		}
	}
}
