package demo

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"vapd/internal/child"
	"vapd/protocol/control"
)

// pollEvery is how often daemons are asked how they are.
const pollEvery = 100 * time.Millisecond

// addPacks gives the satellite its wake words.
func (h *House) addPacks() error {
	if h.cfg.Packs == "" {
		return nil
	}
	manifests, err := filepath.Glob(filepath.Join(h.cfg.Packs, "*.json"))
	if err != nil {
		return fmt.Errorf("demo: wake word packs: %w", err)
	}
	for _, m := range manifests {
		if err := run(h.cfg.Program, "wake", "--packs", filepath.Join(h.state("satellite"), "wake"), "add", m); err != nil {
			return err
		}
	}
	return nil
}

func (h *House) startSatellite(ctx context.Context) error {
	mic, speaker := h.cfg.Sound.Microphone, h.cfg.Sound.Speaker
	if h.card != nil {
		mic, speaker = "default", "default"
	}
	cmd := exec.Command(cmp.Or(h.cfg.Satellite, h.cfg.Program),
		"satellite", "--hub", h.network.Addr().String(), "--profile", "sim", "--name", "demo",
		"--state", h.state("satellite"), "--control", h.path("satellite.sock"),
		"--set", "capture.pcm="+mic, "--set", "playback.pcm="+cmp.Or(speaker, "none"))
	if h.card != nil {
		cmd.Env = append(os.Environ(), h.card.Env())
	}
	var ready control.SatelliteReady
	c, err := h.start(ctx, "satellite", &ready, cmd)
	if err != nil {
		return err
	}
	return h.moveIn(c, func() {
		h.sat, h.satReady = c, ready
		h.wg.Go(func() { h.watchSatellite(c, ready.Control) })
	})
}

// stuckDevice is the exit status of a satellite whose sound card needs a new process.
const stuckDevice = 75

// watchSatellite tells of the satellite's states while c runs, and starts another one
// when it has ended, as systemd does.
func (h *House) watchSatellite(c *child.Process, socket string) {
	h.pollSatellite(c, socket)
	<-c.Done() // ends at the latest in Close
	if h.ctx.Err() != nil {
		return
	}
	why := c.Alive()
	if c.ExitCode() == stuckDevice {
		why = errors.New("its sound card was stuck, which a new process mends")
	}
	h.again("satellite", why, h.startSatellite)
}

// pollSatellite tells of the satellite's states until c or the house ends.
func (h *House) pollSatellite(c *child.Process, socket string) {
	client, err := control.Dial(h.ctx, socket)
	if err != nil {
		h.cfg.Note(err.Error())
		return
	}
	defer client.Close()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-c.Done():
			return
		case <-tick.C:
		}
		if h.quiet.Load() {
			continue
		}
		if s, err := control.Call[control.SatelliteState](h.ctx, client, control.MethodStatus, struct{}{}); err == nil {
			h.cfg.State(s)
		}
	}
}

// Satellite calls a method of the satellite.
func (h *House) Satellite(ctx context.Context, method string, params any) error {
	h.mu.Lock()
	socket := h.satReady.Control
	h.mu.Unlock()
	_, err := call[any](ctx, socket, method, params)
	return err
}

// Idle is the share of one processor core, in percent, that the satellite takes over d
// while nobody speaks or looks at it.
func (h *House) Idle(ctx context.Context, d time.Duration) (percent float64, err error) {
	h.mu.Lock()
	sat := h.sat
	h.mu.Unlock()
	h.quiet.Store(true)
	defer h.quiet.Store(false)
	before, begin := sat.Processor(), time.Now()
	if err := pause(ctx, d); err != nil {
		return 0, err
	}
	return 100 * (sat.Processor() - before).Seconds() / time.Since(begin).Seconds(), nil
}
