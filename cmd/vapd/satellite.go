package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"

	"vapd/audio/opus"
	"vapd/audio/play"
	"vapd/board"
	"vapd/hal/open"
	"vapd/internal/config"
	"vapd/internal/durable"
	"vapd/internal/machine"
	"vapd/internal/metrics"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/discovery"
	"vapd/protocol/pairing/keyring"
	"vapd/satellite"
	"vapd/satellite/link"
	"vapd/satellite/logs"
	"vapd/satellite/network"
	"vapd/satellite/sound"
	"vapd/satellite/timer"
	"vapd/wakeword"
	"vapd/wakeword/pack"
)

// satelliteCmd is "vapd satellite".
type satelliteCmd struct {
	Control string `placeholder:"SOCKET" type:"path" help:"The satellite's control socket."`

	Run         satelliteRunCmd         `cmd:"" default:"withargs" help:"Run the satellite."`
	Status      satelliteStatusCmd      `cmd:"" help:"Show what the satellite does, and what it lacks."`
	Trace       satelliteTraceCmd       `cmd:"" help:"Show when the steps of the last turns were, as the satellite knows them."`
	Say         satelliteSayCmd         `cmd:"" help:"Type a sentence instead of speaking it."`
	Listen      satelliteListenCmd      `cmd:"" help:"Listen without the wake word, as after a press of the key."`
	Stop        satelliteStopCmd        `cmd:"" help:"End what rings, speaks or listens, as the key does."`
	Mute        satelliteMuteCmd        `cmd:"" help:"Close or open the microphone."`
	Pair        satellitePairCmd        `cmd:"" help:"Pair the satellite with a hub, so that everything between them is encrypted."`
	Unpair      satelliteUnpairCmd      `cmd:"" help:"Forget a hub that the satellite is paired with."`
	Volume      satelliteVolumeCmd      `cmd:"" help:"Show or set the volumes."`
	Sensitivity satelliteSensitivityCmd `cmd:"" help:"Set how easily a wake word wakes."`
}

// satelliteRunCmd runs the satellite.
type satelliteRunCmd struct {
	Config  string            `placeholder:"FILE" type:"path" help:"Settings. Default: ~/.config/vapd/satellite.toml, else /etc/vapd/satellite.toml."`
	Hub     string            `placeholder:"HOST:PORT" help:"Address of the hub, instead of looking for it."`
	Profile string            `placeholder:"BOARD" help:"The board: sim, generic, respeaker-2mic-v1, ..."`
	Name    string            `help:"Name that people see."`
	State   string            `placeholder:"DIR" type:"path" help:"Folder of what the satellite keeps."`
	Set     map[string]string `placeholder:"KEY=VALUE" help:"Any setting, as capture.pcm=hw:1; may be repeated."`
}

// Run is the satellite's life.
func (r *satelliteRunCmd) Run(c *satelliteCmd) error {
	cfg, err := r.settings(c.Control)
	if err != nil {
		return err
	}
	tune(os.Getenv)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	forHub := logs.New(cfg.LogToHub)
	logger := slog.New(forHub.Handler(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: cfg.LogLevel})))
	state, err := config.StateDir(config.PartSatellite, cfg.StateDir, os.Getenv)
	if err == nil {
		err = os.MkdirAll(state, 0o700)
	}
	if err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	for {
		parts, hardware, err := satelliteParts(cfg, state, logger)
		if err != nil {
			return err
		}
		parts.Logs = forHub
		err = runSatellite(ctx, cfg, parts, state, logger)
		closed := hardware.Close()
		if !errors.Is(err, sound.ErrChanged) && !errors.Is(err, satellite.ErrReset) {
			return errors.Join(err, closed)
		}
		logger.Info("the satellite starts anew", "because", err)
	}
}

// tune fits Go's runtime to a small device, where the environment does not say otherwise.
func tune(getenv func(string) string) {
	if getenv("GOMAXPROCS") == "" {
		// All of it takes a few percent of one core. With more, half of what an idle
		// satellite costs is threads that wake to look for work.
		runtime.GOMAXPROCS(1)
	}
	if getenv("GOGC") == "" {
		// 1 MB is alive. To collect at 2 MB in place of 4 saves 1.3 MB, and costs a
		// millisecond every few seconds.
		debug.SetGCPercent(50)
	}
}

