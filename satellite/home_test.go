package satellite

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/audio"
	"vapd/audio/play"
	"vapd/board"
	"vapd/hal/sim"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
	"vapd/protocol/pairing/keyring"
	"vapd/protocol/vap"
	"vapd/satellite/hubtest"
	"vapd/satellite/link"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const hubID = "org.vapd.hub.test"

var (
	hubAddr       = netip.MustParseAddrPort("192.0.2.1:5683")
	hubSecured    = netip.MustParseAddrPort("192.0.2.1:5684")
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
	stores  [4]*memory
	alive   int
	change  func(*Config) // before each start
	keys    *hubtest.Keys // of a hub that wants to be paired with; nil: of another one
	told    func(*hubtest.Hub, pairing.Event)
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
	if h.keys != nil {
		h.hub, err = hubtest.NewPaired(hubtest.Paired{
			ID: hubID, Plain: h.socket(hubAddr), Secured: h.socket(hubSecured), Keys: h.keys, Told: h.told, Script: script,
		})
	} else {
		h.hub, err = hubtest.New(h.socket(hubAddr), script)
	}
	if err != nil {
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
		Find: func(*coap.Endpoint, func() []keyring.Hub) link.Finder {
			return func(_ context.Context, found func(link.Hub)) error {
				found(link.Hub{Name: "hub", Addr: at})
				return nil
			}
		},
		At: func(address string) link.Finder {
			return func(_ context.Context, found func(link.Hub)) error {
				found(link.Hub{Name: address, Addr: netip.MustParseAddrPort(address), Configured: true})
				return nil
			}
		},
		Board: profile, Hardware: h.board.Hardware(), Sim: h.board,
		Settings: h.stores[0], Tokens: h.stores[1], Timers: h.stores[2], Pairings: h.stores[3], Local: func(netip.Addr) bool { return true }, Clock: h.clock,
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
	return h.view(new(usage))
}

// until lets time pass until ok, a minute at most.
func (h *home) until(what string, ok func(control.SatelliteState) bool) control.SatelliteState {
	h.t.Helper()
	for range 6000 {
		if v := h.after(10 * time.Millisecond); ok(v) {
			return v
		}
	}
	h.t.Fatalf("never %s: %+v", what, h.view(new(usage)))
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
