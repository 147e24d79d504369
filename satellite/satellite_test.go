package satellite

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"go.uber.org/goleak"

	"vapd/audio"
	"vapd/audio/play"
	"vapd/board"
	"vapd/hal/sim"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/satellite/hubtest"
	"vapd/satellite/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	hubAddr       = netip.MustParseAddrPort("192.0.2.1:5683")
	satelliteAddr = netip.MustParseAddrPort("192.0.2.2:40000")
)

// memory is a Store that outlives a satellite's restart.
type memory struct {
	mu   sync.Mutex
	data []byte
}

func (m *memory) Load() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.data, nil
}

func (m *memory) Save(b []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.data = b
	return nil
}

// bubbleClock runs with the bubble's time; its wall clock can be stepped.
type bubbleClock struct {
	booted time.Time
	mu     sync.Mutex
	step   time.Duration
}

func (c *bubbleClock) Wall() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.step)
}
func (c *bubbleClock) Uptime() time.Duration { return time.Since(c.booted) + time.Hour }
func (c *bubbleClock) BootID() string        { return "boot" }

// card is a sound card: what it captures comes from source, what it plays is counted.
// Its Run can be made to fail.
type card struct {
	mu      sync.Mutex
	source  func(in []int16)
	fail    chan error
	opened  int
	capture bool // of the last open
	loudest int
}

func newCard() *card { return &card{source: func([]int16) {}, fail: make(chan error)} }

func (c *card) open(capture bool) audio.Device {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.opened++
	c.capture = capture
	return &cardRun{c, capture}
}

// heard is how loud it was since the last call, and what is open.
func (c *card) heard() (loudest int, capture bool, opened int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	loudest, c.loudest = c.loudest, 0
	return loudest, c.capture, c.opened
}

type cardRun struct {
	*card
	capture bool
}

func (c *cardRun) Run(ctx context.Context, process func(in, out audio.Block)) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	in, out := make([]int16, 160), make([]int16, 160)
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-c.fail:
			return err
		case <-tick.C:
		}
		clear(out)
		i := audio.Block{}
		if c.capture {
			c.mu.Lock()
			c.source(in)
			c.mu.Unlock()
			i = audio.Block{Samples: in, Channels: 1}
		}
		process(i, audio.Block{Samples: out, Channels: 1})
		c.mu.Lock()
		for _, s := range out {
			c.loudest = max(c.loudest, int(s), -int(s))
		}
		c.mu.Unlock()
	}
}

// home is a satellite with a simulated board and a card, and a hub, on one network.
type home struct {
	*Satellite
	t       *testing.T
	network *hubtest.Network
	hub     *hubtest.Hub
	board   *sim.Board
	card    *card
	clock   *bubbleClock
	stores  [3]*memory
	alive   int
	change  func(*Config) // before each start
	cancel  context.CancelFunc
	ran     chan error
}

// newHome is a home on a network in memory, for a bubble; its satellite has had time
// to connect.
func newHome(t *testing.T, script hubtest.Script) *home {
	t.Helper()
	h := prepare(t)
	h.network = hubtest.NewNetwork()
	h.begin(script)
	time.Sleep(2 * time.Second)
	synctest.Wait()
	return h
}

// newRealHome is a home on the machine's loopback, in the machine's time.
func newRealHome(t *testing.T, script hubtest.Script, change ...func(*home)) *home {
	t.Helper()
	h := prepare(t)
	for _, f := range change {
		f(h)
	}
	h.begin(script)
	return h
}

func prepare(t *testing.T) *home {
	h := &home{t: t, card: newCard(), clock: &bubbleClock{booted: time.Now()}, change: func(*Config) {}}
	for i := range h.stores {
		h.stores[i] = new(memory)
	}
	return h
}

func (h *home) begin(script hubtest.Script) {
	h.t.Helper()
	h.startHub(script)
	h.start()
	h.t.Cleanup(func() {
		h.stop()
		h.stopHub()
	})
}

