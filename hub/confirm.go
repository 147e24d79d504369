package hub

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"vapd/audio"
	"vapd/protocol/vap"
	"vapd/wakeword"
	"vapd/wakeword/pack"
)

// ConfirmWake makes the check that scores a client's wake word again with the hub's own
// copy of its pack. It fails for a pack that the hub lacks.
func ConfirmWake(packs []*pack.Pack) func(w vap.Wakeword, heard []int16) (bool, error) {
	return func(w vap.Wakeword, heard []int16) (bool, error) {
		i := slices.IndexFunc(packs, func(p *pack.Pack) bool { return p.ID == w.Pack })
		if i < 0 {
			return false, fmt.Errorf("hub: no wake pack %q here: copy it from the satellite into the hub's folder of packs", w.Pack)
		}
		d, err := wakeword.New([]wakeword.Word{{Pack: packs[i]}})
		if err != nil {
			return false, fmt.Errorf("hub: wake pack %q: %w", w.Pack, err)
		}
		at := audio.Pos{Epoch: 1}
		events := d.Process(at, settle(), nil)
		events = d.Process(at.Add(int64(settleTime)), heard, events)
		return slices.ContainsFunc(events, func(e wakeword.Event) bool { return e.Kind == wakeword.Detected }), nil
	}
}

// settleTime is longer than the second in which a Detector that starts ignores its words.
const settleTime = 3 * audio.WakeRate / 2

// settle is a quiet room for the features to settle in, as the models were measured
// with: noise of a few units. It is the same each time, so that the verdict is too.
func settle() []int16 {
	room := rand.New(rand.NewPCG(1, 2))
	s := make([]int16, settleTime)
	for i := range s {
		s[i] = int16(room.IntN(7) - 3)
	}
	return s
}
