//go:build !vapd_satellite

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"

	"vapd/hub/health"
	"vapd/internal/config"
	"vapd/internal/doctor"
	"vapd/internal/trace"
	"vapd/protocol/control"
	"vapd/protocol/discovery"
	"vapd/skill/builtin/homeassistant"
)

// hub checks the hub.
func (e examiner) hub() {
	cfg, err := (&hubRunCmd{}).settings("")
	if err != nil {
		e.tell("hub", given{"settings", doctor.Finding{State: doctor.Bad, What: err.Error(), Remedy: "correct them: docs/configuration.md has every setting"}})
		return
	}
	status, runs, check := askDaemon[control.HubStatus](e.ctx, config.PartHub, cfg.Control, control.MethodHubStatus)
	checks := []doctor.Check{
		check, stateFolder(config.PartHub, cfg.StateDir),
		health.Security{Open: cfg.Security == config.SecurityOpen},
		house{cfg.Skills.HomeAssistant},
	}
	if !runs {
		e.tell("hub", append(checks, portChecks(cfg)...)...)
		return
	}
	host, _ := os.Hostname() // as the hub's own name is made
	e.tell("hub", append(checks,
		health.Store{Status: status.Store}, health.Engines{Status: status.Engines},
		health.Satellites{Clients: func(ctx context.Context) ([]control.HubClient, error) {
			return askHub[[]control.HubClient](ctx, cfg.Control, control.MethodClients, nil)
		}},
		health.Clocks{Traces: func(ctx context.Context) ([]trace.Trace, error) {
			return askHub[[]trace.Trace](ctx, cfg.Control, control.MethodTrace, trace.Query{Last: 100})
		}},
		health.Announced{Hub: cmp.Or(status.Name, cfg.Name, host), Find: discovery.Clients.DNSSD(), Wanted: cfg.Discoverable},
	)...)
}

// house looks for Home Assistant.
type house struct{ config.HomeAssistant }

// Name implements doctor.Check.
func (h house) Name() string { return "home assistant" }

// Run implements doctor.Check.
func (h house) Run(ctx context.Context) doctor.Finding {
	if h.URL == "" {
		return doctor.Finding{State: doctor.Skipped, What: "the settings name no house"}
	}
	if f, err := os.Open(h.TokenFile); errors.Is(err, fs.ErrPermission) {
		return doctor.Finding{State: doctor.Skipped, What: "you may not read " + h.TokenFile, Remedy: "run it as root, or as the hub's user"}
	} else if err == nil {
		f.Close()
	}
	areas, entities, err := homeassistant.Try(ctx, homeassistant.Config{URL: h.URL, TokenFile: h.TokenFile, Logger: slog.New(slog.DiscardHandler)})
	switch {
	case err != nil:
		return doctor.Finding{State: doctor.Bad, What: err.Error(), Remedy: "docs/home-assistant.md says how to connect it"}
	case entities == 0:
		return doctor.Finding{State: doctor.Warn, What: "it tells of nothing that can be spoken of", Remedy: "expose entities to Assist in its settings of voice assistants"}
	}
	return doctor.Finding{State: doctor.OK, What: fmt.Sprintf("%d entities in %d areas can be spoken of", entities, areas)}
}

// portChecks see that a hub that does not run could.
func portChecks(cfg config.Hub) (checks []doctor.Check) {
	for _, s := range [][2]string{{"listen", cfg.Listen}, {"listen_dtls", cfg.DTLSAddr()}} {
		if a, err := netip.ParseAddrPort(s[1]); err == nil {
			checks = append(checks, doctor.Port{Addr: a, Setting: s[0]})
		}
	}
	return checks
}

func askHub[R any](ctx context.Context, socket, method string, params any) (result R, err error) {
	conn, err := dialDaemon(ctx, config.PartHub, socket)
	if err != nil {
		return result, err
	}
	defer conn.Close()
	return control.Call[R](ctx, conn, method, params)
}
