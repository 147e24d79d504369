package turn

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/audio"
	"vapd/audio/dsp"
	"vapd/audio/play"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/vap"
	"vapd/satellite/hubtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	hubAddr       = netip.MustParseAddrPort("192.0.2.1:5683")
	satelliteAddr = netip.MustParseAddrPort("192.0.2.2:40000")
)

// house is a hub and a satellite's turns on a network in memory, with a microphone
// whose samples say their own index, and a speaker that runs.
type house struct {
	*Runner
	network  *hubtest.Network
	hub      *hubtest.Hub
	uplink   *audio.Ring
	mixer    *play.Mixer
	stopMix  context.CancelFunc
	sendOpus bool

	mu      sync.Mutex
	events  []string
	failed  error
	carried []vap.Capability
}

func newHouse(t *testing.T, script hubtest.Script) *house {
	t.Helper()
	h := &house{network: hubtest.NewNetwork(), uplink: audio.NewRing(audio.Format{Rate: audio.WakeRate, Channels: 1}, 4*16000)}
	var err error
	if h.hub, err = hubtest.New(coap.Config{Conn: h.network.Open(hubAddr)}, script); err != nil {
		t.Fatal(err)
	}
	mux := new(coap.Mux)
	endpoint, err := coap.Listen(coap.Config{Conn: h.network.Open(satelliteAddr), Handler: mux.Serve})
	if err != nil {
		t.Fatal(err)
	}
	client := clientregistry.NewClient(clientregistry.ClientConfig{
		ID: "org.vapd.satellite.test", Name: "test",
		Capabilities: []vap.Offer{
			{Name: vap.CapSound, Version: 1, Codecs: []string{vap.CodecPCM}, Stream: true},
			{Name: vap.CapVoice, Version: 1},
			{Name: vap.CapHeard, Version: 1},
			{Name: vap.CapTimer, Version: 1},
		},
	})
	client.Register(mux)
	if _, err := client.Connect(t.Context(), endpoint.Peer(hubAddr), ""); err != nil {
		t.Fatal(err)
	}
	if h.mixer, err = play.New(play.Config{Rate: 16000}); err != nil {
		t.Fatal(err)
	}
	h.Runner = New(Config{
		Client: client, Uplink: h.uplink, Speaker: h.mixer, SendOpus: func() bool { return h.sendOpus },
		Carry: func(c vap.Capability) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.carried = append(h.carried, c)
		},
		Observer: h, Longest: 10 * time.Second, Logger: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(t.Context())
	mixing, stopMix := context.WithCancel(ctx)
	h.stopMix = stopMix
	var wg sync.WaitGroup
	wg.Go(func() { h.speak(ctx) })
	wg.Go(func() { h.mix(mixing) })
	t.Cleanup(func() {
		h.Close()
		cancel()
		wg.Wait()
		for _, err := range []error{h.hub.Close(), endpoint.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	time.Sleep(3*time.Second + 5*time.Millisecond) // of captured audio, between two blocks
	return h
}

// speak writes 10 ms of samples every 10 ms; each is the low half of its index.
func (h *house) speak(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	block := make([]int16, 160)
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		at := h.uplink.Head().Frame
		for i := range block {
			block[i] = int16(at + int64(i))
		}
		h.uplink.Write(block)
	}
}

func (h *house) mix(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	out := audio.Block{Samples: make([]int16, 160), Channels: 1}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			h.mixer.Mix(out)
		}
	}
}

func (h *house) note(event string, n uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, fmt.Sprint(event, " ", n))
}

func (h *house) Granted(n uint32) { h.note("granted", n) }
func (h *house) Heard(n uint32)   { h.note("heard", n) }
func (h *house) Speaks(n uint32)  { h.note("speaks", n) }
func (h *house) Ended(n uint32, again bool) {
	h.note(fmt.Sprintf("ended again=%v", again), n)
}

func (h *house) Failed(n uint32, err error) {
	h.note("failed", n)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.failed = err
}

// after lets time pass and returns the events so far.
func (h *house) after(d time.Duration) []string {
	time.Sleep(d)
	synctest.Wait()
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}

// wake is a word that ended 200 ms ago.
func (h *house) wake() *Wake {
	end := h.uplink.Head().Add(-3200)
	return &Wake{Word: "hello", Pack: "p", Score: 0.9, Presence: dsp.Presence{SNR: 20, Level: -40, Noise: -60, Attack: 9}, Start: end.Add(-16000), End: end}
}

// sounds are the sound capabilities of fragments, checked to be what was captured.
func sounds(t *testing.T, s hubtest.Session, origin int64) []vap.Sound {
	t.Helper()
	out := allSounds(s)
	for _, one := range out {
		for i := range len(one.Data) / 2 {
			want := int16(origin + one.At + int64(i))
			if got := int16(binary.LittleEndian.Uint16(one.Data[2*i:])); got != want {
				t.Fatalf("sample %d of the session is %d, want %d", one.At+int64(i), got, want)
			}
		}
	}
	return out
}

// pcm20 is d of a tone at 16 kHz in pieces of 20 ms.
func pcm20(d time.Duration) (pieces [][]byte) {
	for range d / (20 * time.Millisecond) {
		piece := make([]byte, 640)
		for i := range 320 {
			binary.LittleEndian.PutUint16(piece[2*i:], uint16(1000*(i%16)))
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

func spoken(d time.Duration, keep bool) func(uint32, []clientregistry.Fragment) hubtest.Answer {
	return func(uint32, []clientregistry.Fragment) hubtest.Answer {
		return hubtest.Answer{
			Capabilities: []vap.Capability{
				vap.TextCapability(vap.CapVoice, "it is noon"), vap.TextCapability(vap.CapHeard, "what time is it"),
				vap.TimerCommand{Action: vap.TimerCancelAll}.Capability(),
			},
			Codec: vap.CodecPCM, Rate: 16000, Pieces: pcm20(d), Keep: keep,
		}
	}
}

func allSounds(s hubtest.Session) (out []vap.Sound) {
	for _, f := range s.Fragments {
		if c, ok := vap.Find(f.Capabilities, vap.CapSound); ok {
			if one, err := vap.ParseSound(c); err == nil {
				out = append(out, one)
			}
		}
	}
	return out
}
