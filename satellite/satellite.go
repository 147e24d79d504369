package satellite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"vapd/audio"
	"vapd/audio/opus"
	"vapd/audio/play"
	"vapd/board"
	"vapd/hal"
	"vapd/hal/sim"
	"vapd/internal/trace"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
	"vapd/protocol/pairing/keyring"
	"vapd/protocol/vap"
	"vapd/satellite/hear"
	"vapd/satellite/link"
	"vapd/satellite/logs"
	"vapd/satellite/pair"
	"vapd/satellite/sound"
	"vapd/satellite/timer"
	"vapd/satellite/turn"
	"vapd/wakeword"
)

// Config is all that a Satellite needs from outside.
type Config struct {
	ID, Name string

	// Open makes the audio device, as sound.Config.Open does; Device is its name.
	Open    func(capture bool) audio.Device
	Device  string
	Capture audio.Format
	// Microphones are the channels of Capture that are listened to.
	Microphones []int
	// Speaker mixes what is played; nil when there is no speaker.
	Speaker *play.Mixer

	// Detector hears the wake words; nil when there are none, and a key begins turns.
	Detector *wakeword.Detector
	// Opus is nil where it is not installed, or not wanted.
	Opus *opus.Library

	// Coap is the socket, for plain CoAP and DTLS; its Handler is the Satellite's.
	Coap coap.Config
	// Local reports whether an address is this machine's: a hub there needs no encryption.
	Local func(netip.Addr) bool
	// Unencrypted lets the satellite go to any hub without encryption.
	Unencrypted bool
	// Find makes the search for hubs, which may go through the socket, and may look where
	// paired hubs were known to be.
	Find func(e *coap.Endpoint, paired func() []keyring.Hub) link.Finder
	// At looks for a hub at the host and port that a person gave.
	At func(address string) link.Finder
	// Network watches the machine's network; nil: nobody does.
	Network Network

	Board    board.Profile
	Hardware *hal.Hardware
	Drivers  hal.Report
	// Sim is the simulated board, nil when Board is another.
	Sim *sim.Board

	// Settings, Tokens, Timers and Pairings keep what must outlive a restart.
	Settings, Tokens, Timers, Pairings Store
	Clock                              timer.Clock
	// Volume counts at the first start.
	Volume Volume

	// Alive, if not nil, is called every few seconds while the satellite works.
	Alive  func()
	Logger *slog.Logger
	// Logs, if not nil, has what of the log goes to the hub.
	Logs *logs.Sender
}

// Network watches the machine's network until Run's context ends.
type Network interface {
	link.Network
	Run(ctx context.Context)
}

// Limits of what the satellite does by itself.
const (
	longestRing  = 3 * time.Minute // that nobody stops
	volumeShown  = 2 * time.Second // on the LEDs
	aliveEvery   = 5 * time.Second
	goodbyeWait  = 500 * time.Millisecond
	rawSeconds   = 1 // of captured audio that may wait for the ear
	reportWait   = 5 * time.Second
	reportRepeat = 2 * time.Second
)

// Satellite is a satellite that runs. Make it with New, then call Run once.
type Satellite struct {
	cfg       Config
	endpoint  *coap.Endpoint
	dtls      *dtls.Transport // under endpoint
	keys      *keyring.Keyring
	client    *clientregistry.Client
	sound     *sound.Sound
	ear       *hear.Ear
	turns     *turn.Runner
	announcer *turn.Announcer
	link      *link.Link
	pairs     *pair.Runner
	rotation  *pairing.Rotation
	timers    *timer.Keeper
	lights    *lights
	reporter  *reporter
	traces    trace.Ring
	tally     tally
	halves    *mailbox[vap.Trace] // of traces, for the hub
	misses    *nearMisses
	inbox     *mailbox[any]    // for the goroutine that owns the state
	chores    *mailbox[func()] // that take their time
	started   time.Time

	// Owned by Run's goroutine.
	state     State
	settings  settings
	alarm     *play.Sound
	invite    *time.Timer             // to speak, by a chime
	showing   *time.Timer             // of the volume on the LEDs
	asked     *time.Timer             // of the hub's colour on the LEDs
	pairShown *time.Timer             // of how a pairing ended
	rekey     *time.Timer             // to use a new key
	end       context.CancelCauseFunc // of Run

	unsaved error // why the settings are not on the disk; owned by the chores

	seen    atomic.Pointer[State] // the state, for others to read
	pairing atomic.Pointer[pairReport]
}

