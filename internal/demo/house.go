package demo

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"vapd/audio"
	"vapd/audio/audiotest"
	"vapd/internal/child"
	"vapd/internal/netsim"
	"vapd/protocol/control"
)

// roomFormat is what the room's microphone and speaker work at.
var roomFormat = audio.Format{Rate: audio.WakeRate, Channels: 1}

// HouseConfig says what is in the house.
type HouseConfig struct {
	Program string // vapd itself
	// Satellite is the program that plays the satellite; "" for Program.
	Satellite string
	// Dir is where everything is kept: logs, state, sockets, capture. It is emptied first
	// when an earlier demo made it, and refused when it holds something else.
	Dir   string
	Packs string // folder of wake word packs; "" for the word that comes with the program
	Sound Sound
	// Seed of the network's luck.
	Seed uint64
	// Observe is told of every datagram between satellite and hub.
	Observe func(netsim.Packet)
	// Event is told of what happens in the hub, State of how the satellite is, ten times a
	// second, and Note of what people should know. None of them may block.
	Event  func(control.HubEvent)
	State  func(control.SatelliteState)
	Note   func(string)
	Logger *slog.Logger
}

// House is a hub and a satellite in two processes, the network between them, and the
// room that the satellite stands in. What ends by itself is started again.
type House struct {
	cfg     HouseConfig
	card    *audiotest.Card // nil with a real microphone
	network *netsim.Proxy
	capture *os.File
	lock    *os.File // of the folder
	speaker *recorder
	quiet   atomic.Bool // nobody looks at the satellite
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	hub, sat *child.Process
	hubReady control.HubReady
	satReady control.SatelliteReady
}

// Open starts everything. ctx bounds the start alone.
func Open(ctx context.Context, cfg HouseConfig) (*House, error) {
	h := &House{cfg: cfg, speaker: &recorder{}}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	if err := h.open(ctx); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func (h *House) open(ctx context.Context) error {
	if err := h.makeRoom(); err != nil {
		return err
	}
	if err := h.StartHub(ctx); err != nil {
		return err
	}
	hub, err := netip.ParseAddrPort(h.hubReady.CoAP)
	if err != nil {
		return fmt.Errorf("demo: the hub's address: %w", err)
	}
	if h.capture, err = os.Create(h.CaptureFile()); err != nil {
		return fmt.Errorf("demo: the capture: %w", err)
	}
	h.network, err = netsim.Listen(netsim.Config{
		Hub: hub, Seed: h.cfg.Seed, Capture: h.capture, Observe: h.cfg.Observe, Logger: h.cfg.Logger,
	})
	if err != nil {
		return err
	}
	if err := h.addPacks(); err != nil {
		return err
	}
	return h.startSatellite(ctx)
}

// mark is the file that says that a folder is the demo's own.
const mark = "made-by-vapd-demo"

// makeRoom makes the folder and, without real hardware, the sound card.
func (h *House) makeRoom() error {
	var err error
	if h.lock, err = emptyFolder(h.cfg.Dir); err != nil {
		return err
	}
	for _, dir := range []string{h.state("hub"), h.state("satellite")} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			return fmt.Errorf("demo: %w", err)
		}
	}
	if h.cfg.Sound != (Sound{}) {
		return nil
	}
	h.card, err = audiotest.New(audiotest.Config{
		Dir: h.cfg.Dir, Microphone: roomFormat, Speaker: roomFormat, Heard: h.speaker.hear,
	})
	return err
}

// emptyFolder makes dir, without what an earlier demo left in it, and returns a file
// that keeps other demos out of it until it is closed.
func emptyFolder(dir string) (lock *os.File, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("demo: %w", err)
	}
	file := filepath.Join(dir, mark)
	if _, err := os.Stat(file); err != nil && len(entries) > 0 {
		return nil, fmt.Errorf("demo: the folder %s has something else in it: name an empty one with --dir", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	if lock, err = os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("demo: another demo runs in %s: name another folder with --dir", dir), lock.Close())
	}
	for _, e := range entries {
		if e.Name() == mark {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return nil, errors.Join(fmt.Errorf("demo: %w", err), lock.Close())
		}
	}
	return lock, nil
}

func (h *House) path(name string) string { return filepath.Join(h.cfg.Dir, name) }

