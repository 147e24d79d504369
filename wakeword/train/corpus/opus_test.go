//go:build !vapd_nodl

package corpus

import (
	"math"
	"testing"

	"vapd/audio"
	"vapd/internal/sharedtest"
)

// opusenc made the file of half a second of 500 Hz; with libopus0 it comes back.
func TestReadOpus(t *testing.T) {
	pcm, err := Read("../../../audio/ogg/testdata/tone.opus")
	if err != nil {
		t.Fatal(err)
	}
	if len(pcm) != 8000 {
		t.Fatalf("%d samples, want 8000", len(pcm))
	}
	// The phase tells whether the right samples were left out at the start.
	var same, all float64
	for i, v := range pcm[1000:7000] {
		tone := 8000 * math.Sin(2*math.Pi*500*float64(i+1000)/16000)
		same += tone * float64(v)
		all += tone * tone
	}
	if gain := same / all; gain < 0.9 || gain > 1.1 {
		t.Errorf("the tone came back %.2f times as large", gain)
	}
}

// Of each set, with and without surplus, a clip is read.
func TestRealRecordings(t *testing.T) {
	all, err := Load(sharedtest.Path(t, "audio", "wake"))
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, clips := range all.kinds() {
		for _, c := range *clips {
			kind := c.Set + c.Name[:5]
			if seen[kind] {
				continue
			}
			seen[kind] = true
			pcm, err := Read(c.Path)
			if seconds := float64(len(pcm)) / float64(audio.WakeRate); err != nil || seconds < 0.2 || seconds > 400 {
				t.Errorf("%s: %.1f s, %v", c.Name, seconds, err)
			}
		}
	}
	if len(seen) < 40 {
		t.Errorf("only %d kinds of recordings", len(seen))
	}
}