// New makes a Satellite and opens its socket.
func New(cfg Config) (*Satellite, error) {
	s := &Satellite{cfg: cfg, inbox: newMailbox[any](), chores: newMailbox[func()](), halves: newMailbox[vap.Trace](), tally: newTally(), started: time.Now()}
	s.invite, s.showing, s.asked, s.pairShown, s.rekey = stopped(), stopped(), stopped(), stopped(), stopped()
	s.pairing.Store(new(pairReport))
	s.load()
	if err := s.listen(); err != nil {
		return nil, err
	}
	if err := s.assemble(); err != nil {
		return nil, errors.Join(err, s.endpoint.Close())
	}
	return s, nil
}

func stopped() *time.Timer {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return t
}

// load takes over what was set before the last restart.
func (s *Satellite) load() {
	var err error
	s.settings, err = loadSettings(s.cfg.Settings, settings{Volume: s.cfg.Volume.clamp()})
	if err != nil {
		s.cfg.Logger.Error("settings are lost", "error", err)
	}
	s.state = State{Volume: s.settings.Volume, KeyMuted: s.settings.KeyMuted, NetMuted: s.settings.NetMuted}
	s.publish()
	s.applyVolume()
	for pack, cutoff := range s.settings.Cutoffs {
		if err := s.setCutoff(pack, cutoff); err != nil {
			s.cfg.Logger.Warn("a kept sensitivity is not used", "error", err)
		}
	}
	if s.keys, err = keyring.Open(s.cfg.Pairings); err != nil {
		s.cfg.Logger.Error("the satellite has to be paired again", "error", err)
	}
	timers, err := timer.Open(timer.Config{
		Store: s.cfg.Timers, Clock: s.cfg.Clock, MaxRing: longestRing, Changed: s.timersChanged,
	})
	if err != nil {
		s.cfg.Logger.Error("timers are lost", "error", err)
	}
	s.timers = timers
}

// listen opens the socket, on which the satellite is client and server.
func (s *Satellite) listen() error {
	mux := new(coap.Mux)
	var err error
	s.dtls, err = dtls.Listen(dtls.Config{Addr: s.cfg.Coap.Addr, Conn: s.cfg.Coap.Conn, Plain: true, Logger: s.cfg.Logger})
	if err != nil {
		return fmt.Errorf("satellite: %w", err)
	}
	s.cfg.Coap.Conn = s.dtls
	s.cfg.Coap.Handler = mux.Serve
	s.cfg.Coap.Logger = s.cfg.Logger
	if s.endpoint, err = coap.Listen(s.cfg.Coap); err != nil {
		return fmt.Errorf("satellite: %w", err)
	}
	s.client = clientregistry.NewClient(clientregistry.ClientConfig{
		ID: s.cfg.ID, Name: s.cfg.Name, Capabilities: s.offers(),
		Notified: s.notified, Announced: s.announced, Queried: s.queried, Logger: s.cfg.Logger,
	})
	s.client.Register(mux)
	if s.rotation, err = s.newRotation(); err != nil {
		return errors.Join(fmt.Errorf("satellite: %w", err), s.endpoint.Close())
	}
	s.rotation.Register(mux)
	return nil
}

