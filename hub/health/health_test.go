package health

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vapd/internal/doctor"
	"vapd/internal/trace"
	"vapd/protocol/control"
	"vapd/protocol/discovery"
)

func expect(t *testing.T, f doctor.Finding, state doctor.State, what, remedy string) {
	t.Helper()
	if f.State != state || !strings.Contains(f.What, what) || !strings.Contains(f.Remedy, remedy) {
		t.Errorf("%+v, want %s with %q and remedy %q", f, state, what, remedy)
	}
	if (f.State == doctor.Bad || f.State == doctor.Warn) && f.Remedy == "" {
		t.Errorf("no remedy: %+v", f)
	}
}

func TestStore(t *testing.T) {
	run := func(s control.HubStore) doctor.Finding { return Store{s}.Run(t.Context()) }
	expect(t, run(control.HubStore{}), doctor.OK, "kept", "")
	expect(t, run(control.HubStore{Problem: "no space left on device", BackupProblem: "no space"}), doctor.Bad, "no space left", "make room")
	expect(t, run(control.HubStore{Opened: "hub.db was damaged"}), doctor.Warn, "hub.db was damaged", "dmesg")
	expect(t, run(control.HubStore{BackupProblem: "read-only"}), doctor.Warn, "no backup: read-only", "disk")
}

func TestEngines(t *testing.T) {
	run := func(s ...control.HubEngine) doctor.Finding { return Engines{s}.Run(t.Context()) }
	well := control.HubEngine{Name: "flite", State: "ready"}
	expect(t, run(well), doctor.OK, "flite ready", "")
	expect(t, run(well, control.HubEngine{Name: "pocketsphinx", State: "missing", Detail: "install libpocketsphinx3"}), doctor.Bad, "libpocketsphinx3", "install")
	expect(t, run(well, control.HubEngine{Name: "pocketsphinx", State: "failed", Crashes: 9}), doctor.Bad, "failed, 9 times", "journalctl")
	expect(t, run(well, control.HubEngine{Name: "pocketsphinx", State: "starting"}), doctor.Warn, "not started", "again")
	expect(t, run(control.HubEngine{Name: "flite", State: "ready", Crashes: 4}), doctor.Warn, "crashed 4", "memory")
}

func TestSecurity(t *testing.T) {
	expect(t, Security{}.Run(t.Context()), doctor.OK, "encrypted", "")
	expect(t, Security{Open: true}.Run(t.Context()), doctor.Warn, "open", "vapd hub pair")
}

func TestSatellites(t *testing.T) {
	run := func(err error, all ...control.HubClient) doctor.Finding {
		return Satellites{func(context.Context) ([]control.HubClient, error) { return all, err }}.Run(t.Context())
	}
	here := control.HubClient{ID: "a", Name: "kitchen", State: "approved", Key: "paired", Connected: true, Encrypted: true}
	plain, waits := here, control.HubClient{ID: "b", Name: "attic", State: "pending"}
	plain.Encrypted = false
	gone := here
	gone.Connected = false
	expect(t, run(nil), doctor.OK, "0 known", "")
	expect(t, run(nil, here), doctor.OK, "1 known, 1 connected", "")
	expect(t, run(nil, here, waits), doctor.Warn, `"attic" (b) waits`, "approve")
	expect(t, run(nil, plain), doctor.Warn, "came without it", "vapd hub lost")
	expect(t, run(nil, gone), doctor.Warn, "none of 1", "vapd doctor")
	expect(t, run(errors.New("gone")), doctor.Skipped, "gone", "")
}

func TestClocks(t *testing.T) {
	run := func(err error, all ...trace.Trace) doctor.Finding {
		return Clocks{func(context.Context) ([]trace.Trace, error) { return all, err }}.Run(t.Context())
	}
	of := func(id string, seconds float64) trace.Trace {
		return trace.Trace{Key: trace.Key{Client: id}, ClockSeconds: &seconds}
	}
	expect(t, run(nil), doctor.Skipped, "no satellite", "")
	expect(t, run(nil, trace.Trace{}, of("kitchen", 0.1)), doctor.OK, "1 satellites", "")
	expect(t, run(nil, of("attic", 0), of("kitchen", -3600)), doctor.Warn, `"kitchen" is -3600 s`, "vapd doctor")
	expect(t, run(nil, of("kitchen", -3600), of("kitchen", 0)), doctor.OK, "", "") // it was set meanwhile
	expect(t, run(errors.New("gone")), doctor.Skipped, "gone", "")
}

func TestAnnounced(t *testing.T) {
	at := netip.MustParseAddrPort("192.0.2.1:5683")
	find := func(err error, names ...string) discovery.Finder {
		return func(ctx context.Context, found func(discovery.Candidate)) error {
			for _, n := range names {
				found(discovery.Candidate{Name: n, Addr: at})
			}
			if err == nil {
				<-ctx.Done()
			}
			return err
		}
	}
	for name, c := range map[string]struct {
		check        Announced
		state        doctor.State
		what, remedy string
	}{
		"heard":        {Announced{"home", find(nil, "home"), true}, doctor.OK, `"home" is found`, ""},
		"others, too":  {Announced{"home", find(nil, "work", "home", "work", ""), true}, doctor.OK, `["work" "192.0.2.1:5683"]`, ""},
		"not heard":    {Announced{"home", find(nil, "work"), true}, doctor.Bad, "not heard", "UDP 5353"},
		"no interface": {Announced{"home", find(discovery.ErrNoInterface), true}, doctor.Bad, "interface", "ip link"},
		"not wanted":   {Announced{"home", find(nil), false}, doctor.Skipped, "discoverable", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				expect(t, c.check.Run(t.Context()), c.state, c.what, c.remedy)
				if time.Since(began) > findTime {
					t.Errorf("it took %v", time.Since(began))
				}
			})
		})
	}
}
