package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"vapd/audio/opus"
	"vapd/hub"
	"vapd/hub/audit"
	"vapd/hub/clients"
	"vapd/hub/skills"
	"vapd/hub/speech"
	"vapd/hub/store"
	"vapd/internal/config"
	"vapd/internal/durable"
	"vapd/internal/identity"
	"vapd/internal/machine"
	"vapd/internal/metrics"
	"vapd/protocol/control"
	"vapd/protocol/discovery"
	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/builtin"
)

// Options are what a hub runs with.
type Options struct {
	Config config.Hub
	Env    config.Env
	// Executable is the program whose command "engine" runs the speech engines, and
	// whose command "hub store-check" checks the store.
	Executable string
	// Ready is called once the hub can be reached.
	Ready func(control.HubReady)
	// Packs are those that come with the program for the second look at wake words; nil:
	// none. Those of the owner go before them.
	Packs  fs.FS
	Logger *slog.Logger
}

// cacheBytes of synthesised speech are kept: four minutes of it.
const cacheBytes = 8 << 20

// Run runs a hub until ctx ends.
func Run(ctx context.Context, o Options) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()

	state, socket, err := folders(o)
	if err != nil {
		return err
	}
	id, err := identity.Load(durable.File{Path: filepath.Join(state, store.IdentityName)}, "org.vapd.hub")
	if err != nil {
		return err
	}
	kept, err := openStore(ctx, o, state, id)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	var h *hub.Hub
	connect := func(s skill.Service) (skill.Line, error) { return h.Skills().Connect(s) }
	own := builtin.New(connect, filepath.Join(state, "skills"), o.Logger)
	house, err := newHouse(o, state, connect)
	if err != nil {
		return err
	}
	cfg, engines, err := hubConfig(o, state, id, kept, grammar(own, o.Config.Speech.Language))
	if err != nil {
		return err
	}
	trail := audit.New(state, time.Now, o.Logger)
	defer func() { err = errors.Join(err, trail.Close()) }()
	cfg.Folder, cfg.Audit = state, trail
	cfg.Recordings, cfg.Wakes = openRecordings(o, state)
	h, err = hub.New(cfg)
	if err != nil {
		return err
	}
	server, err := control.Listen(control.Config{Path: socket, Mux: h.Control(), Logger: o.Logger})
	if err != nil {
		cancel() // h.Run closes what New opened
		return errors.Join(err, h.Run(ctx))
	}
	defer server.Close()
	if at := o.Config.Metrics; at != "" {
		m, err := metrics.Listen(at, h.Metrics, o.Logger)
		if err != nil {
			cancel()
			return errors.Join(err, h.Run(ctx))
		}
		defer m.Close()
	}
	for _, e := range engines {
		wg.Go(func() { e.Run(ctx) })
	}
	ready := make(chan struct{})
	wg.Go(func() { builtin.Run(ctx, own, o.Logger, func() { close(ready) }) })
	if house != nil {
		wg.Go(func() {
			if err := house.Run(ctx); err != nil {
				o.Logger.Error("nobody can speak of the house", "error", err)
			}
		})
	}
	if o.Config.Discoverable && !h.Addr().Addr().IsLoopback() {
		a := discovery.Announcement{ID: cfg.ID, Name: cfg.Name, Addr: h.Addr(), Secured: h.AddrDTLS().Port(), Version: vap.Version, Registries: []discovery.Registry{discovery.Clients, discovery.Skills}, Logger: o.Logger}
		wg.Go(func() {
			if err := a.Run(ctx); err != nil {
				o.Logger.Warn("the hub is not announced by DNS-SD: satellites need its address", "error", err)
			}
		})
	}
	<-ready
	o.Ready(control.HubReady{CoAP: h.Addr().String(), DTLS: h.AddrDTLS().String(), Control: socket, PID: os.Getpid()})
	return h.Run(ctx)
}

// folders makes the folder of the hub's files and that of its socket.
func folders(o Options) (state, socket string, err error) {
	if state, err = config.StateDir(config.PartHub, o.Config.StateDir, o.Env); err != nil {
		return "", "", err
	}
	if socket, err = config.ControlSocket(config.PartHub, o.Config.Control, o.Env); err != nil {
		return "", "", err
	}
	for _, dir := range []string{state, filepath.Dir(socket)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return "", "", fmt.Errorf("daemon: %w", err)
		}
	}
	return state, socket, nil
}