// assemble makes the parts that don't know each other.
func (s *Satellite) assemble() error {
	raw := audio.NewRing(s.cfg.Capture, rawSeconds*int(s.cfg.Capture.Rate))
	ear := hear.Config{Raw: raw, Channels: s.cfg.Microphones, Sounding: s.sounding, Heard: s.heardWord, NearMiss: func(m hear.NearMiss) { s.misses.take(m) }}
	if s.cfg.Detector != nil {
		ear.Detector = s.cfg.Detector
	}
	var err error
	if s.ear, err = hear.New(ear); err != nil {
		return fmt.Errorf("satellite: %w", err)
	}
	s.misses = newNearMisses(s.ear.Uplink(), s.client.Notify)
	mix := func(audio.Block) {}
	if s.cfg.Speaker != nil {
		mix = s.cfg.Speaker.Mix
	}
	s.sound = sound.New(sound.Config{
		Open: s.cfg.Open, Raw: raw, Mix: mix, Changed: s.deviceChanged, Logger: s.cfg.Logger,
	})
	s.ear.SetOpen(!s.state.Muted())
	s.sound.SetCapture(!s.state.Muted())
	find := s.cfg.Find(s.endpoint, s.keys.Hubs)
	s.pairs = s.newPairs(find)
	s.link = link.New(link.Config{
		Registry: &registry{s.client, s.endpoint, s.dtls, s.keys, make(map[string]int), s.cfg.Logger}, Find: find, Tokens: s.cfg.Tokens,
		Keys: s.keys, Plain: s.plain,
		Network: s.cfg.Network, Changed: s.linkChanged, Logger: s.cfg.Logger,
	})
	s.turns = turn.New(turn.Config{
		Client: s.client, Uplink: s.ear.Uplink(), Speaker: s.cfg.Speaker,
		Opus: s.cfg.Opus, SendOpus: s.sendOpus,
		Carry: func(c vap.Capability) { s.carry(c, true) }, Observer: observer{s}, Over: s.traced,
		Longest: LongestUtterance, Logger: s.cfg.Logger,
	})
	s.announcer = s.newAnnouncer()
	s.lights = newLights(s.cfg.Hardware.Pixels, s.cfg.Board.LEDs != nil && s.cfg.Board.LEDs.Ring, s.level, s.cfg.Logger)
	s.lights.change(func(v *View) { v.State = s.state })
	s.reporter = &reporter{satellite: s, bell: make(chan struct{}, 1)}
	return nil
}

// Address is the address and port of the socket.
func (s *Satellite) Address() string { return s.endpoint.LocalAddr().String() }

// Close gives the socket back of a Satellite that was never run.
func (s *Satellite) Close() error { return s.endpoint.Close() }

// Run is the satellite's life, until ctx ends. It returns early, with an error that is
// audio.ErrStuck, when only a new process helps, and with sound.ErrChanged or ErrReset
// when a new Satellite does. The hardware is dark then, and closed by whoever opened it.
func (s *Satellite) Run(ctx context.Context) error {
	inner, cancel := context.WithCancelCause(ctx)
	s.end = cancel
	if s.cfg.Unencrypted {
		s.cfg.Logger.Warn("OPEN MODE: the satellite goes to any hub without encryption, and everybody on the network can " +
			"listen and take its place. Pair it ('vapd satellite pair') and set security = \"paired\".")
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := s.sound.Run(inner); err != nil {
			cancel(err)
		}
	})
	if s.cfg.Logs != nil {
		wg.Go(func() { s.cfg.Logs.Run(inner, s.takesLogs, s.client.Notify) })
	}
	if s.cfg.Network != nil {
		wg.Go(func() { s.cfg.Network.Run(inner) })
	}
	for _, run := range []func(context.Context){
		s.ear.Run, s.timers.Run, s.link.Run, s.lights.run, s.reporter.run, s.sendTraces, s.misses.run, s.doChores, s.watchKeys, s.watchSwitch,
	} {
		wg.Go(func() { run(inner) })
	}
	s.own(inner)
	s.misses.allow(false)
	err := context.Cause(inner)
	s.turns.Close()
	s.announcer.Close()
	s.pairs.Close()
	s.goodbye()
	cancel(nil)
	wg.Wait()
	s.rotation.Close()
	if errors.Is(err, ErrReset) {
		err = errors.Join(err, s.forget())
	}
	if ctx.Err() != nil && !errors.Is(err, audio.ErrStuck) {
		err = nil
	}
	return errors.Join(err, s.endpoint.Close())
}