// socket is the one at addr, or any on loopback outside of a bubble.
func (h *home) socket(addr netip.AddrPort) coap.Config {
	if h.network == nil {
		return coap.Config{Addr: netip.MustParseAddrPort("127.0.0.1:0")}
	}
	return coap.Config{Conn: h.network.Open(addr)}
}

func (h *home) startHub(script hubtest.Script) {
	h.t.Helper()
	var err error
	if h.hub, err = hubtest.New(h.socket(hubAddr), script); err != nil {
		h.t.Fatal(err)
	}
}

func (h *home) stopHub() {
	if h.hub != nil {
		if err := h.hub.Close(); err != nil {
			h.t.Error(err)
		}
		h.hub = nil
	}
}

func (h *home) start() {
	h.t.Helper()
	profile, err := board.Find(board.SimID)
	if err != nil {
		h.t.Fatal(err)
	}
	mixer, err := play.New(play.Config{Rate: 16000})
	if err != nil {
		h.t.Fatal(err)
	}
	h.board = sim.New(profile)
	at := h.hub.Addr()
	cfg := Config{
		ID: "org.vapd.satellite.test", Name: "test",
		Open: h.card.open, Device: "card", Capture: audio.Format{Rate: 16000, Channels: 1}, Microphones: []int{0},
		Speaker: mixer,
		Coap:    h.socket(satelliteAddr),
		Find: func(*coap.Endpoint) link.Finder {
			return func(_ context.Context, found func(link.Hub)) error {
				found(link.Hub{Name: "hub", Addr: at})
				return nil
			}
		},
		Board: profile, Hardware: h.board.Hardware(), Sim: h.board,
		Settings: h.stores[0], Tokens: h.stores[1], Timers: h.stores[2], Clock: h.clock,
		Volume: Volume{50, 50, 50}, Alive: func() { h.alive++ }, Logger: slog.New(slog.DiscardHandler),
	}
	h.change(&cfg)
	if h.Satellite, err = New(cfg); err != nil {
		h.t.Fatal(err)
	}
	var ctx context.Context
	ctx, h.cancel = context.WithCancel(h.t.Context())
	h.ran = make(chan error, 1)
	go func() { h.ran <- h.Run(ctx) }()
}

// stop ends the satellite as SIGTERM does.
func (h *home) stop() {
	if h.Satellite == nil {
		return
	}
	h.cancel()
	if err := <-h.ran; err != nil {
		h.t.Error(err)
	}
	h.Satellite = nil
}

// after lets time pass and returns what can be seen then.
func (h *home) after(d time.Duration) control.SatelliteState {
	time.Sleep(d)
	synctest.Wait()
	return h.View(new(Usage))
}

// until lets time pass until ok, a minute at most.
func (h *home) until(what string, ok func(control.SatelliteState) bool) control.SatelliteState {
	h.t.Helper()
	for range 6000 {
		if v := h.after(10 * time.Millisecond); ok(v) {
			return v
		}
	}
	h.t.Fatalf("never %s: %+v", what, h.View(new(Usage)))
	panic("not reached")
}

func pieces(n int) (out [][]byte) {
	for range n {
		piece := make([]byte, 640)
		for i := range 320 {
			binary.LittleEndian.PutUint16(piece[2*i:], uint16(8000*(i%2)))
		}
		out = append(out, piece)
	}
	return out
}

// speaks is a hub that has heard enough after two seconds and speaks for two.
func speaks(capabilities ...vap.Capability) hubtest.Script {
	return hubtest.Script{HearAfter: 100, Answer: func(uint32, []clientregistry.Fragment) hubtest.Answer {
		return hubtest.Answer{
			Capabilities: append([]vap.Capability{vap.TextCapability(vap.CapVoice, "it is noon")}, capabilities...),
			Codec:        vap.CodecPCM, Rate: 16000, Pieces: pieces(100),
		}
	}}
}

func inState(state string) func(control.SatelliteState) bool {
	return func(v control.SatelliteState) bool { return v.Turn.State == state }
}

func TestSatelliteConnectsAndReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		v := h.after(time.Second)
		if v.Link.State != "up" || v.Mic.State != "running" || v.Turn.State != "idle" || v.Link.Address != hubAddr.String() || v.Link.RTTMS < 0 {
			t.Fatalf("%+v", v)
		}
		if v.LEDs[0] != "#000000" || len(v.LEDs) != 12 {
			t.Errorf("LEDs %v", v.LEDs)
		}
		reported := h.hub.Reported()
		if len(reported) != 2 || reported[0].Name != vap.CapTimer || reported[1].Name != vap.CapVolume {
			t.Errorf("reported %v", reported)
		}
		if c := h.hub.Server.Clients(); len(c) != 1 || c[0].ID != "org.vapd.satellite.test" {
			t.Errorf("clients %+v", c)
		}
		h.after(time.Minute)
		if h.alive < 10 {
			t.Errorf("told to be alive %d times in a minute", h.alive)
		}
		h.stop()
		if c := h.hub.Server.Clients(); len(c) != 0 {
			t.Errorf("after the goodbye: %+v", c)
		}
		for _, c := range h.board.Colors() {
			if c.R+c.G+c.B != 0 {
				t.Fatalf("not dark at the end: %v", h.board.Colors())
			}
		}
	})
}

func TestSatelliteTurnByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, speaks())
		h.board.Tap(board.MainKey)
		v := h.until("listening", inState("listening"))
		if v.LEDs[0] == "#000000" {
			t.Error("no light while it listens")
		}
		h.until("speaking", inState("speaking"))
		h.card.heard()
		h.after(time.Second)
		if loudest, _, _ := h.card.heard(); loudest < 1000 {
			t.Errorf("the answer is %d loud", loudest)
		}
		v = h.until("idle", inState("idle"))
		if v.Turn.Answer != "it is noon" || v.Turn.Sent < 100 || v.Turn.Sent != v.Turn.Acknowledged || v.Turn.PreRollMS < 300 {
			t.Errorf("%+v", v.Turn)
		}
		if _, ok := vap.Find(allCapabilities(h.hub.Sessions()[0]), vap.CapChime); !ok {
			t.Error("the chime was not reported")
		}
	})
}

func allCapabilities(s hubtest.Session) (all []vap.Capability) {
	for _, f := range s.Fragments {
		all = append(all, f.Capabilities...)
	}
	return all
}

func TestSatelliteStopsAnAnswerByKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, speaks())
		h.happen(Typed{"what time is it"})
		h.until("speaking", inState("speaking"))
		h.board.Tap(board.MainKey)
		h.until("idle", inState("idle"))
		h.after(20 * time.Millisecond) // the fade
		h.card.heard()
		h.after(500 * time.Millisecond)
		if loudest, _, _ := h.card.heard(); loudest != 0 {
			t.Fatalf("still %d loud", loudest)
		}
	})
}

// Muting in mid-turn: the PCM is closed, the LEDs are red, and no fragment leaves.
func TestSatelliteMutedSendsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		h.board.Tap(board.MainKey)
		h.until("listening", inState("listening"))
		h.after(300 * time.Millisecond)
		h.board.SetSwitch(true)
		synctest.Wait()
		before := len(h.hub.Sessions()[0].Fragments)
		v := h.after(20 * time.Second)
		if _, capture, _ := h.card.heard(); capture || v.Turn.State != "idle" || !v.Mic.KeyMuted || v.LEDs[0] != "#aa0000" {
			t.Fatalf("capture %v, %+v", capture, v)
		}
		for _, f := range h.hub.Sessions()[0].Fragments[before:] {
			if _, ok := vap.Find(f.Capabilities, vap.CapSound); ok {
				t.Fatal("sound left while muted")
			}
		}
		h.board.Tap(board.MainKey) // is answered by a chime, not by listening
		h.happen(NetMute{false})
		if v := h.after(5 * time.Second); v.Turn.State != "idle" || len(h.hub.Sessions()) != 1 {
			t.Fatalf("%+v", v.Turn)
		}
		h.board.SetSwitch(false)
		h.board.Tap(board.MainKey)
		h.until("listening again", inState("listening"))
	})
}

