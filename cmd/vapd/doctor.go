package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"

	"vapd/board"
	"vapd/internal/config"
	"vapd/internal/doctor"
	"vapd/internal/durable"
	"vapd/internal/machine"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/discovery"
	"vapd/protocol/pairing/keyring"
	"vapd/satellite/health"
)

// doctorCmd is "vapd doctor".
type doctorCmd struct {
	Satellite bool `help:"Look at the satellite, be it configured or not."`
	Hub       bool `help:"Look at the hub, be it configured or not."`
	JSON      bool `help:"As JSON."`
}

// examiner puts the checks of a part together and runs them.
type examiner struct {
	ctx  context.Context
	tell func(part string, checks ...doctor.Check)
}

// Run says what is wrong and what helps. The exit status is 1 when something is.
func (d doctorCmd) Run() error {
	ctx, stop := untilInterrupt(0)
	defer stop()
	var all []doctor.Result
	var failed error
	e := examiner{ctx, func(part string, checks ...doctor.Check) {
		doctor.Examine(ctx, part, checks, func(r doctor.Result) {
			all = append(all, r)
			if !d.JSON && failed == nil {
				failed = doctor.Write(os.Stdout, r)
			}
		})
	}}
	satellite, hub := d.Satellite, d.Hub
	if !satellite && !hub {
		satellite, hub = present(config.PartSatellite), present(config.PartHub)
		if !satellite && !hub {
			satellite = true // the part that every build has
		}
	}
	e.machine(satellite)
	if satellite {
		e.satellite()
	}
	if hub {
		e.hub()
	}
	if d.JSON {
		failed = doctor.WriteJSON(os.Stdout, all)
	}
	bad := 0
	for _, r := range all {
		if r.State == doctor.Bad {
			bad++
		}
	}
	if bad > 0 {
		return errors.Join(failed, fmt.Errorf("%d of %d checks found something wrong", bad, len(all)))
	}
	return failed
}

// present reports whether a part runs, or was set up, on this machine.
func present(part config.Part) bool {
	if _, err := os.Stat(config.File(part, os.Getenv)); err == nil {
		return true
	}
	if dir, err := config.FindStateDir(part, os.Getenv); err == nil {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			return true
		}
	}
	socket, err := config.FindControlSocket(part, "", os.Getenv)
	if err == nil {
		_, err = os.Stat(socket)
	}
	return err == nil
}

// machine checks what both parts need.
func (e examiner) machine(satellite bool) {
	checks := []doctor.Check{doctor.Clock{}, doctor.Memory{Root: os.DirFS("/")}}
	if satellite {
		checks = append(checks, doctor.Devices{
			Root: "/dev", Patterns: []string{"snd/pcm*", "snd/control*", "spidev*", "gpiochip*"},
		})
	}
	e.tell("machine", checks...)
}

// given is a finding that is known before the check is run.
type given struct {
	name string
	doctor.Finding
}

// Name implements doctor.Check.
func (g given) Name() string { return g.name }

// Run implements doctor.Check.
func (g given) Run(context.Context) doctor.Finding { return g.Finding }

// stateFolder is the folder of what a part keeps.
func stateFolder(part config.Part, configured string) doctor.Check {
	if configured != "" {
		return doctor.Disk{Dir: configured}
	}
	dir, err := config.FindStateDir(part, os.Getenv)
	if err != nil {
		return given{"disk", doctor.Finding{State: doctor.Bad, What: err.Error(), Remedy: "set state_dir"}}
	}
	return doctor.Disk{Dir: dir}
}

// askDaemon says whether a part runs, with what its status method returns.
func askDaemon[S any](ctx context.Context, part config.Part, socket, method string) (status S, runs bool, check doctor.Check) {
	ctx, cancel := context.WithTimeout(ctx, callWait)
	defer cancel()
	conn, err := dialDaemon(ctx, part, socket)
	if err == nil {
		defer conn.Close()
		status, err = control.Call[S](ctx, conn, method, nil)
	}
	var setting *config.Error
	f := doctor.Finding{State: doctor.OK, What: "it runs"}
	switch {
	case err == nil:
		return status, true, given{"daemon", f}
	case errors.Is(err, control.ErrNotRunning), errors.As(err, &setting):
		f = doctor.Finding{State: doctor.Warn, What: "it does not run", Remedy: fmt.Sprintf("sudo systemctl enable --now vapd-%s, or 'vapd %[1]s'", part)}
	case errors.Is(err, fs.ErrPermission):
		f = doctor.Finding{State: doctor.Skipped, What: "it runs as another user, and can't be asked", Remedy: "sudo vapd doctor"}
	default:
		f = doctor.Finding{State: doctor.Bad, What: fmt.Sprintf("it does not answer: %v", err), Remedy: fmt.Sprintf("sudo systemctl restart vapd-%s; its log: journalctl -u vapd-%[1]s", part)}
	}
	return status, false, given{"daemon", f}
}

