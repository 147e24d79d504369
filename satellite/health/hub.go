package health

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"vapd/internal/doctor"
	"vapd/protocol/control"
)

// Pairing checks that the satellite has the key of a hub that is there.
type Pairing struct {
	Search *Search
	// Hubs are those that the satellite is paired with: names by id.
	Hubs map[string]string
	// Unreadable is why they are not known.
	Unreadable error
	// Open says that the satellite goes to any hub without encryption.
	Open bool
	// Local reports whether an address is this machine's: a hub there needs no key.
	Local func(netip.Addr) bool
}

// Name implements doctor.Check.
func (Pairing) Name() string { return "pairing" }

const pairRemedy = "run 'vapd hub pair' at the hub, then 'vapd satellite pair' here, or hold the satellite's key"

// Run implements doctor.Check.
func (p Pairing) Run(ctx context.Context) doctor.Finding {
	f := p.Search.look(ctx)
	hub, ok := f.hub(p.Search.Known)
	// Of several, one that the satellite is paired with.
	for _, c := range f.unicast {
		if _, paired := p.Hubs[c.ID]; paired {
			hub = c
			break
		}
	}
	name, paired := p.Hubs[hub.ID]
	with := make([]string, 0, len(p.Hubs))
	for id, n := range p.Hubs {
		with = append(with, fmt.Sprintf("%s (%s)", printable(n), id))
	}
	slices.Sort(with)
	switch {
	case p.Unreadable != nil:
		return doctor.Finding{State: doctor.Skipped, What: fmt.Sprintf("the keys can't be read: %v", p.Unreadable), Remedy: "look with sudo"}
	case p.Open && !paired:
		return doctor.Finding{
			State: doctor.Warn, What: "security is \"open\": nothing is encrypted, and everybody on the network can listen",
			Remedy: pairRemedy + "; then set security = \"paired\"",
		}
	case ok && paired:
		return doctor.Finding{State: doctor.OK, What: fmt.Sprintf("with %s, which is there", printable(name))}
	case ok && p.Local(hub.Addr.Addr()):
		return doctor.Finding{State: doctor.OK, What: "none is needed: the hub is on this machine"}
	case ok && len(p.Hubs) > 0:
		return doctor.Finding{
			State: doctor.Bad, What: fmt.Sprintf("paired with %s, but the hub that is there is %s (%s)", strings.Join(with, ", "), printable(hub.Name), hub.ID),
			Remedy: "start the hub of before; or, to go to this one: " + pairRemedy,
		}
	case ok:
		return doctor.Finding{State: doctor.Bad, What: fmt.Sprintf("not paired with hub %s", printable(hub.Name)), Remedy: pairRemedy}
	case len(p.Hubs) > 0:
		return doctor.Finding{State: doctor.OK, What: "with " + strings.Join(with, ", ") + "; no hub is there now"}
	}
	return doctor.Finding{State: doctor.Skipped, What: "no hub is there to be paired with"}
}

// RoundTrip checks the way to the hub: its loss and its time.
type RoundTrip struct{ Search *Search }

// Name implements doctor.Check.
func (RoundTrip) Name() string { return "round trip" }

const (
	pings    = 20
	pingWait = 1500 * time.Millisecond
	pingGap  = 50 * time.Millisecond

	lossSome, lossMuch = 0.05, 0.3
	slow               = 250 * time.Millisecond // a person notices
)

// Run implements doctor.Check.
func (r RoundTrip) Run(ctx context.Context) doctor.Finding {
	hub, ok := r.Search.look(ctx).hub(r.Search.Known)
	if !ok {
		return doctor.Finding{State: doctor.Skipped, What: "no hub answers"}
	}
	peer := r.Search.Network.Peer(hub.Addr)
	before := peer.Stats()
	var times []time.Duration
	for range pings {
		began := time.Now()
		attempt, cancel := context.WithTimeout(ctx, pingWait)
		err := r.Search.Network.Ping(attempt, peer)
		cancel()
		if ctx.Err() != nil {
			break
		}
		if err == nil {
			times = append(times, time.Since(began))
		}
		time.Sleep(pingGap)
	}
	after := peer.Stats()
	// What was sent twice was lost, on its way there or its answer on the way back.
	sent := after.Sent - before.Sent
	lost := sent - min(sent, uint64(len(times)))
	return judge(times, float64(lost)/float64(max(1, sent)))
}