// A satellite that was muted is muted after a restart, whatever ended it, and the
// position of a switch that nobody moved opens nothing.
func TestSatelliteStaysMutedOverARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		h.board.Tap(board.MuteKey)
		h.happen(VolumeSet{Volume{10, 20, 30}})
		h.after(time.Second)
		h.stop()
		h.start()
		v := h.after(2 * time.Second)
		if _, capture, _ := h.card.heard(); capture || !v.Mic.KeyMuted || v.Volume != (control.VolumeView{Voice: 10, Chime: 20, Alarm: 30}) {
			t.Fatalf("capture %v, %+v", capture, v)
		}
	})
}

func TestSatelliteWithDamagedSettingsStartsMuted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		h.stop()
		h.stores[0].data = []byte("{")
		h.start()
		if v := h.after(time.Second); !v.Mic.KeyMuted || v.Volume.Voice != 50 {
			t.Fatalf("%+v", v)
		}
	})
}

// The hub is killed in mid-session: the person is told, the timer still rings, and a
// hub that is back is used again.
func TestSatelliteOutlivesItsHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		if err := h.setTimer(vap.TimerCommand{Action: vap.TimerSet, ID: "tea", Seconds: 30}.Capability()); err != nil {
			t.Fatal(err)
		}
		h.board.Tap(board.MainKey)
		h.until("listening", inState("listening"))
		h.stopHub()
		h.card.heard()
		v := h.until("idle", inState("idle"))
		if v.UptimeMS > 12_000 {
			t.Errorf("took %d ms to notice", v.UptimeMS)
		}
		h.after(time.Second)
		if loudest, _, _ := h.card.heard(); loudest == 0 {
			t.Error("no error chime")
		}
		v = h.until("ringing", func(v control.SatelliteState) bool { return len(v.Timers) == 1 && v.Timers[0].Ringing })
		h.card.heard()
		h.after(time.Second)
		if loudest, _, _ := h.card.heard(); loudest < 1000 || v.Link.State != "searching" {
			t.Errorf("rings %d loud while the link is %s", loudest, v.Link.State)
		}
		h.board.Tap(board.MainKey)
		h.until("silent", func(v control.SatelliteState) bool { return len(v.Timers) == 0 })
		h.after(time.Second)
		h.card.heard()
		h.after(2 * time.Second)
		if loudest, _, _ := h.card.heard(); loudest != 0 {
			t.Errorf("still %d loud", loudest)
		}
		h.startHub(speaks())
		h.until("up again", func(v control.SatelliteState) bool { return v.Link.State == "up" })
		h.board.Tap(board.MainKey)
		h.until("speaking", inState("speaking"))
	})
}

// A hub that is restarted so fast that no ping was lost does not know the satellite.
func TestSatelliteNoticesARestartedHub(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		h.stopHub()
		h.startHub(speaks())
		h.after(3 * time.Second)
		if n := h.hub.Connects(); n != 1 {
			t.Fatalf("%d connects to the new hub", n)
		}
		if v := h.after(0); v.Link.State != "up" || v.Link.Losses != 1 {
			t.Fatalf("%+v", v.Link)
		}
	})
}

func TestSatelliteDeviceFailsInMidTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		h.board.Tap(board.MainKey)
		h.until("listening", inState("listening"))
		h.card.fail <- fmt.Errorf("card: %w", audio.ErrUnplugged)
		v := h.until("idle", inState("idle"))
		if v.Mic.State != "failed" {
			t.Errorf("%+v", v.Mic)
		}
		v = h.until("running", func(v control.SatelliteState) bool { return v.Mic.State == "running" })
		if v.Mic.Reopens != 1 {
			t.Errorf("%+v", v.Mic)
		}
		h.board.Tap(board.MainKey)
		h.until("listening again", inState("listening"))
	})
}

func TestSatelliteEndsWhenTheDeviceIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, hubtest.Script{})
		h.card.fail <- audio.ErrStuck
		err := <-h.ran
		h.Satellite = nil
		if !errors.Is(err, audio.ErrStuck) {
			t.Fatalf("ended with %v", err)
		}
	})
}

func TestSatelliteDoesWhatTheHubAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t, speaks(vap.TimerCommand{Action: vap.TimerSet, ID: "t1", Label: "tea", Seconds: 60}.Capability()))
		h.happen(Typed{"set a timer of one minute"})
		v := h.until("spoken", inState("speaking"))
		if len(v.Timers) != 1 || v.Timers[0].Label != "tea" {
			t.Fatalf("timers %+v", v.Timers)
		}
		h.until("idle", inState("idle"))
		ninety := 90
		ask := func(c vap.Capability) {
			t.Helper()
			if err := h.hub.Server.Notify(t.Context(), "org.vapd.satellite.test", c); err != nil {
				t.Fatal(err)
			}
		}
		ask(vap.Volume{Voice: &ninety}.Capability())
		ask(vap.LED{Red: 1, Green: 2, Blue: 3, Seconds: 3}.Capability())
		v = h.after(volumeShown + 100*time.Millisecond)
		if v.Volume != (control.VolumeView{Voice: 90, Chime: 50, Alarm: 50}) || v.LEDs[0] != "#010203" {
			t.Errorf("volume %+v, LEDs %v", v.Volume, v.LEDs)
		}
		if v = h.after(2 * time.Second); v.LEDs[0] != "#000000" {
			t.Errorf("the light stays: %v", v.LEDs)
		}
		ask(vap.Mute{Muted: true}.Capability())
		if v = h.after(100 * time.Millisecond); !v.Mic.NetMuted {
			t.Error("not muted")
		}
		h.until("ringing", func(v control.SatelliteState) bool { return v.Timers[0].Ringing })
		ask(vap.StopCapability())
		h.until("no timer", func(v control.SatelliteState) bool { return len(v.Timers) == 0 })
		last := h.hub.Reported()
		if timers, err := vap.ParseTimers(last[len(last)-2]); err != nil || len(timers) != 0 {
			t.Errorf("the hub's last report of timers: %v %v", timers, err)
		}
	})
}

// The wall clock is stepped by an hour both ways: nothing of the satellite moves.
func TestSatelliteUnderASteppedClock(t *testing.T) {
	for _, step := range []time.Duration{time.Hour, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, speaks(vap.TimerCommand{Action: vap.TimerSet, ID: "t1", Seconds: 60}.Capability()))
			h.happen(Typed{"set a timer"})
			h.until("idle", inState("idle"))
			h.clock.mu.Lock()
			h.clock.step = step
			h.clock.mu.Unlock()
			if v := h.after(50 * time.Second); v.Timers[0].Ringing || v.Link.Losses != 0 {
				t.Fatalf("%+v", v)
			}
			if v := h.after(10 * time.Second); !v.Timers[0].Ringing {
				t.Fatalf("%+v", v.Timers)
			}
		})
	}
}

// What the hub can't say, the satellite says itself: in words, which last longer than
// any chime.
func TestSatelliteSaysSorry(t *testing.T) {
	longestChime := 600 * time.Millisecond
	talks := func(h *home) bool {
		h.after(longestChime)
		h.card.heard()
		h.after(200 * time.Millisecond)
		loudest, _, _ := h.card.heard()
		return loudest > 0
	}
	t.Run("no hub", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, hubtest.Script{})
			h.stopHub()
			h.until("searching", func(v control.SatelliteState) bool { return v.Link.State == "searching" })
			h.after(2 * time.Second)
			h.happen(ListenPressed{})
			if !talks(h) || h.View(new(Usage)).Turn.N != 0 {
				t.Errorf("does not say it: %+v", h.View(new(Usage)).Turn)
			}
		})
	})
	t.Run("no speech engine", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			h := newHome(t, hubtest.Script{HearAfter: 100, Answer: func(uint32, []clientregistry.Fragment) hubtest.Answer {
				return hubtest.Answer{Error: &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeNoSpeechEngine}}
			}})
			h.happen(ListenPressed{})
			h.until("listening", inState("listening"))
			h.until("idle", inState("idle"))
			if !talks(h) {
				t.Error("does not say it")
			}
		})
	})
}
