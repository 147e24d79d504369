package meter

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"vapd/audio"
)

func TestPlayKeepsTheSpeedOfTheSound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, 16000)
		began := time.Now()
		go func() {
			time.Sleep(505 * time.Millisecond)
			if n := ring.Head().Frame; n != 8000 {
				t.Errorf("%d samples after half a second, want 8000", n)
			}
		}()
		Play(t.Context(), ring, make([]int16, 16100))
		if took := time.Since(began); took != 1010*time.Millisecond || ring.Head().Frame != 16100 {
			t.Errorf("%d samples took %v, want 16100 and 1.01 s", ring.Head().Frame, took)
		}
	})
}

func TestPlayEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, 16000)
		ctx, cancel := context.WithTimeout(t.Context(), 95*time.Millisecond)
		defer cancel()
		Play(ctx, ring, make([]int16, 16000))
		if n := ring.Head().Frame; n != 1440 {
			t.Errorf("%d samples after 95 ms, want 1440", n)
		}
	})
}
