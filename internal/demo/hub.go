package demo

import (
	"context"
	"errors"
	"fmt"
	"os/exec"

	"vapd/internal/child"
	"vapd/protocol/control"
)

// StartHub starts the hub, at the port where it was before. It does nothing when there
// is one.
func (h *House) StartHub(ctx context.Context) error {
	h.mu.Lock()
	runs, listen := h.hub != nil, h.hubReady.CoAP
	h.mu.Unlock()
	if runs {
		return nil
	}
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	var ready control.HubReady
	c, err := h.start(ctx, "hub", &ready, exec.Command(h.cfg.Program,
		"hub", "--control", h.path("hub.sock"), "run", "--listen", listen, "--state", h.state("hub")))
	if err != nil {
		return err
	}
	return h.moveIn(c, func() {
		h.hub, h.hubReady = c, ready
		h.wg.Go(func() { h.watchHub(c, ready.Control) })
	})
}

// KillHub ends the hub as a power cut does. It stays away until StartHub.
func (h *House) KillHub() {
	h.mu.Lock()
	hub := h.hub
	h.hub = nil
	h.mu.Unlock()
	if hub != nil {
		hub.Kill()
	}
}

// HubRuns says whether there is a hub.
func (h *House) HubRuns() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hub != nil
}

// watchHub tells of the hub's events while c runs, and starts another one when it has
// ended and nobody wanted that.
func (h *House) watchHub(c *child.Process, socket string) {
	ctx, cancel := context.WithCancel(h.ctx)
	defer cancel()
	h.wg.Go(func() {
		<-c.Done() // ends at the latest in Close
		cancel()
	})
	_ = subscribe(ctx, socket, control.TopicEvents, h.cfg.Event) // ends with the hub
	<-ctx.Done()
	h.mu.Lock()
	crashed := h.hub == c && h.ctx.Err() == nil
	if crashed {
		h.hub = nil
	}
	h.mu.Unlock()
	if crashed {
		h.again("hub", c.Alive(), h.StartHub)
	}
}

// HubStatus asks the hub how it is.
func (h *House) HubStatus(ctx context.Context) (control.HubStatus, error) {
	h.mu.Lock()
	socket := h.hubReady.Control
	h.mu.Unlock()
	return call[control.HubStatus](ctx, socket, control.MethodHubStatus, struct{}{})
}

// errMissing is an engine that is not there: nothing can be understood or said.
var errMissing = errors.New("demo: the hub has no engine")

// AwaitEngines returns when the hub can understand and speak.
func (h *House) AwaitEngines(ctx context.Context) error {
	for {
		status, err := h.HubStatus(ctx)
		if err != nil {
			return err
		}
		ready := 0
		for _, e := range status.Engines {
			switch e.State {
			case "missing":
				return fmt.Errorf("%w %s: %s", errMissing, e.Name, e.Detail)
			case "ready":
				ready++
			}
		}
		if ready == len(status.Engines) {
			return nil
		}
		if err := pause(ctx, pollEvery); err != nil {
			return fmt.Errorf("demo: the hub's engines are not ready (%+v): %w", status.Engines, err)
		}
	}
}