// hubConfig is the hub that the settings describe, and the engines to run for it.
func hubConfig(o Options, state, id string, kept *store.Store, heard speech.Grammar) (hub.Config, []*speech.Engine, error) {
	listen, err := netip.ParseAddrPort(o.Config.Listen)
	if err != nil {
		return hub.Config{}, nil, fmt.Errorf("daemon: listen: %w", err)
	}
	secured, err := netip.ParseAddrPort(o.Config.DTLSAddr())
	if err != nil {
		return hub.Config{}, nil, fmt.Errorf("daemon: listen_dtls: %w", err)
	}
	here, open := local(new(machine.Addresses)), o.Config.Security == config.SecurityOpen
	registry, err := clients.Open(clients.Config{
		Store:    kept.Bucket(store.Clients),
		Tokens:   clients.RandomTokens{},
		Approval: clients.Approval(o.Config.Clients.Approval), Tokenless: o.Config.Clients.Tokenless,
		RequirePaired: !open, Local: here,
		Now: time.Now,
	})
	if err != nil {
		return hub.Config{}, nil, err
	}
	skillRegistry, err := clients.Open(clients.Config{
		Store: kept.Bucket(store.Skills), Tokens: clients.RandomTokens{}, Approval: clients.ApproveAsk,
		Tokenless: slices.Concat(o.Config.Skills.Tokenless, o.Config.Skills.Reference), RequirePaired: !open, Local: here, Now: time.Now,
	})
	if err != nil {
		return hub.Config{}, nil, err
	}
	grants, err := skills.OpenGrants(kept.Bucket(store.Grants))
	if err != nil {
		return hub.Config{}, nil, err
	}
	ear := newEngine(o, "stt", o.Config.Speech.STT)
	voice := newEngine(o, "tts", o.Config.Speech.TTS)
	quiet, err := config.ParseHours(o.Config.Skills.DoNotDisturb)
	if err != nil {
		return hub.Config{}, nil, err
	}
	skillForm := func(skill string) vap.Form {
		if slices.Contains(o.Config.Skills.Reference, skill) {
			return vap.ReferencePython
		}
		return vap.Named
	}
	recognizer := ear.recognizer(heard)
	s := o.Config.Session
	cfg := hub.Config{
		ID: id, Name: name(o.Config.Name), Locales: []string{o.Config.Speech.Language},
		Listen: listen, ListenDTLS: secured, Open: open, Local: here,
		Groups: o.Config.Discoverable, MaxClients: o.Config.Clients.Max, MaxSessions: s.Most,
		Registry: registry, SkillRegistry: skillRegistry, Grants: grants, SkillForm: skillForm, Quiet: quiet.Has, Store: kept, Window: time.Duration(o.Config.Focus.Window),
		Recognizer: recognizer, SetGrammar: setGrammar(recognizer), Synthesizer: voice.synthesizer(), Voice: o.Config.Speech.Voice,
		Endpoint: speech.EndpointConfig{
			Silence: time.Duration(s.EndSilence), ShortSilence: time.Duration(s.CompleteSilence),
			NoSpeech: time.Duration(s.NoSpeech), Longest: time.Duration(s.MaxUtterance),
		},
		Engines: func() []speech.Health { return []speech.Health{ear.health(), voice.health()} },
		Codecs:  hub.Codecs(library(o.Logger)),
		Logger:  o.Logger, Now: time.Now,
	}
	if o.Config.Wake.SecondLook {
		cfg.SecondLook = secondLook(o, state)
	}
	if o.Config.Focus.RequireSpeaker {
		cfg.RequireSpeaker = o.Config.Focus.SpeakerConfidence
	}
	if cfg.People, err = openPeople(o, state); err != nil {
		return hub.Config{}, nil, err
	}
	var engines []*speech.Engine
	for _, e := range []engine{ear, voice} {
		if e.Engine != nil {
			engines = append(engines, e.Engine)
		}
	}
	return cfg, engines, nil
}

// local says whether who sends from an address is on this machine. Linux takes no packet
// from outside that claims to come from loopback or from an IPv4 address of its own, but
// takes one that claims to come from its own IPv6 address, so that anybody in the network
// could pass for a local client.
func local(here *machine.Addresses) func(netip.Addr) bool {
	return func(addr netip.Addr) bool {
		addr = addr.Unmap()
		return addr.IsLoopback() || addr.Is4() && here.Has(addr)
	}
}

// library is libopus, or nil where it is not installed: then sound goes as PCM.
func library(logger *slog.Logger) *opus.Library {
	lib, err := opus.Open()
	if err != nil {
		logger.Info("no Opus, sound goes as PCM", "why", err)
	}
	return lib
}

// name is the configured name, or the machine's.
func name(configured string) string {
	if configured != "" {
		return configured
	}
	if host, err := os.Hostname(); err == nil && host != "" {
		return host
	}
	return "vapd"
}
