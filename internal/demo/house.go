package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"vapd/audio"
	"vapd/audio/audiotest"
	"vapd/internal/netsim"
	"vapd/protocol/control"
)

// roomFormat is what the room's microphone and speaker work at.
var roomFormat = audio.Format{Rate: audio.WakeRate, Channels: 1}

// HouseConfig says what is in the house.
type HouseConfig struct {
	Program string // vapd itself
	Dir     string // of all files; made anew
	Packs   string // folder of wake word packs; "" for none
	// Microphone is the PCM of a real microphone, and Speaker that of a real speaker
	// beside it; "" is a room without hardware.
	Microphone, Speaker string
	// Observe is told of every datagram between satellite and hub; it must not block.
	Observe func(netsim.Packet)
	// Event is told of what happens in the hub, State of how the satellite is, ten times a
	// second, and Note of what people should know. They must not block.
	Event  func(control.HubEvent)
	State  func(control.SatelliteState)
	Note   func(string)
	Logger *slog.Logger
}

// House is a hub and a satellite in two processes, the network between them, and the
// room that the satellite stands in. The satellite is started again when it ends,
// the hub when somebody says so.
type House struct {
	cfg     HouseConfig
	card    *audiotest.Card // nil with a real microphone
	network *netsim.Proxy
	capture *os.File
	speaker *recorder
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu       sync.Mutex
	hub, sat *child
	hubReady control.HubReady
	satReady control.SatelliteReady
	restarts int
}

// Open starts everything. ctx bounds the start alone.
func Open(ctx context.Context, cfg HouseConfig) (h *House, err error) {
	h = &House{cfg: cfg}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if err := h.makeRoom(); err != nil {
		return h, err
	}
	if err := h.StartHub(ctx); err != nil {
		return h, err
	}
	hub, err := netip.ParseAddrPort(h.hubReady.CoAP)
	if err != nil {
		return h, fmt.Errorf("demo: the hub's address: %w", err)
	}
	if h.capture, err = os.Create(h.CaptureFile()); err != nil {
		return h, fmt.Errorf("demo: the capture: %w", err)
	}
	h.network, err = netsim.Listen(netsim.Config{
		Hub: hub, Seed: uint64(time.Now().UnixNano()), Capture: h.capture, Observe: cfg.Observe, Logger: cfg.Logger,
	})
	if err != nil {
		return h, err
	}
	if err := h.addPacks(); err != nil {
		return h, err
	}
	return h, h.startSatellite(ctx)
}

// makeRoom makes the folder and, without real hardware, the sound card.
func (h *House) makeRoom() error {
	for _, dir := range []string{h.cfg.Dir, h.state("hub"), h.state("satellite")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	if h.cfg.Microphone != "" {
		return nil
	}
	h.speaker = newRecorder()
	card, err := audiotest.New(audiotest.Config{
		Dir: h.cfg.Dir, Microphone: roomFormat, Speaker: roomFormat, Heard: h.speaker.hear,
	})
	h.card = card
	return err
}

func (h *House) state(part string) string { return filepath.Join(h.cfg.Dir, part) }

func (h *House) log(part string) string { return filepath.Join(h.cfg.Dir, part+".log") }

// CaptureFile is the packet capture.
func (h *House) CaptureFile() string { return filepath.Join(h.cfg.Dir, "capture.pcap") }

// Network is what is between satellite and hub.
func (h *House) Network() *netsim.Proxy { return h.network }

// StartHub starts the hub, at the port where it was before.
func (h *House) StartHub(ctx context.Context) error {
	listen := "127.0.0.1:0"
	if h.hubReady.CoAP != "" {
		listen = h.hubReady.CoAP
	}
	var ready control.HubReady
	c, err := start(ctx, "hub", h.log("hub"), nil, &ready, h.cfg.Program,
		"hub", "--control", filepath.Join(h.cfg.Dir, "hub.sock"), "run", "--listen", listen, "--state", h.state("hub"))
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.hub, h.hubReady = c, ready
	h.mu.Unlock()
	h.wg.Go(func() { h.watchHub(c) })
	return nil
}

// KillHub ends the hub as a power cut does.
func (h *House) KillHub() {
	h.mu.Lock()
	hub := h.hub
	h.hub = nil
	h.mu.Unlock()
	if hub != nil {
		hub.kill()
	}
}

// HubRuns says whether there is a hub.
func (h *House) HubRuns() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hub != nil
}

