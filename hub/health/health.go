// Package health has the checks of a hub (internal/doctor): what it says of itself when
// it runs, and what can be seen without it.
package health

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"vapd/internal/doctor"
	"vapd/internal/trace"
	"vapd/protocol/control"
	"vapd/protocol/discovery"
)

// Store checks that what the hub keeps is kept.
type Store struct{ Status control.HubStore }

// Name implements doctor.Check.
func (Store) Name() string { return "store" }

// Run implements doctor.Check.
func (s Store) Run(context.Context) doctor.Finding {
	found := []doctor.Finding{{State: doctor.OK, What: "kept"}}
	bad := func(state doctor.State, what, remedy string) {
		found = append(found, doctor.Finding{State: state, What: what, Remedy: remedy})
	}
	if s.Status.Problem != "" {
		bad(doctor.Bad, "nothing can be kept: "+s.Status.Problem, "make room on the disk or replace it; what the hub knows it writes anew by itself")
	}
	if s.Status.Opened != "" {
		bad(doctor.Warn, "at the start: "+s.Status.Opened, "see 'vapd hub clients list' for what is missing; the disk may be failing: 'dmesg'")
	}
	if s.Status.BackupProblem != "" {
		bad(doctor.Warn, "no backup: "+s.Status.BackupProblem, "see the check disk")
	}
	return doctor.Worst(found...)
}

// Engines checks that there is something to understand and to speak with.
type Engines struct{ Status []control.HubEngine }

// Name implements doctor.Check.
func (Engines) Name() string { return "engines" }

// Run implements doctor.Check.
func (e Engines) Run(context.Context) doctor.Finding {
	found := make([]doctor.Finding, 0, len(e.Status))
	for _, s := range e.Status {
		f := doctor.Finding{State: doctor.OK, What: s.Name + " " + s.State}
		switch s.State {
		case "missing":
			f = doctor.Finding{State: doctor.Bad, What: s.Name + " is missing: " + s.Detail, Remedy: "install it, the hub notices by itself (docs/speech.md); or set speech.stt, speech.tts"}
		case "failed":
			f = doctor.Finding{State: doctor.Bad, What: fmt.Sprintf("%s failed, %d times: %s", s.Name, s.Crashes, s.Detail), Remedy: "see the log: 'journalctl -u vapd-hub'"}
		case "starting":
			f = doctor.Finding{State: doctor.Warn, What: s.Name + " has not started yet", Remedy: "look again in some seconds"}
		default:
			if s.Crashes > crashesSome {
				f = doctor.Finding{State: doctor.Warn, What: fmt.Sprintf("%s crashed %d times", s.Name, s.Crashes), Remedy: "see the log: 'journalctl -u vapd-hub', and the check memory"}
			}
		}
		found = append(found, f)
	}
	return doctor.Worst(found...)
}

// crashesSome is how often an engine may crash before that is worth a word.
const crashesSome = 3

// Security says whether the hub lets in whoever comes.
type Security struct{ Open bool }

// Name implements doctor.Check.
func (Security) Name() string { return "security" }

// Run implements doctor.Check.
func (s Security) Run(context.Context) doctor.Finding {
	if s.Open {
		return doctor.Finding{
			State: doctor.Warn, What: "security is \"open\": satellites connect without encryption, and everybody on the network can listen and speak in their name",
			Remedy: "pair the satellites ('vapd hub pair'), then set security = \"paired\"",
		}
	}
	return doctor.Finding{State: doctor.OK, What: "paired: everything in the network is encrypted"}
}

// Satellites checks those that the hub knows.
type Satellites struct {
	Clients func(ctx context.Context) ([]control.HubClient, error)
}

// Name implements doctor.Check.
func (Satellites) Name() string { return "satellites" }

