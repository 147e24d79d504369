package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"vapd/internal/figure"
)

// Suite measures the figures of 'make bench-hub', each against hubs of its own on this
// machine.
type Suite struct {
	Program    string // vapd
	Dir        string // of what its hubs keep and log
	Recordings []Recording
	Out        io.Writer
	// Watch is called while a fleet is at work, with what its Progress is; it returns
	// how to stop. It may be nil.
	Watch func(progress func() string) (stop func())
	// Parts to measure, of PartNames; empty is all.
	Parts []string
}

// Sizes of what is measured.
const (
	crowd      = 1000 // satellites
	speakers   = 100  // of them, at any moment
	registered = 10_000
	crowdTime  = 30 * time.Second
	holdTime   = time.Minute
	settle     = 10 * time.Second // until memory stays as it is
	switchOn   = 500              // satellites a second
)

// part is one of several measurements.
type part struct {
	name, title string
	run         func(context.Context, *House) error
}

func (s *Suite) parts() []part {
	return []part{
		{"hotpath", "requests a second, beside libcoap's server", s.hotpath},
		{"crowd", "1,000 connected, 100 talking; then with garbage", s.crowd},
		{"dtls", "the same over DTLS", s.crowdSecured},
		{"registered", "10,000 connected", s.registered},
		{"reconnect", "1,000 connected, and the hub is killed", s.reconnect},
	}
}

// PartNames are the names of all parts, in their order.
func PartNames() []string {
	var names []string
	for _, p := range new(Suite).parts() {
		names = append(names, p.name)
	}
	return names
}

