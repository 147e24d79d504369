package hub

import (
	"context"
	"errors"
	"fmt"
	"os"

	"vapd/hub/api"
	"vapd/hub/clients"
	"vapd/internal/procfs"
	"vapd/protocol/coap"
	"vapd/protocol/control"
)

// do carries out a command. What is here is the owner's alone.
func (h *Hub) do(ctx context.Context, who api.Actor, c api.Command) (api.Result, error) {
	if who.Kind != api.Owner {
		return nil, fmt.Errorf("hub: %s %s: %w", who.Kind, who.ID, api.ErrDenied)
	}
	switch c := c.(type) {
	case api.Status:
		return h.status(), nil
	case api.Backup:
		return h.cfg.Store.Backup()
	case api.ListClients:
		return h.list(), nil
	case api.ApproveClient:
		return nil, named(c.ID, h.cfg.Registry.Decide(c.ID, clients.Approved))
	case api.DenyClient:
		return nil, h.revoke(c.ID, h.cfg.Registry.Decide(c.ID, clients.Denied))
	case api.ForgetClient:
		h.logs.Forget(c.ID)
		return nil, h.revoke(c.ID, h.cfg.Registry.Forget(c.ID))
	}
	if r, err, ok := h.private(c); ok {
		return r, err
	}
	if r, err, ok := h.aboutPeople(c); ok {
		return r, err
	}
	if r, err, ok := h.aboutSkills(ctx, c); ok {
		return r, err
	}
	if r, err, ok := h.pair(ctx, c); ok {
		return r, err
	}
	return nil, fmt.Errorf("hub: %T: %w", c, api.ErrUnknownCommand)
}

// expel ends the connection of a client that err, nil, has just shut out.
func (h *Hub) expel(id string, err error) error {
	if err != nil {
		return named(id, err)
	}
	h.deciding.Lock()
	defer h.deciding.Unlock()
	h.server.Disconnect(id)
	h.mirror.forget(id)
	h.said.forget(id)
	return nil
}

func named(id string, err error) error {
	if errors.Is(err, clients.ErrUnknown) {
		return fmt.Errorf("hub: %q: %w", id, errNoClient)
	}
	return err
}

func (h *Hub) list() []control.HubClient {
	connected := make(map[string]coap.Peer)
	for _, c := range h.server.Clients() {
		connected[c.ID] = c.Peer
	}
	out := []control.HubClient{}
	for _, c := range h.cfg.Registry.List() {
		v := control.HubClient{
			ID: c.ID, Name: c.Name, State: string(c.State), Key: string(c.Key),
			FirstSeen: c.FirstSeen, LastSeen: c.LastSeen,
		}
		if c.Address.IsValid() { // else it was never here
			v.Address = c.Address.String()
		}
		if peer, ok := connected[c.ID]; ok {
			v.Connected, v.Address, v.Encrypted = true, peer.Addr().String(), peer.Verified()
		}
		for _, t := range h.mirror.timers(c.ID, h.cfg.Now()) {
			v.Timers = append(v.Timers, control.HubTimer{ID: t.ID, Label: t.Label, Remaining: t.Remaining, Ringing: t.Ringing, Paused: t.Paused})
		}
		out = append(out, v)
	}
	return out
}

func (h *Hub) status() control.HubStatus {
	v := control.HubStatus{
		Name: h.cfg.Name, CoAP: h.Addr().String(), DTLS: h.AddrDTLS().String(), Security: security(h.cfg.Open), Uptime: h.cfg.Now().Sub(h.started).Seconds(),
		Clients: h.server.Count(), Sessions: int(h.sessions.Load()), RSSBytes: procfs.Resident(os.Getpid()),
		Turns: control.HubTurns{
			Heard: h.counts.heard.Load(), Understood: h.counts.understood.Load(), Rejected: h.counts.rejected.Load(),
			Failed: h.counts.failed.Load(), FocusLost: h.counts.focusLost.Load(), WakeRejected: h.counts.wakeRejected.Load(),
		},
	}
	v.Looks, v.NearMisses, v.People = h.looks.sums(), h.near.sums(), h.peopleCounts()
	if h.cfg.SecondLook != nil {
		for _, p := range h.cfg.SecondLook.Packs() {
			v.Looks.Words = append(v.Looks.Words, p.Manifest.WakeWord)
		}
	}
	stored := h.cfg.Store.Health()
	v.Store = control.HubStore{
		Problem: stored.Problem, Opened: stored.Opened, Backup: stored.Backup, BackupProblem: stored.BackupProblem,
	}
	for _, e := range h.cfg.Engines() {
		v.Engines = append(v.Engines, control.HubEngine{
			Name: e.Engine, State: string(e.State), Crashes: e.Crashes, Detail: e.Detail,
		})
	}
	return v
}