func judge(times []time.Duration, loss float64) doctor.Finding {
	const remedy = "move the satellite nearer to the access point, or use a cable; on a Pi: 'iw dev wlan0 set power_save off'"
	if len(times) == 0 {
		return doctor.Finding{State: doctor.Bad, What: fmt.Sprintf("none of %d pings came back", pings), Remedy: "see that no firewall holds back UDP, and that the hub runs"}
	}
	slices.Sort(times)
	median := times[len(times)/2]
	what := fmt.Sprintf("%.0f %% loss, %v (median of %d pings, longest %v)", 100*loss, median.Round(100*time.Microsecond), len(times), times[len(times)-1].Round(100*time.Microsecond))
	switch {
	case loss >= lossMuch:
		return doctor.Finding{State: doctor.Bad, What: what, Remedy: remedy}
	case loss >= lossSome, median >= slow:
		return doctor.Finding{State: doctor.Warn, What: what, Remedy: remedy}
	}
	return doctor.Finding{State: doctor.OK, What: what}
}

// Link checks the link of a satellite that runs.
type Link struct {
	State func(ctx context.Context) (control.SatelliteState, error)
}

// Name implements doctor.Check.
func (Link) Name() string { return "link" }

// Run implements doctor.Check.
func (l Link) Run(ctx context.Context) doctor.Finding {
	s, err := l.State(ctx)
	if err != nil {
		return doctor.Finding{State: doctor.Bad, What: fmt.Sprintf("the satellite does not answer: %v", err), Remedy: "restart it: 'systemctl restart vapd-satellite', and see its log: 'journalctl -u vapd-satellite'"}
	}
	why := strings.TrimSpace(s.Link.Hub + " " + s.Link.Why)
	switch s.Link.State {
	case "up":
	case "pending":
		return doctor.Finding{State: doctor.Bad, What: "the hub waits for its owner: " + why, Remedy: fmt.Sprintf("at the hub: 'vapd hub clients approve %s'", s.ID)}
	case "denied":
		return doctor.Finding{State: doctor.Bad, What: "the hub refuses this satellite: " + why, Remedy: "at the hub: 'vapd hub clients list'; if the key was unpaired there, pair again: 'vapd hub pair'"}
	case "unpaired":
		return doctor.Finding{State: doctor.Bad, What: "there is a hub, and the satellite is not paired with it: " + why, Remedy: pairRemedy}
	default:
		return doctor.Finding{State: doctor.Bad, What: "no hub: " + why, Remedy: "see discovery above, and that the hub runs"}
	}
	what := fmt.Sprintf("up, to %s", printable(s.Link.Hub))
	if s.Link.Encrypted {
		what += ", encrypted"
	}
	if hours := float64(s.UptimeMS) / 3.6e6; s.Link.Losses > 3 && float64(s.Link.Losses) > 2*hours {
		return doctor.Finding{
			State: doctor.Warn, What: fmt.Sprintf("%s, but lost %d times in %.1f hours", what, s.Link.Losses, hours),
			Remedy: "see the round trip and the power supply ('vcgencmd get_throttled' on a Pi)",
		}
	}
	return doctor.Finding{State: doctor.OK, What: what}
}

// Drivers checks the LEDs and keys of a satellite that runs, and that it has a wake word.
type Drivers struct {
	State func(ctx context.Context) (control.SatelliteState, error)
}

// Name implements doctor.Check.
func (Drivers) Name() string { return "drivers" }

// Run implements doctor.Check.
func (d Drivers) Run(ctx context.Context) doctor.Finding {
	s, err := d.State(ctx)
	if err != nil {
		return doctor.Finding{State: doctor.Skipped, What: "the satellite does not answer"}
	}
	found := []doctor.Finding{{State: doctor.OK, What: fmt.Sprintf("%d wake words, %d drivers", len(s.Words), len(s.Drivers))}}
	if len(s.Words) == 0 {
		found = append(found, doctor.Finding{State: doctor.Warn, What: "there is no wake word: only the key wakes", Remedy: "if that is not what you want, take wake out of the settings"})
	}
	for _, driver := range s.Drivers {
		if driver.State == "failed" {
			found = append(found, doctor.Finding{State: doctor.Bad, What: driver.Name + " failed: " + driver.Reason, Remedy: "see the checks board and devices"})
		}
	}
	return doctor.Worst(found...)
}
