//go:build !vapd_satellite

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"vapd/hub/speech"
	"vapd/hub/speech/flite"
	"vapd/internal/demo"
	"vapd/internal/load"
	"vapd/protocol/coap"
	"vapd/protocol/control"
)

// benchCmd is "vapd bench".
type benchCmd struct {
	Hub     benchHubCmd     `cmd:"" help:"Put a hub under load: thousands of simulated satellites."`
	Garbage benchGarbageCmd `cmd:"" hidden:"" help:"Send a hub datagrams that mean nothing."`
	Bare    benchBareCmd    `cmd:"" hidden:"" help:"Serve the protocol of a hub with nothing behind it."`
}

// benchHubCmd is "vapd bench hub".
type benchHubCmd struct {
	Hub        string        `placeholder:"ADDR:PORT" help:"The hub. It has to let strangers in (clients.approval = \"all\"). Default: one of our own on this machine, in a folder that is deleted afterwards."`
	Satellites int           `default:"100" help:"Simulated satellites, each with a socket of its own. Default: ${default}."`
	Talking    int           `default:"10" help:"How many of them somebody speaks to at any moment. Default: ${default}."`
	For        time.Duration `default:"30s" help:"How long to measure, once all are connected. Default: ${default}."`
	Rate       float64       `default:"200" help:"Satellites switched on in a second. Default: ${default}."`
	Garbage    int           `placeholder:"N" help:"Datagrams without a meaning, a second, from others."`
	Recordings string        `type:"path" placeholder:"DIR" help:"WAV or FLAC files, mono at 16 kHz, that are spoken. Default: ../shared/audio/commands if there is such a folder, else a sentence by flite."`
	Prefix     string        `default:"bench" help:"The satellites' ids are PREFIX-0 and so on. Default: ${default}."`
	DTLS       bool          `name:"dtls" help:"Speak CoAP over DTLS, as paired satellites do."`
	Keys       string        `type:"path" placeholder:"DIR" help:"Key files of the satellites, as 'vapd hub pair --export' writes them: for --hub with --dtls."`
	JSON       bool          `help:"The result as JSON."`
	Figures    []string      `placeholder:"PART,..." help:"Measure figures of 'make bench-hub' instead, which takes some minutes: hotpath, crowd, dtls, registered, reconnect, or all."`
}

// Run measures until it is done, or interrupted: then it shows what there is.
func (c *benchHubCmd) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	recordings, err := c.recordings()
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("the hub is this program itself, which can't be found: %w", err)
	}
	dir, err := os.MkdirTemp("", "vapd-bench-")
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	defer os.RemoveAll(dir)
	if len(c.Figures) > 0 {
		suite := load.Suite{Program: program, Dir: dir, Recordings: recordings, Out: os.Stdout, Watch: watch, Parts: c.Figures}
		if c.Figures[0] == "all" {
			suite.Parts = nil
		}
		return suite.Run(ctx)
	}
	house, err := load.NewHouse(program, dir)
	if err != nil {
		return err
	}
	defer house.Close()
	report, err := c.measure(ctx, house, recordings)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(os.Stdout).Encode(report)
	}
	return report.Print(os.Stdout)
}

// measure lets the satellites work.
func (c *benchHubCmd) measure(ctx context.Context, house *load.House, recordings []load.Recording) (*load.Report, error) {
	server, err := c.server(house)
	if err != nil {
		return nil, err
	}
	if server.Process != nil {
		defer server.Stop()
	}
	cfg := load.Config{
		Hub: server.Addr, Satellites: c.Satellites, Prefix: c.Prefix, Rate: c.Rate, Recordings: recordings,
		Transport: load.Plain{Hub: server.Addr},
	}
	if c.DTLS {
		keys, err := c.keys(ctx, server)
		if err != nil {
			return nil, err
		}
		cfg.Hub, cfg.Transport = server.Secured, load.Secured{Hub: server.Secured, Key: keys.Of}
	}
	fleet, err := load.New(cfg)
	if err != nil {
		return nil, err
	}
	defer fleet.Close()
	defer watch(fleet.Progress)()
	report := &load.Report{Hub: cfg.Hub.String(), Secured: c.DTLS, Satellites: c.Satellites, Talking: c.Talking, Garbage: c.Garbage}
	var before int64
	if server.Process != nil {
		before = server.Resident()
	}
	if err := fleet.Connect(ctx); err != nil {
		return nil, err
	}
	if server.Process != nil {
		report.Grown = server.Resident() - before
	}
	defer fleet.Talk(c.Talking)()
	rain, err := c.rain(house, cfg.Hub)
	if err != nil {
		return nil, err
	}
	var used time.Duration
	if server.Process != nil {
		used = server.Processor()
	}
	report.Measure = fleet.Measure(ctx, c.For)
	report.Connected = fleet.Up()
	if server.Process != nil {
		report.Resident = server.Resident()
		report.Processor = (server.Processor() - used).Seconds() / report.Measure.Took.Seconds()
		if err := server.Alive(); err != nil {
			return nil, err
		}
	}
	return report, rain()
}

