package satellite

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"vapd/audio"
	"vapd/hal"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/satellite/hear"
	"vapd/satellite/hubtest"
	"vapd/wakeword"
	"vapd/wakeword/pack"
)

// nearlyLoud hears any loud noise, and a rustle nearly.
func nearlyLoud(t *testing.T) *wakeword.Detector {
	t.Helper()
	p, err := pack.Open("../wakeword/testdata/loud.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := wakeword.New([]wakeword.Word{{Pack: p, Cutoff: 0.99}})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// noise is a quarter of a second of it.
func noise(level int) []int16 {
	random := rand.New(rand.NewPCG(1, 1))
	pcm := make([]int16, audio.WakeRate/4)
	for i := range pcm {
		pcm[i] = int16(random.IntN(2*level+1) - level)
	}
	return pcm
}

const rustle = 18 // what it nearly takes for a loud noise

// near are the near misses that the hub got.
func (h *home) near() (all []vap.NearMiss) {
	h.t.Helper()
	for _, c := range h.hub.Reported() {
		if c.Name != vap.CapNearMiss {
			continue
		}
		n, err := vap.ParseNearMiss(c)
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

// keeps has the hub say what it keeps.
func (h *home) keeps(on, near bool) {
	h.t.Helper()
	if err := h.hub.Server.Notify(h.t.Context(), h.cfg.ID, vap.Recording{On: on, NearMisses: &near}.Capability()); err != nil {
		h.t.Fatal(err)
	}
	h.after(2 * time.Second) // nothing is sent that was heard before
}

func newNearHome(t *testing.T, d *wakeword.Detector, change func(*Config)) *home {
	t.Helper()
	h := prepare(t)
	h.network = hubtest.NewNetwork()
	h.change = func(cfg *Config) { cfg.Detector = d; change(cfg) }
	h.begin(speaks())
	h.card.play(nil) // a quiet room
	h.after(5 * time.Second)
	return h
}

// A near miss is sent with its sound while the hub keeps it and everybody sees that, the
// microphone is open, and no session is under way; and never at any other time.
func TestNearMissesAreSentWhereItIsShown(t *testing.T) {
	d := nearlyLoud(t)
	synctest.Test(t, func(t *testing.T) {
		h := newNearHome(t, d, func(*Config) {})
		sent := 0
		after := func(what string, want int) control.SatelliteState {
			t.Helper()
			missed := h.ear.Tally("loud").NearMissAt
			h.card.play(noise(rustle))
			v := h.after(2 * time.Second)
			if !v.Mic.KeyMuted && h.ear.Tally("loud").NearMissAt.Equal(missed) {
				t.Fatalf("%s: it was no near miss", what)
			}
			if n := len(h.near()) - sent; n != want {
				t.Errorf("%s: %d are sent, want %d", what, n, want)
			}
			sent = len(h.near())
			h.after(vap.NearMissEvery)
			return v
		}
		after("nobody wants it", 0)
		h.keeps(true, false)
		after("only what is said is kept", 0)
		h.keeps(true, true)
		if v := after("wanted", 1); v.Turn.N != 0 {
			t.Errorf("%+v", v.Turn)
		}
		if err := h.hub.Server.Notify(t.Context(), h.cfg.ID, vap.Recording{On: true}.Capability()); err != nil { // as a session's grant does
			t.Fatal(err)
		}
		after("as before", 1)
		n := h.near()[0]
		if n.Word != "Any loud noise" || n.Pack != "loud" || n.Score <= n.Cutoff/2 || n.Score > n.Cutoff || n.Start != 0 || n.End != int64(audio.WakeRate) || len(n.Sound) != vap.MaxNearMiss {
			t.Errorf("%+v of %d samples", n, len(n.Sound))
		}
		// The rustle lies before the word's end, and reaches it.
		if first := slices.IndexFunc(n.Sound, func(s int16) bool { return s > 5 || s < -5 }); first < int(n.End)-5000 || first > int(n.End) {
			t.Errorf("the sound begins at %d, the word ends at %d", first, n.End)
		}

		h.board.SetSwitch(true)
		after("muted", 0)
		h.board.SetSwitch(false)
		h.after(5 * time.Second)
		after("heard again", 1)

		h.happen(PairPressed{})
		after("another sign is shown", 0)
		h.happen(PairCancelled{})
		h.after(5 * time.Second)

		h.happen(Typed{"what time is it"})
		h.until("speaking", inState("speaking"))
		h.card.play(noise(rustle))
		h.until("idle", inState("idle"))
		if n := len(h.near()) - sent; n != 0 {
			t.Errorf("%d are sent of a session", n)
		}
		h.after(vap.NearMissEvery)
		after("after the session", 1)

		h.keeps(false, false)
		after("no longer wanted", 0)
		h.keeps(true, true)
		h.stopHub()
		h.after(time.Minute)
		if h.misses.window.Load() != nil {
			t.Error("the hub is away, and near misses may be sent")
		}
	})
}

func TestWhenNearMissesMayBeSent(t *testing.T) {
	may := with(func(s *State) { s.Recorded, s.NearMisses, s.Mic = true, true, MicRunning })
	if !may.sendsNearMisses() {
		t.Fatal("never")
	}
	for name, change := range map[string]func(*State){
		"not kept":             func(s *State) { s.NearMisses = false },
		"not recorded":         func(s *State) { s.Recorded = false },
		"muted by the key":     func(s *State) { s.KeyMuted = true },
		"muted by the network": func(s *State) { s.NetMuted = true },
		"listening":            func(s *State) { s.Turn = TurnListening },
		"thinking":             func(s *State) { s.Turn = TurnThinking },
		"speaking":             func(s *State) { s.Turn = TurnSpeaking },
		"no hub":               func(s *State) { s.Link = LinkSearching },
		"not approved":         func(s *State) { s.Link = LinkPending },
		"a code is shown":      func(s *State) { s.Pairing = PairComparing },
	} {
		s := may
		if change(&s); s.sendsNearMisses() {
			t.Error(name)
		}
	}
}

// Whoever can't show it sends nothing, whatever the hub says.
func TestNoNearMissIsSentWithoutALight(t *testing.T) {
	d := nearlyLoud(t)
	synctest.Test(t, func(t *testing.T) {
		h := newNearHome(t, d, func(cfg *Config) {
			dark := *cfg.Hardware
			dark.Pixels = hal.NoPixels()
			cfg.Hardware = &dark
		})
		yes := true
		h.notified(vap.Recording{On: true, NearMisses: &yes}.Capability())
		h.after(2 * time.Second)
		h.card.play(noise(rustle))
		if h.after(2 * time.Second); h.ear.Tally("loud").NearMiss == 0 || len(h.near()) != 0 || !h.seen.Load().NearMisses {
			t.Errorf("tally %+v, sent %d", h.ear.Tally("loud"), len(h.near()))
		}
	})
}

// However often it nearly wakes, and whatever the hub does, the bounds hold.
func TestNearMissesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ring := audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, 4*int(audio.WakeRate))
		ctx, cancel := context.WithCancel(t.Context())
		var sent []time.Time
		hang, stopped := false, 0
		n := newNearMisses(ring, func(ctx context.Context, _ ...vap.Capability) error {
			sent = append(sent, time.Now())
			if hang {
				<-ctx.Done()
				stopped++
				return ctx.Err()
			}
			return nil
		})
		done := make(chan struct{})
		go func() { n.run(ctx); close(done) }()
		defer func() { cancel(); <-done }()
		miss := func(at audio.Pos) hear.NearMiss {
			return hear.NearMiss{Pack: "p", Word: "w", Start: at, End: at.Add(int64(audio.WakeRate))}
		}
		n.take(miss(ring.Head())) // nobody wants it
		n.allow(true)
		heard, second := miss(ring.Head()), make([]int16, audio.WakeRate)
		ring.Write(second)
		ring.Write(second)
		for range 2 * 3600 {
			for range 10 {
				n.take(heard)
			}
			time.Sleep(time.Second)
		}
		if len(sent) != 2*vap.NearMissesPerHour {
			t.Errorf("%d are sent in two hours", len(sent))
		}
		for i, at := range sent[1:] {
			if at.Sub(sent[i]) < vap.NearMissEvery {
				t.Fatalf("%v after the one before", at.Sub(sent[i]))
			}
		}

		// One that is on its way stops when it may not be sent any more.
		hang = true
		time.Sleep(time.Hour)
		at, began := ring.Head(), time.Now()
		n.take(miss(at))
		ring.Write(second)
		ring.Write(second)
		synctest.Wait()
		n.allow(false)
		synctest.Wait()
		if len(sent) != 2*vap.NearMissesPerHour+1 || stopped != 1 || time.Now() != began {
			t.Errorf("%d are sent, %d stopped after %v", len(sent), stopped, time.Since(began))
		}

		// What lies before the time in which it is allowed, is gone, or has a gap is not sent.
		time.Sleep(time.Hour)
		hang = false
		before := ring.Head()
		ring.Write(second)
		n.allow(true)
		n.take(miss(before))
		ring.Write(second)
		synctest.Wait()
		after := ring.Head()
		for range 10 {
			ring.Write(second)
		}
		n.take(miss(after))
		gap := ring.Head()
		ring.Reset()
		ring.Write(second)
		n.take(miss(gap))
		synctest.Wait()
		n.take(miss(ring.Head())) // whose end never comes
		time.Sleep(2 * nearMissWait)
		if len(sent) != 2*vap.NearMissesPerHour+1 {
			t.Errorf("%d are sent", len(sent))
		}
		ring.Reset()
		n.take(miss(ring.Head()))
		ring.Write(second)
		ring.Write(second)
		if synctest.Wait(); len(sent) != 2*vap.NearMissesPerHour+2 {
			t.Errorf("after a gap: %d are sent", len(sent))
		}
		n.allow(false)
	})
}

func TestNearMissesAllocateNothingInTheEar(t *testing.T) {
	n := newNearMisses(audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, 4*int(audio.WakeRate)), nil)
	n.allow(true)
	defer n.allow(false)
	m := hear.NearMiss{Pack: "p", Word: "w"}
	if allocs := testing.AllocsPerRun(100, func() { n.take(m) }); allocs != 0 || len(n.heard) != maxNearMisses {
		t.Errorf("%v allocations, %d wait", allocs, len(n.heard))
	}
}
