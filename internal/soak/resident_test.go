//go:build !race

package soak

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"vapd/audio"
	"vapd/audio/play"
	"vapd/board"
	"vapd/hal/sim"
	"vapd/internal/netsim"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/pairing/keyring"
	"vapd/satellite"
	"vapd/satellite/link"
)

// resident is a satellite and the person who lives with it.
type resident struct {
	house  *house
	t      *testing.T
	n      int
	addr   netip.AddrPort
	chance *rand.Rand
	card   *card
	wall   *jumpingClock
	booted time.Time
	// What outlives a restart: settings, tokens, timers, pairings.
	stores [4]memory

	// The satellite that runs.
	socket *netsim.Socket
	mux    *control.Mux
	cancel context.CancelFunc
	ran    chan error

	life tally
}

// tally is what a resident has seen.
type tally struct {
	answered, failed int // turns; failed ones with a sound that says so
	alarms           int // timers that rang
	restarts         int
	late             time.Duration // the longest that a timer rang too late or too early
}

func (t *tally) add(more tally) {
	t.answered += more.answered
	t.failed += more.failed
	t.alarms += more.alarms
	t.restarts += more.restarts
	t.late = max(t.late, more.late)
}

func newResident(h *house, n int) *resident {
	h.t.Helper()
	r := &resident{
		house: h, t: h.t, n: n, addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + n)}), 40000),
		chance: rand.New(rand.NewPCG(1, uint64(n))), card: new(card), wall: new(jumpingClock), booted: time.Now().Add(-time.Hour),
	}
	r.start()
	key := call[control.PairingFile](r.t, h.mux, control.MethodPairExport, control.PairingExport{ID: r.id(), Name: r.id(), Address: hubPlain.String()})
	call[struct{}](r.t, r.mux, control.MethodPairKey, key)
	return r
}

func (r *resident) id() string { return fmt.Sprintf("org.vapd.satellite.room%d", r.n) }

// Wall implements timer.Clock.
func (r *resident) Wall() time.Time { return r.wall.now() }

// Uptime implements timer.Clock.
func (r *resident) Uptime() time.Duration { return time.Since(r.booted) }

// BootID implements timer.Clock.
func (r *resident) BootID() string { return "boot" }