// settings are the satellite's settings from file, environment and command line.
func (r *satelliteRunCmd) settings(socket string) (config.Satellite, error) {
	set := maps.Clone(r.Set)
	if set == nil {
		set = make(map[string]string)
	}
	for key, value := range map[string]string{
		"hub": r.Hub, "board": r.Profile, "name": r.Name, "state_dir": r.State, "control_socket": socket,
	} {
		if value != "" {
			set[key] = value
		}
	}
	return config.LoadSatellite(config.Source{
		File: cmp.Or(r.Config, config.File(config.PartSatellite, os.Getenv)), Optional: r.Config == "",
		Environ: os.Environ(), Set: set,
	})
}

// runSatellite serves the control socket and runs the satellite.
func runSatellite(ctx context.Context, cfg config.Satellite, parts satellite.Config, state string, logger *slog.Logger) error {
	path, err := config.ControlSocket(config.PartSatellite, cfg.Control, os.Getenv)
	if err != nil {
		return err
	}
	service := newService(os.Getenv)
	parts.Alive = service.alive
	s, err := satellite.New(parts)
	if err != nil {
		return err
	}
	importKey(s, filepath.Join(state, droppedKey), logger)
	mux := control.NewMux()
	s.Register(mux)
	server, err := control.Listen(control.Config{Path: path, Mux: mux, Logger: logger})
	if err != nil {
		return errors.Join(err, s.Close())
	}
	if cfg.Metrics != "" {
		m, err := metrics.Listen(cfg.Metrics, s.Metrics, logger)
		if err != nil {
			return errors.Join(err, s.Close(), server.Close())
		}
		defer m.Close()
	}
	printReady(control.SatelliteReady{ID: parts.ID, Control: path, Address: s.Address(), PID: os.Getpid()})
	service.ready()
	err = s.Run(ctx)
	return errors.Join(err, server.Close())
}

// satelliteParts opens what the satellite needs from outside.
func satelliteParts(cfg config.Satellite, state string, logger *slog.Logger) (satellite.Config, *open.Board, error) {
	file := func(name string) durable.File { return durable.File{Path: filepath.Join(state, name)} }
	fail := func(err error) (satellite.Config, *open.Board, error) { return satellite.Config{}, nil, err }
	profile, err := boardProfile(cfg.Board, logger)
	if err != nil {
		return fail(err)
	}
	card, err := openSatelliteSound(cfg, profile, logger)
	if err != nil {
		return fail(err)
	}
	detector, err := satelliteDetector(cfg, wakeFolder(state), logger)
	if err != nil {
		return fail(err)
	}
	clock, err := timer.NewSystemClock()
	if err != nil {
		return fail(err)
	}
	id := cfg.ID
	if id == "" {
		if id, err = satellite.Identity(file("identity")); err != nil {
			return fail(err)
		}
	}
	host, _ := os.Hostname() // a satellite without a name is no less
	hardware, report := open.Profile(profile, logger)
	for _, d := range report {
		logger.Info("driver", "what", d.String())
	}
	parts := satellite.Config{
		ID: id, Name: cmp.Or(cfg.Name, host, id),
		Open: card.open, Device: card.name, Capture: card.capture, Microphones: card.microphones,
		Detector: detector, Opus: satelliteOpus(cfg.Codec, logger),
		Coap: coap.Config{Addr: netip.AddrPortFrom(netip.IPv6Unspecified(), 0)}, Find: hubFinder(cfg.Hub), At: hubAt, Network: network.New(logger),
		Board: profile, Hardware: &hardware.Hardware, Drivers: report, Sim: hardware.Sim,
		Settings: file("settings.json"), Tokens: file("tokens.json"), Timers: file("timers.json"), Clock: clock,
		Pairings: file("pairings.json"), Local: new(machine.Addresses).Has, Unencrypted: cfg.Security == config.SecurityOpen,
		Volume: satellite.Volume(cfg.Volume), Logger: logger,
	}
	if card.playback.Channels > 0 {
		parts.Speaker, err = play.New(play.Config{Rate: card.playback.Rate, Latency: speakerLatency})
	}
	if err != nil {
		return fail(errors.Join(err, hardware.Close()))
	}
	return parts, hardware, nil
}