// Run measures, and prints words and figures. What fails is reported at the end, and the
// rest measured all the same.
func (s *Suite) Run(ctx context.Context) error {
	for _, name := range s.Parts {
		if !slices.Contains(PartNames(), name) {
			return fmt.Errorf("load: no part %q: there are %s", name, strings.Join(PartNames(), ", "))
		}
	}
	house, err := NewHouse(s.Program, s.Dir)
	if err != nil {
		return err
	}
	defer house.Close()
	var errs []error
	for _, part := range s.parts() {
		if len(s.Parts) > 0 && !slices.Contains(s.Parts, part.name) {
			continue
		}
		fmt.Fprintf(s.Out, "\n== %s: %s\n", part.name, part.title)
		if err := part.run(ctx, house); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", part.name, err))
			fmt.Fprintf(s.Out, "not measured: %v\n", err)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return errors.Join(errs...)
}

// figure prints one.
func (s *Suite) figure(name string, value float64, unit string) error {
	return figure.Print(s.Out, name, value, unit)
}

// fleet connects satellites to server.
func (s *Suite) fleet(ctx context.Context, server *Server, n int, keys Keys) (*Fleet, error) {
	cfg := Config{
		Hub: server.Addr, Satellites: n, Rate: switchOn, Recordings: s.Recordings,
		Transport: Plain{server.Addr},
	}
	if keys != nil {
		cfg.Hub, cfg.Transport = server.Secured, Secured{server.Secured, keys.Of}
	}
	f, err := New(cfg)
	if err != nil {
		return nil, err
	}
	stop := s.watch(f.Progress)
	defer stop()
	if err := f.Connect(ctx); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (s *Suite) watch(progress func() string) (stop func()) {
	if s.Watch == nil {
		return func() {}
	}
	return s.Watch(progress)
}

// measure lets the fleet work for d.
func (s *Suite) measure(ctx context.Context, f *Fleet, d time.Duration) *Measure {
	stop := s.watch(f.Progress)
	defer stop()
	return f.Measure(ctx, d)
}

// Rounds of the comparison with libcoap, and how long each server is asked in each.
const (
	rounds    = 3
	roundTime = 3 * time.Second
	// strikers times window requests fit into a socket's usual buffer: what was dropped
	// there would be missing in the rate of a server that keeps it as it is.
	strikers = 32
	window   = 2
)

// hotpath compares the hub, its protocol alone and libcoap's server, by turns.
func (s *Suite) hotpath(ctx context.Context, house *House) error {
	// Long sessions: a hammer's sound has no end of speech.
	hub, err := house.Hub("hotpath", "127.0.0.1:0", strikers, "session.max_utterance=60s", "session.no_speech=30s", "session.end_silence=3s")
	if err != nil {
		return err
	}
	defer hub.Stop()
	bare, err := house.Bare("bare", strikers)
	if err != nil {
		return err
	}
	defer bare.Stop()
	libcoap, err := house.Libcoap()
	if err != nil {
		return err
	}
	defer libcoap.Stop()
	var toHub, toBare []float64
	for range rounds {
		theirs, err := s.strike(ctx, "libcoap", libcoap, "example_data")
		if err != nil {
			return err
		}
		ours, err := s.strike(ctx, "the hub", hub, "")
		if err != nil {
			return err
		}
		protocol, err := s.strike(ctx, "its protocol", bare, "")
		if err != nil {
			return err
		}
		toHub, toBare = append(toHub, ours/theirs), append(toBare, protocol/theirs)
	}
	fmt.Fprintf(s.Out, "the hub does %.2f x what libcoap does, its protocol alone %.2f x\n", median(toHub), median(toBare))
	return s.figure("hotpath_vs_libcoap", median(toHub), "ratio")
}

// strike is how many requests a second a server answers.
func (s *Suite) strike(ctx context.Context, name string, server *Server, put string) (float64, error) {
	used := server.Processor()
	blow, err := Hammer{Addr: server.Addr, Peers: strikers, Window: window, Put: put}.Run(ctx, roundTime)
	if err != nil {
		return 0, err
	}
	used = server.Processor() - used
	fmt.Fprintf(s.Out, "%-12s %6.0f requests/s, %3.0f us of processor each, p99 %s, %d busy, %d repeated\n", name, blow.Rate(),
		used.Seconds()*1e6/float64(max(blow.Answered.Load(), 1)), short(blow.Latency.Quantile(0.99)), blow.Busy.Load(), blow.Repeated.Load())
	return blow.Rate(), nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func (s *Suite) crowd(ctx context.Context, house *House) error {
	hub, err := house.Hub("crowd", "127.0.0.1:0", crowd)
	if err != nil {
		return err
	}
	defer hub.Stop()
	f, err := s.talk(ctx, hub, hub.Resident(), nil, func(m *Measure, _ float64) error {
		return s.figure("fragment_p99_ms_1000", milliseconds(m.Fragments.Quantile(0.99)), "ms")
	})
	if err != nil {
		return err
	}
	defer f.Close()
	return s.garbage(ctx, house, hub, f)
}

// talk connects a crowd, of whom some talk, and tells what came of it: the measure, and
// the memory in kB for each satellite over that before, until anybody spoke.
func (s *Suite) talk(ctx context.Context, hub *Server, before int64, keys Keys, told func(*Measure, float64) error) (*Fleet, error) {
	f, err := s.fleet(ctx, hub, crowd, keys)
	if err != nil {
		return nil, err
	}
	s.measure(ctx, f, settle)
	grown := hub.Resident() - before
	stop := f.Talk(speakers)
	s.measure(ctx, f, settle/2) // the first sentences begin together
	used := hub.Processor()
	m := s.measure(ctx, f, crowdTime)
	used = hub.Processor() - used
	stop()
	err = (&Report{
		Hub: hub.Addr.String(), Secured: keys != nil, Satellites: crowd, Talking: speakers, Connected: f.Up(), Measure: m,
		Resident: hub.Resident(), Grown: grown, Processor: used.Seconds() / m.Took.Seconds(),
	}).Print(s.Out)
	if err == nil {
		err = told(m, float64(grown)/1000/crowd)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Garbage is compared with calm by turns, as a machine has better and worse moments.
const (
	garbageRounds = 3
	garbageTime   = 8 * time.Second
	garbageRate   = 10_000
	fewSpeakers   = 20
)

// garbage measures how much later fragments are acknowledged while others send garbage.
func (s *Suite) garbage(ctx context.Context, house *House, hub *Server, f *Fleet) error {
	stop := f.Talk(fewSpeakers)
	defer stop()
	s.measure(ctx, f, settle/2)
	var calm, noisy Histogram
	sent := 0
	for n := range garbageRounds {
		calm.Add(&s.measure(ctx, f, garbageTime).Fragments)
		stop, err := house.Rain(Garbage{Addr: hub.Addr, Rate: garbageRate, Seed: uint64(n)})
		if err != nil {
			return err
		}
		m := s.measure(ctx, f, garbageTime)
		drops, err := stop()
		if err != nil {
			return err
		}
		sent += drops
		noisy.Add(&m.Fragments)
		if n := m.Errors.Total(); n > 0 {
			fmt.Fprintf(s.Out, "errors with garbage\n%s", &m.Errors)
		}
	}
	if err := hub.Alive(); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%d talking, calm\n%swith %.0f garbage datagrams/s\n%s%d of %d satellites are still connected\n", fewSpeakers, &calm,
		float64(sent)/(garbageRounds*garbageTime).Seconds(), &noisy, f.Up(), crowd)
	return s.figure("garbage_p99_ratio", float64(noisy.Quantile(0.99))/float64(calm.Quantile(0.99)), "ratio")
}

// crowdSecured is the crowd over DTLS.
func (s *Suite) crowdSecured(ctx context.Context, house *House) error {
	hub, err := house.Hub("secured", "127.0.0.1:0", crowd)
	if err != nil {
		return err
	}
	defer hub.Stop()
	before := hub.Resident() // what a hub keeps of paired satellites counts
	keys, err := ExportKeys(ctx, hub.Control, "bench", crowd)
	if err != nil {
		return err
	}
	f, err := s.talk(ctx, hub, before, keys, func(m *Measure, each float64) error {
		return errors.Join(
			s.figure("fragment_p99_ms_1000_dtls", milliseconds(m.Fragments.Quantile(0.99)), "ms"),
			s.figure("idle_kb_per_satellite_dtls", each, "kB"))
	})
	if err == nil {
		f.Close()
	}
	return err
}

// registered holds very many satellites, which all ping as real ones do.
func (s *Suite) registered(ctx context.Context, house *House) error {
	hub, err := house.Hub("registered", "127.0.0.1:0", registered)
	if err != nil {
		return err
	}
	defer hub.Stop()
	before := hub.Resident()
	f, err := s.fleet(ctx, hub, registered, nil)
	if err != nil {
		return err
	}
	defer f.Close()
	f.Joins()
	used := hub.Processor()
	m := s.measure(ctx, f, holdTime)
	used = hub.Processor() - used
	grown := hub.Resident() - before
	again := len(f.Joins())
	err = (&Report{
		Hub: hub.Addr.String(), Satellites: registered, Connected: f.Up(), Measure: m,
		Resident: hub.Resident(), Grown: grown, Processor: used.Seconds() / m.Took.Seconds(),
	}).Print(s.Out)
	fmt.Fprintf(s.Out, "%d times a satellite had lost the hub for a moment, and counts as not held\n", again)
	return errors.Join(err,
		s.figure("registered_satellites", float64(f.Up()-again), "count"),
		s.figure("idle_kb_per_satellite", float64(grown)/1000/registered, "kB"))
}

// downTime is how long the killed hub stays away: as long as its service manager waits.
const downTime = time.Second

// reconnect measures how long a crowd takes to come back, plain and over DTLS.
func (s *Suite) reconnect(ctx context.Context, house *House) error {
	return errors.Join(
		s.restart(ctx, house, "restarted", "reconnect_1000_s", false),
		s.restart(ctx, house, "restarted-secured", "reconnect_1000_dtls_s", true))
}

// restart kills a hub and measures from its new start until the last satellite is back.
func (s *Suite) restart(ctx context.Context, house *House, name, figure string, paired bool) error {
	hub, err := house.Hub(name, "127.0.0.1:0", crowd)
	if err != nil {
		return err
	}
	defer func() { hub.Stop() }()
	var keys Keys
	if paired {
		if keys, err = ExportKeys(ctx, hub.Control, "bench", crowd); err != nil {
			return err
		}
	}
	f, err := s.fleet(ctx, hub, crowd, keys)
	if err != nil {
		return err
	}
	defer f.Close()
	s.measure(ctx, f, settle/2) // in which each pings at a time of its own
	hub.Kill()
	f.Joins()
	if !sleep(ctx, downTime) {
		return context.Cause(ctx)
	}
	began := time.Now()
	again, err := house.Hub(name, hub.Addr.String(), crowd, "listen_dtls="+hub.Secured.String())
	if err != nil {
		return err
	}
	hub = again
	back, busiest, err := s.awaitReturn(ctx, f, began)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%d satellites were back %.1f s after the hub's start; the most in one second: %d\n", crowd, back.Seconds(), busiest)
	return s.figure(figure, back.Seconds(), "s")
}

// awaitReturn waits until every satellite has connected once more. busiest is the most
// that did within one second.
func (s *Suite) awaitReturn(ctx context.Context, f *Fleet, began time.Time) (back time.Duration, busiest int, err error) {
	stop := s.watch(f.Progress)
	defer stop()
	var joined []time.Time
	for len(joined) < crowd {
		if time.Since(began) > time.Minute {
			return 0, 0, fmt.Errorf("load: only %d of %d satellites are back a minute after the hub's start\n%s", len(joined), crowd, &f.now().Errors)
		}
		if !sleep(ctx, 20*time.Millisecond) {
			return 0, 0, context.Cause(ctx)
		}
		joined = append(joined, f.Joins()...)
	}
	slices.SortFunc(joined, time.Time.Compare)
	return joined[crowd-1].Sub(began), mostWithin(joined, time.Second), nil
}

// mostWithin is the most of the sorted times that lie within d.
func mostWithin(times []time.Time, d time.Duration) (most int) {
	from := 0
	for i, t := range times {
		for t.Sub(times[from]) >= d {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}