// goodbye tells the hub that the satellite goes, if it is there to hear it.
func (s *Satellite) goodbye() {
	if s.link.Status().State != link.Up {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), goodbyeWait)
	defer cancel()
	if err := s.client.Close(ctx); err != nil {
		s.cfg.Logger.Debug("the hub did not hear the goodbye", "error", err)
	}
}

// own owns the state: what happens comes in as messages, and what follows is begun
// here and never waited for.
func (s *Satellite) own(ctx context.Context) {
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.inbox.bell:
			for _, m := range s.inbox.take() {
				s.handle(m)
			}
		case <-s.invite.C:
			s.inviteToSpeak()
		case <-s.showing.C:
			s.lights.change(func(v *View) { v.ShowVolume = false })
		case <-s.asked.C:
			s.lights.change(func(v *View) { v.Asked = nil })
		case <-s.pairShown.C:
			s.step(PairSeen{})
		case <-s.rekey.C:
			s.useNewKey()
		case <-alive.C:
			if s.cfg.Alive != nil {
				s.cfg.Alive()
			}
		}
	}
}

// handle takes one message: an Event, or what becomes one only here, where the state is.
func (s *Satellite) handle(m any) {
	switch m := m.(type) {
	case Event:
		s.step(m)
	case hal.Gesture:
		if e, ok := pressed(s.cfg.Board, m, s.state.mode(s.cfg.Clock.Uptime())); ok {
			s.step(e)
		}
	case asking:
		s.obey(m)
	case func():
		m()
	}
}

// step lets the policy decide what e changes, and carries it out.
func (s *Satellite) step(e Event) {
	next, commands := s.state.Next(e)
	if next != s.state {
		s.state = next
		s.publish()
		s.lights.change(func(v *View) { v.State = next })
		s.misses.allow(next.sendsNearMisses() && s.cfg.Hardware.Pixels.Len() > 0)
	}
	s.keep()
	for _, c := range commands {
		s.carryOut(c)
	}
}

func (s *Satellite) publish() {
	state := s.state
	s.seen.Store(&state)
}

// keep saves the settings if they changed.
func (s *Satellite) keep() {
	now := s.settings
	now.Volume, now.KeyMuted, now.NetMuted = s.state.Volume, s.state.KeyMuted, s.state.NetMuted
	if now.Volume == s.settings.Volume && now.KeyMuted == s.settings.KeyMuted && now.NetMuted == s.settings.NetMuted {
		return
	}
	s.settings = now
	s.save()
}

func (s *Satellite) save() {
	now := s.settings
	s.chore(func() {
		if s.unsaved = now.save(s.cfg.Settings); s.unsaved != nil {
			s.cfg.Logger.Error("settings are not saved: after a restart they will be those of before", "error", s.unsaved)
		}
	})
}

// chore has f done on the goroutine that may wait, mostly for the disk.
func (s *Satellite) chore(f func()) {
	if !s.chores.put(f) {
		s.cfg.Logger.Error("the disk is too slow: something was not done")
	}
}

// doChores does what takes its time, in order, and at the end what is left.
func (s *Satellite) doChores(ctx context.Context) {
	for {
		for _, f := range s.chores.take() {
			f()
		}
		select {
		case <-s.chores.bell:
		case <-ctx.Done():
			for _, f := range s.chores.take() {
				f()
			}
			return
		}
	}
}