// Run implements doctor.Check.
func (s Satellites) Run(ctx context.Context) doctor.Finding {
	clients, err := s.Clients(ctx)
	if err != nil {
		return doctor.Finding{State: doctor.Skipped, What: err.Error()}
	}
	var waiting, plain []string
	connected := 0
	for _, c := range clients {
		name := fmt.Sprintf("%q (%s)", c.Name, c.ID)
		if c.Connected {
			connected++
		}
		switch {
		case c.State == "pending":
			waiting = append(waiting, name)
		case c.Connected && c.Key != "" && !c.Encrypted:
			plain = append(plain, name)
		}
	}
	found := []doctor.Finding{{State: doctor.OK, What: fmt.Sprintf("%d known, %d connected", len(clients), connected)}}
	if connected == 0 && len(clients) > 0 {
		found = append(found, doctor.Finding{State: doctor.Warn, What: fmt.Sprintf("none of %d is connected", len(clients)), Remedy: "run 'vapd doctor' on a satellite"})
	}
	if len(waiting) > 0 {
		found = append(found, doctor.Finding{
			State: doctor.Warn, What: strings.Join(waiting, ", ") + " waits for your approval",
			Remedy: "'vapd hub clients approve ID', or deny",
		})
	}
	if len(plain) > 0 {
		found = append(found, doctor.Finding{
			State: doctor.Warn, What: strings.Join(plain, ", ") + " has a key and came without it",
			Remedy: "set security = \"paired\" at the satellite; if it does not come back, somebody else may use its name: 'vapd hub lost ID'",
		})
	}
	return doctor.Worst(found...)
}

// Clocks checks that the clocks of the satellites are those of the hub.
type Clocks struct {
	Traces func(ctx context.Context) ([]trace.Trace, error)
}

// Name implements doctor.Check.
func (Clocks) Name() string { return "clocks" }

// clockOff is how far clocks may be apart, in seconds, before logs are hard to compare.
const clockOff = 2.0

// Run implements doctor.Check.
func (c Clocks) Run(ctx context.Context) doctor.Finding {
	all, err := c.Traces(ctx)
	if err != nil {
		return doctor.Finding{State: doctor.Skipped, What: err.Error()}
	}
	latest := make(map[string]float64) // seconds by satellite
	for _, t := range all {
		if t.ClockSeconds != nil {
			latest[t.Client] = *t.ClockSeconds
		}
	}
	if len(latest) == 0 {
		return doctor.Finding{State: doctor.Skipped, What: "no satellite has spoken since the start, which would tell its clock"}
	}
	found := []doctor.Finding{{State: doctor.OK, What: fmt.Sprintf("those of %d satellites are within %.0f s of the hub's", len(latest), clockOff)}}
	for _, id := range slices.Sorted(maps.Keys(latest)) {
		if off := latest[id]; math.Abs(off) > clockOff {
			found = append(found, doctor.Finding{
				State: doctor.Warn, What: fmt.Sprintf("that of %q is %+.0f s from the hub's", id, off),
				Remedy: "run 'vapd doctor' there and here: one of the two is wrong",
			})
		}
	}
	return doctor.Worst(found...)
}

// Announced checks that the hub is found from outside, as satellites find it.
type Announced struct {
	Hub  string // its name
	Find discovery.Finder
	// Wanted is the setting discoverable.
	Wanted bool
}

// Name implements doctor.Check.
func (Announced) Name() string { return "discovery" }

// findTime is for how long the hub is looked for.
const findTime = 4 * time.Second

// Run implements doctor.Check.
func (a Announced) Run(ctx context.Context) doctor.Finding {
	if !a.Wanted {
		return doctor.Finding{State: doctor.Skipped, What: "discoverable is false: satellites need the hub's address"}
	}
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	var others []string
	mine := 0
	err := a.Find(ctx, func(c discovery.Candidate) {
		name := cmp.Or(c.Name, c.Addr.String())
		switch {
		case c.Name == a.Hub:
			mine++
		case !slices.Contains(others, name):
			others = append(others, name)
		}
	})
	switch {
	case mine == 0 && err != nil:
		return doctor.Finding{State: doctor.Bad, What: err.Error(), Remedy: "connect the machine: 'ip link', 'nmcli device'"}
	case mine == 0:
		return doctor.Finding{
			State: doctor.Bad, What: "the hub's announcement is not heard, not even here: satellites don't find it",
			Remedy: "see that no firewall holds back UDP 5353 and 5683 ('nft list ruleset'); or set hub = \"ADDRESS:5683\" at the satellites",
		}
	}
	what := fmt.Sprintf("%q is found", a.Hub)
	if len(others) > 0 {
		what += fmt.Sprintf("; other hubs in the network: %q", others)
	}
	return doctor.Finding{State: doctor.OK, What: what}
}