func (r *resident) start() {
	r.t.Helper()
	profile, err := board.Find(board.SimID)
	if err != nil {
		r.t.Fatal(err)
	}
	speaker, err := play.New(play.Config{Rate: audio.WakeRate})
	if err != nil {
		r.t.Fatal(err)
	}
	toHub := func(_ context.Context, found func(link.Hub)) error {
		found(link.Hub{Name: "hub", Addr: hubPlain, Configured: true})
		return nil
	}
	r.socket = r.house.socket(r.addr)
	hardware := sim.New(profile)
	s, err := satellite.New(satellite.Config{
		ID: r.id(), Name: r.id(), Device: "card", Open: r.card.open,
		Capture: audio.Format{Rate: audio.WakeRate, Channels: 1}, Microphones: []int{0}, Speaker: speaker,
		Coap: coap.Config{Conn: r.socket}, Local: nowhere,
		Find:  func(*coap.Endpoint, func() []keyring.Hub) link.Finder { return toHub },
		At:    func(string) link.Finder { return toHub },
		Board: profile, Hardware: hardware.Hardware(), Sim: hardware,
		Settings: &r.stores[0], Tokens: &r.stores[1], Timers: &r.stores[2], Pairings: &r.stores[3],
		Clock: r, Volume: satellite.Volume{Voice: 50, Chime: 50, Alarm: 50}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.mux = control.NewMux()
	s.Register(r.mux)
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.ran = cancel, make(chan error, 1)
	go func() { r.ran <- s.Run(ctx) }()
}

// stop ends the satellite as SIGTERM does.
func (r *resident) stop() {
	r.t.Helper()
	r.cancel()
	if err := <-r.ran; err != nil {
		r.t.Errorf("%s ended with %v", r.id(), err)
	}
}

func (r *resident) state() control.SatelliteState {
	return call[control.SatelliteState](r.t, r.mux, control.MethodStatus, struct{}{})
}

// await waits until the satellite is as wanted, and is false when that takes longer.
func (r *resident) await(limit time.Duration, wanted func(control.SatelliteState) bool) (control.SatelliteState, bool) {
	for end := time.Now().Add(limit); ; time.Sleep(100 * time.Millisecond) {
		if s := r.state(); wanted(s) || time.Now().After(end) {
			return s, wanted(s)
		}
	}
}

func up(s control.SatelliteState) bool   { return s.Link.State == "up" && s.Link.Encrypted }
func idle(s control.SatelliteState) bool { return s.Turn.State == "idle" }

// speak has a turn, and sees that it is answered, or that something is heard.
func (r *resident) speak() {
	before := r.state()
	r.card.heard()
	if r.chance.IntN(2) == 0 {
		call[struct{}](r.t, r.mux, control.MethodListen, struct{}{})
		time.Sleep(500 * time.Millisecond)
		r.card.say(1500 * time.Millisecond)
	} else {
		call[struct{}](r.t, r.mux, control.MethodSay, control.Say{Text: sentence(r.chance.IntN(len(sentences)))})
	}
	time.Sleep(time.Second)
	s, over := r.await(time.Minute, idle)
	time.Sleep(5 * time.Second) // an apology has that long to sound
	sounded := r.card.heard()
	switch {
	case !over:
		r.t.Errorf("%s: a turn that does not end: %+v", r.id(), s.Turn)
	case s.Turn.N > before.Turn.N && s.Turn.Error == "" && s.Turn.Answer != "" && sounded:
		r.life.answered++
	case sounded:
		r.life.failed++
	default:
		r.t.Errorf("%s: nothing is heard of a turn: link %+v, turn %+v, of before %d", r.id(), s.Link, s.Turn, before.Turn.N)
	}
}

// alarm waits for a timer that is due soon, and ends what rings.
func (r *resident) alarm() {
	s := r.state()
	if len(s.Timers) == 0 || s.Timers[0].RemainingMS > time.Minute.Milliseconds() {
		return
	}
	due := time.Now().Add(time.Duration(s.Timers[0].RemainingMS) * time.Millisecond)
	if !s.Timers[0].Ringing {
		if s, ok := r.await(2*time.Minute, ringing); !ok {
			r.t.Errorf("%s: a timer does not ring: %+v", r.id(), s.Timers)
		}
		r.life.late = max(r.life.late, time.Since(due).Abs())
	}
	r.card.heard()
	time.Sleep(2 * time.Second)
	if !r.card.heard() {
		r.t.Errorf("%s: an alarm that nobody hears", r.id())
	}
	r.life.alarms++
	call[struct{}](r.t, r.mux, control.MethodStop, struct{}{})
}

func ringing(s control.SatelliteState) bool { return len(s.Timers) > 0 && s.Timers[0].Ringing }

// period is of the card: longer than real ones, for the sake of the hours.
const period = 40 * time.Millisecond

// card is a sound card in a quiet room, where somebody speaks now and then.
type card struct {
	mu      sync.Mutex
	chance  rand.PCG
	until   time.Time // somebody speaks
	sounded bool
}

func (c *card) open(capture bool) audio.Device { return &cardRun{c, capture} }

// say lets somebody speak.
func (c *card) say(d time.Duration) {
	c.mu.Lock()
	c.until = time.Now().Add(d)
	c.mu.Unlock()
	time.Sleep(d)
}

// heard reports whether the speaker sounded since the last call.
func (c *card) heard() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.sounded
	c.sounded = false
	return s
}

// capture is what the microphone hears: noise, and louder noise for a voice.
func (c *card) capture(in []int16) {
	loud := int16(20)
	if time.Now().Before(c.until) {
		loud = 8000
	}
	for i := range in {
		in[i] = int16(c.chance.Uint64()%uint64(2*loud)) - loud
	}
}

type cardRun struct {
	*card
	captures bool
}

// Run implements audio.Device.
func (c *cardRun) Run(ctx context.Context, process func(in, out audio.Block)) error {
	tick := time.NewTicker(period)
	defer tick.Stop()
	in, out := make([]int16, audio.WakeRate.Frames(period)), make([]int16, audio.WakeRate.Frames(period))
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		clear(out)
		var heard audio.Block
		if c.captures {
			c.mu.Lock()
			c.card.capture(in)
			c.mu.Unlock()
			heard = audio.Block{Samples: in, Channels: 1}
		}
		process(heard, audio.Block{Samples: out, Channels: 1})
		for _, s := range out {
			if s > 100 || s < -100 {
				c.mu.Lock()
				c.sounded = true
				c.mu.Unlock()
				break
			}
		}
	}
}