// watchHub tells of the hub's events while c runs, and of its end if nobody wanted it.
func (h *House) watchHub(c *child) {
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	go func() {
		<-c.done
		cancel()
	}()
	err := subscribe(ctx, h.hubReady.Control, control.TopicEvents, h.cfg.Event)
	<-ctx.Done()
	h.mu.Lock()
	unwanted := h.hub == c && h.ctx.Err() == nil
	if unwanted {
		h.hub = nil
	}
	h.mu.Unlock()
	if unwanted {
		h.cfg.Note(fmt.Sprintf("the hub ended by itself (%v, %v); the end of its log:\n%s", c.ended(), err, c.tail(5)))
	}
}

// addPacks gives the satellite its wake words.
func (h *House) addPacks() error {
	if h.cfg.Packs == "" {
		return nil
	}
	manifests, err := filepath.Glob(filepath.Join(h.cfg.Packs, "*.json"))
	if err != nil || len(manifests) == 0 {
		return fmt.Errorf("demo: no wake word pack in %s: 'make demo' fetches one", h.cfg.Packs)
	}
	for _, m := range manifests {
		if err := run(h.cfg.Program, "wake", "--packs", filepath.Join(h.state("satellite"), "wake"), "add", m); err != nil {
			return err
		}
	}
	return nil
}

func (h *House) startSatellite(ctx context.Context) error {
	mic, speaker, env := h.cfg.Microphone, h.cfg.Speaker, []string(nil)
	if h.card != nil {
		mic, speaker, env = "default", "default", []string{h.card.Env()}
	}
	var ready control.SatelliteReady
	c, err := start(ctx, "satellite", h.log("satellite"), env, &ready, h.cfg.Program,
		"satellite", "--hub", h.network.Addr().String(), "--profile", "sim", "--name", "demo",
		"--state", h.state("satellite"), "--control", filepath.Join(h.cfg.Dir, "satellite.sock"),
		"--set", "capture.pcm="+mic, "--set", "playback.pcm="+speaker)
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.sat, h.satReady = c, ready
	h.mu.Unlock()
	h.wg.Go(func() { h.watchSatellite(c) })
	return nil
}

// stuckDevice is the exit status of a satellite whose sound card needs a new process.
const stuckDevice = 75

// watchSatellite tells of the satellite's states while c runs, and starts another one
// when it has ended, as systemd does.
func (h *House) watchSatellite(c *child) {
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	go func() {
		<-c.done
		cancel()
	}()
	_ = subscribe(ctx, h.satReady.Control, control.TopicState, h.cfg.State) // ends with the satellite
	<-ctx.Done()
	for h.ctx.Err() == nil {
		why := fmt.Sprintf("%v; the end of its log:\n%s", c.ended(), c.tail(5))
		if c.exitCode() == stuckDevice {
			why = "its sound card was stuck, which a new process mends"
		}
		h.cfg.Note("the satellite ended and is started again: " + why)
		h.mu.Lock()
		h.restarts++
		h.mu.Unlock()
		ctx, cancel := context.WithTimeout(h.ctx, startTime)
		err := h.startSatellite(ctx)
		cancel()
		if err == nil {
			return
		}
		h.cfg.Note(err.Error())
		sleep(h.ctx, time.Second)
	}
}

// startTime is how long a daemon may take to be ready.
const startTime = 30 * time.Second

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Satellite calls a method of the satellite.
func (h *House) Satellite(ctx context.Context, method string, params any) error {
	h.mu.Lock()
	path := h.satReady.Control
	h.mu.Unlock()
	_, err := call[any](ctx, path, method, params)
	return err
}

// HubStatus asks the hub how it is.
func (h *House) HubStatus(ctx context.Context) (control.HubStatus, error) {
	h.mu.Lock()
	path := h.hubReady.Control
	h.mu.Unlock()
	return call[control.HubStatus](ctx, path, control.MethodHubStatus, struct{}{})
}

// Restarts is how often the satellite was started again.
func (h *House) Restarts() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.restarts
}

// Close ends everything, the satellite first, so that it can say goodbye.
func (h *House) Close() error {
	h.cancel()
	h.mu.Lock()
	sat, hub := h.sat, h.hub
	h.mu.Unlock()
	var errs []error
	for _, c := range []*child{sat, hub} {
		if c != nil {
			errs = append(errs, c.stop())
		}
	}
	h.wg.Wait()
	if h.network != nil {
		errs = append(errs, h.network.Close())
	}
	if h.capture != nil {
		errs = append(errs, h.capture.Close())
	}
	if h.card != nil {
		h.card.Close()
	}
	return errors.Join(errs...)
}