func (h *House) state(part string) string { return h.path(part) }

func (h *House) log(part string) string { return h.path(part + ".log") }

// CaptureFile is the packet capture.
func (h *House) CaptureFile() string { return h.path("capture.pcap") }

// AnswerFile is where what the speaker played is kept at the end.
func (h *House) AnswerFile() string { return h.path("answer.wav") }

// Describe says what the house consists of.
func (h *House) Describe() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return fmt.Sprintf("hub %s (process %d), satellite %s (process %d), network %s; %s",
		h.hubReady.CoAP, h.hubReady.PID, h.satReady.ID, h.satReady.PID, h.network.Addr(), h.Room())
}

// Room says what is heard and spoken with.
func (h *House) Room() string {
	if s := h.cfg.Sound; s != (Sound{}) {
		return fmt.Sprintf("microphone %s (%s), speaker %s", cmp.Or(s.Name, "of your choice"), s.Microphone, cmp.Or(s.Speaker, "none"))
	}
	return "no microphone: flite speaks into a simulated board, through ALSA"
}

// HubAddress is where the hub listens.
func (h *House) HubAddress() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hubReady.CoAP
}

// SetLoss makes the network lose that share of all datagrams, 0 to 1, in both
// directions.
func (h *House) SetLoss(share float64) error { return h.network.SetLoss(share) }

// Network is what the network does to datagrams, and what it did in each direction.
func (h *House) Network() (loss float64, up, down netsim.Counts) {
	how, up := h.network.Status(netsim.Up)
	_, down = h.network.Status(netsim.Down)
	return how.Loss, up, down
}

// Play plays sound into the room without hardware, as audiotest.Microphone does.
func (h *House) Play(ctx context.Context, samples []int16) error {
	if h.card == nil {
		return errors.New("demo: nothing can be played into a real microphone")
	}
	return h.card.Microphone.Play(ctx, samples)
}

// Listening says whether the satellite has the microphone open.
func (h *House) Listening() bool { return h.card == nil || h.card.Microphone.Listening() }

// Sounded is when the speaker first played something audible after a moment; zero when
// it has not.
func (h *House) Sounded(after time.Time) time.Time { return h.speaker.firstAfter(after) }

// Resident is the memory of both processes, in bytes; 0 of one that does not run.
func (h *House) Resident() (satellite, hub int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sat != nil {
		satellite = h.sat.Resident()
	}
	if h.hub != nil {
		hub = h.hub.Resident()
	}
	return satellite, hub
}

// Close ends everything, the satellite first, so that it can say goodbye.
func (h *House) Close() error {
	h.cancel()
	h.mu.Lock()
	h.closed = true
	sat, hub := h.sat, h.hub
	h.mu.Unlock()
	var errs []error
	for _, c := range []*child.Process{sat, hub} {
		if c != nil {
			errs = append(errs, c.Stop())
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
	if h.lock != nil {
		errs = append(errs, h.lock.Close())
	}
	return errors.Join(errs...)
}

// moveIn makes a daemon that has just started one of the house, unless the house was
// closed meanwhile: then it stops the daemon.
func (h *House) moveIn(c *child.Process, place func()) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return errors.Join(errors.New("demo: the house is closed"), c.Stop())
	}
	place()
	return nil
}

// start runs a daemon and decodes what it says with its line "ready".
func (h *House) start(ctx context.Context, name string, ready any, cmd *exec.Cmd) (*child.Process, error) {
	c, err := child.Start(ctx, cmd, h.log(name), func(rest []byte) error { return json.Unmarshal(rest, ready) })
	if err != nil {
		return nil, fmt.Errorf("demo: the %s: %w", name, err)
	}
	return c, nil
}

// again starts what has ended until it runs, and says why.
func (h *House) again(name string, why error, start func(context.Context) error) {
	h.cfg.Note(fmt.Sprintf("the %s ended and is started again: %v", name, why))
	for h.ctx.Err() == nil {
		ctx, cancel := context.WithTimeout(h.ctx, startTime)
		err := start(ctx)
		cancel()
		if err == nil {
			return
		}
		h.cfg.Note(err.Error())
		pause(h.ctx, time.Second)
	}
}

// startTime is how long a daemon may take to be ready.
const startTime = 30 * time.Second

// pause returns after d, or when ctx ends, and says which.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}