// boardProfile is the profile named, or the one that the machine is found to have.
func boardProfile(id string, logger *slog.Logger) (board.Profile, error) {
	if id != "auto" {
		p, err := board.Find(id)
		if err != nil {
			err = &config.Error{Err: err}
		}
		return p, err
	}
	d, err := board.Detect(os.DirFS("/"))
	if err != nil {
		logger.Warn("the board is not detected", "error", err)
	}
	if len(d.Candidates) == 1 {
		logger.Info("board detected", "board", d.Candidates[0].Board, "because", d.Candidates[0].Because)
		return board.Find(d.Candidates[0].Profile)
	}
	for _, c := range d.Candidates {
		logger.Warn("it may be this board: set board in the configuration", "board", c.Board, "profile", c.Profile, "check", c.Check)
	}
	return board.Find(board.GenericID)
}

// hubFinder looks for the hub where it was configured, else in the network and where the
// paired ones were before.
func hubFinder(address string) func(*coap.Endpoint, func() []keyring.Hub) link.Finder {
	return func(e *coap.Endpoint, paired func() []keyring.Hub) link.Finder {
		if address != "" {
			return hubAt(address)
		}
		return func(ctx context.Context, found func(link.Hub)) error {
			finders := []discovery.Finder{discovery.Clients.DNSSD(), discovery.Clients.Multicast(e)}
			for _, h := range paired() {
				if h.Address != "" {
					finders = append(finders, discovery.Configured(h.Address, net.DefaultResolver))
				}
			}
			return hubs(discovery.All(finders...), false)(ctx, found)
		}
	}
}

// hubAt looks for the hub that a person named.
func hubAt(address string) link.Finder {
	return hubs(discovery.Configured(address, net.DefaultResolver), true)
}

// hubs are those that find finds. Of a hub that has no name, the address is the name.
func hubs(find discovery.Finder, configured bool) link.Finder {
	return func(ctx context.Context, found func(link.Hub)) error {
		return find(ctx, func(c discovery.Candidate) {
			found(link.Hub{ID: c.ID, Name: cmp.Or(c.Name, c.Addr.String()), Addr: c.Addr, Secured: c.Secured, Configured: configured})
		})
	}
}

func satelliteOpus(codec string, logger *slog.Logger) *opus.Library {
	if codec == "pcm" {
		return nil
	}
	lib, err := opus.Open()
	if err != nil {
		logger.Info("speech travels as PCM", "why", err)
		return nil
	}
	return lib
}

// satelliteDetector listens for the words of the configuration, or for all packs of
// the folder, or for the word that comes with the program.
func satelliteDetector(cfg config.Satellite, folder string, logger *slog.Logger) (*wakeword.Detector, error) {
	var words []wakeword.Word
	add := func(file string, cutoff float64, role wakeword.Role) error {
		p, err := wakePack(folder, file)
		if err != nil && pack.IsEnrolled(packPath(folder, file)) {
			// Another version of the program is no reason for a satellite without timers.
			logger.Error("an enrolled word is left out", "error", err)
			return nil
		}
		if err != nil {
			return &config.Error{Err: fmt.Errorf("wake word %s: %w", file, err)}
		}
		words = append(words, wakeword.Word{Pack: p, Cutoff: cutoff, Role: role})
		return nil
	}
	for _, w := range cfg.Wake {
		if w.File == "none" {
			continue
		}
		if err := add(w.File, w.Cutoff, wakeword.Wake); err != nil {
			return nil, err
		}
	}
	if len(cfg.Wake) == 0 {
		packs, err := wakePacks(folder)
		if err != nil {
			logger.Warn("some wake words are left out", "error", err)
		}
		for _, p := range packs {
			words = append(words, wakeword.Word{Pack: p, Role: wakeword.RoleOf(p)})
		}
	}
	for file, role := range map[string]wakeword.Role{cfg.VAD: wakeword.Gate, cfg.StopWord: wakeword.Stop} {
		if file == "" {
			continue
		}
		if err := add(file, 0, role); err != nil {
			return nil, err
		}
	}
	for _, w := range words {
		if w.Pack.Outdated {
			logger.Warn("a word was enrolled with another version and is learnt anew at each start: run 'vapd wake enroll --again'", "word", w.Pack.ID)
		}
	}
	if len(words) == 0 {
		logger.Warn("there is no wake word: press the key to be heard, or add one with 'vapd wake add' or 'vapd wake enroll'")
		return nil, nil
	}
	return wakeword.New(words)
}