// satellite checks the satellite.
func (e examiner) satellite() {
	cfg, err := (&satelliteRunCmd{}).settings("")
	if err != nil {
		e.tell("satellite", given{"settings", doctor.Finding{State: doctor.Bad, What: err.Error(), Remedy: "correct them: docs/configuration.md has every setting"}})
		return
	}
	state, runs, check := askDaemon[control.SatelliteState](e.ctx, config.PartSatellite, cfg.Control, control.MethodStatus)
	profile, err := boardProfile(cfg.Board, slog.New(slog.DiscardHandler))
	if err != nil {
		profile, _ = board.Find(board.GenericID) // the check "board" says what is wrong
	}
	checks := []doctor.Check{
		check, stateFolder(config.PartSatellite, cfg.StateDir),
		health.Board{Root: os.DirFS("/"), ID: cfg.Board},
	}
	ask := func(ctx context.Context) (control.SatelliteState, error) {
		return askSatellite(ctx, cfg.Control)
	}
	checks = append(checks, soundChecks(cfg, profile, runs)...)
	network, closeNetwork, err := networkChecks(cfg, state)
	if err != nil {
		checks = append(checks, given{"network", doctor.Finding{State: doctor.Bad, What: err.Error(), Remedy: "see 'ip addr'"}})
	} else {
		defer closeNetwork()
		checks = append(checks, network...)
	}
	if runs {
		checks = append(checks, health.Link{State: ask}, health.Drivers{State: ask})
	}
	e.tell("satellite", checks...)
}

func askSatellite(ctx context.Context, socket string) (control.SatelliteState, error) {
	conn, err := dialDaemon(ctx, config.PartSatellite, socket)
	if err != nil {
		return control.SatelliteState{}, err
	}
	defer conn.Close()
	return control.Call[control.SatelliteState](ctx, conn, control.MethodStatus, nil)
}

// networkChecks are those of the way to the hub, over a socket of their own.
func networkChecks(cfg config.Satellite, state control.SatelliteState) ([]doctor.Check, func(), error) {
	endpoint, err := coap.Listen(coap.Config{Addr: netip.AddrPortFrom(netip.IPv6Unspecified(), 0)})
	if err != nil {
		return nil, nil, err
	}
	search := &health.Search{Network: endpoint}
	if cfg.Hub != "" {
		search.Configured = discovery.Configured(cfg.Hub, net.DefaultResolver)
	}
	if at, err := netip.ParseAddrPort(state.Link.Address); err == nil {
		search.Known = append(search.Known, at)
	}
	hubs, unreadable := pairedHubs(cfg, search)
	return []doctor.Check{
		health.Discovery{Search: search},
		health.RoundTrip{Search: search},
		health.Pairing{
			Search: search, Hubs: hubs, Unreadable: unreadable,
			Open: cfg.Security == config.SecurityOpen, Local: new(machine.Addresses).Has,
		},
	}, func() { _ = endpoint.Close() }, nil // it only asked
}

// pairedHubs are the hubs that the satellite is paired with: names by id. Where they were
// then is a hint for search.
func pairedHubs(cfg config.Satellite, search *health.Search) (map[string]string, error) {
	dir, err := config.FindStateDir(config.PartSatellite, os.Getenv)
	if dir = cmp.Or(cfg.StateDir, dir); dir == "" {
		return nil, err
	}
	keys, err := keyring.Open(durable.File{Path: filepath.Join(dir, "pairings.json")})
	if err != nil {
		return nil, err
	}
	hubs := make(map[string]string)
	for _, h := range keys.Hubs() {
		hubs[h.ID] = h.Name
		if at, err := netip.ParseAddrPort(h.Address); err == nil {
			search.Known = append(search.Known, at)
		}
	}
	return hubs, nil
}