// rain sends garbage until the function that it returns is called.
func (c *benchHubCmd) rain(house *load.House, hub netip.AddrPort) (stop func() error, err error) {
	if c.Garbage <= 0 {
		return func() error { return nil }, nil
	}
	end, err := house.Rain(load.Garbage{Addr: hub, Rate: c.Garbage})
	return func() error {
		_, err := end()
		return err
	}, err
}

// keys are those of --keys, or made by our own hub.
func (c *benchHubCmd) keys(ctx context.Context, server *load.Server) (load.Keys, error) {
	switch {
	case c.Keys != "":
		return load.ReadKeys(c.Keys)
	case c.Hub != "":
		return nil, errors.New("bench: --dtls to a hub that is not our own needs --keys: a folder of what 'vapd hub pair --id PREFIX-N --export FILE' writes there")
	}
	return load.ExportKeys(ctx, server.Control, c.Prefix, c.Satellites)
}

// server is the hub to measure. Its Process is nil when it is not our own.
func (c *benchHubCmd) server(house *load.House) (*load.Server, error) {
	if c.Hub == "" {
		return house.Hub("hub", "127.0.0.1:0", c.Satellites)
	}
	addr, err := netip.ParseAddrPort(c.Hub)
	if err != nil {
		return nil, fmt.Errorf("bench: --hub: want an address and a port like 192.168.1.2:5683: %w", err)
	}
	return &load.Server{Addr: addr, Secured: addr}, nil
}

// sharedRecordings lies beside a checkout and is not part of it.
const sharedRecordings = "../shared/audio/commands"

// recordings are what is spoken.
func (c *benchHubCmd) recordings() ([]load.Recording, error) {
	if c.Recordings != "" {
		return load.ReadRecordings(c.Recordings)
	}
	recordings, err := load.ReadRecordings(sharedRecordings)
	if errors.Is(err, fs.ErrNotExist) {
		return sentence()
	}
	return recordings, err
}

// sentence is one by flite.
func sentence() ([]load.Recording, error) {
	voices, err := flite.New()
	if err != nil {
		return nil, fmt.Errorf("bench: there is nothing to say: name a folder with --recordings, or install flite: %w", err)
	}
	var samples []int16
	err = voices.Say("Please turn on the lights in the kitchen.", "", func(p speech.Piece) error {
		samples = append(samples, p.Samples...)
		return nil
	})
	return []load.Recording{load.NewRecording(samples)}, err
}

// watch shows progress on the standard error: one line that is written over on a
// terminal, else one now and then.
func watch(progress func() string) (stop func()) {
	every, before, after := 5*time.Second, "bench: ", "\n"
	if demo.IsTerminal(os.Stderr, os.Stderr) {
		every, before, after = 500*time.Millisecond, "\r\x1b[K", ""
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				if after == "" {
					fmt.Fprint(os.Stderr, before)
				}
				return
			case <-tick.C:
				fmt.Fprint(os.Stderr, before, progress(), after)
			}
		}
	})
	return func() {
		cancel()
		wg.Wait()
	}
}

// benchGarbageCmd is "vapd bench garbage". It sends until it is asked to end, and says
// last how many.
type benchGarbageCmd struct {
	At   string `required:""`
	Rate int    `required:""`
	Seed uint64
}

// Run sends.
func (c *benchGarbageCmd) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	addr, err := netip.ParseAddrPort(c.At)
	if err != nil {
		return fmt.Errorf("bench: --at: %w", err)
	}
	sent, err := load.Garbage{Addr: addr, Rate: c.Rate, Seed: c.Seed}.Run(ctx)
	fmt.Fprintln(os.Stderr, sent)
	return err
}

// benchBareCmd is "vapd bench bare".
type benchBareCmd struct {
	Listen string `default:"127.0.0.1:0"`
	Most   int    `default:"1000"`
}

// Run serves until it is interrupted.
func (c *benchBareCmd) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	addr, err := netip.ParseAddrPort(c.Listen)
	if err != nil {
		return fmt.Errorf("bench: --listen: %w", err)
	}
	mux := new(coap.Mux)
	cfg := coap.Config{Addr: addr, Handler: mux.Serve}
	bare := load.NewBare(c.Most)
	defer bare.Close()
	bare.Register(mux)
	endpoint, err := coap.Listen(cfg)
	if err != nil {
		return err
	}
	defer endpoint.Close()
	printReady(control.HubReady{CoAP: endpoint.LocalAddr().String(), PID: os.Getpid()})
	<-ctx.Done()
	return nil
}
