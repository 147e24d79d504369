package hub

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"vapd/hub/clients"
	"vapd/hub/focus"
	"vapd/hub/logs"
	"vapd/hub/people"
	"vapd/hub/recordings"
	"vapd/hub/session"
	"vapd/hub/skills"
	"vapd/hub/speech"
	"vapd/hub/store"
	"vapd/internal/trace"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
	"vapd/wakeword/verify"
)

// Config is what a Hub needs.
type Config struct {
	// ID tells this hub from others, whatever its name and address.
	ID, Name string
	Locales  []string // BCP 47
	// Listen is the address for plain CoAP, ListenDTLS that for CoAP over DTLS; Groups
	// answers multicast discovery.
	Listen, ListenDTLS netip.AddrPort
	Groups             bool
	// Conn and ConnDTLS, if not nil, take the place of sockets at these addresses: another
	// network, without multicast. Run closes them.
	Conn, ConnDTLS coap.PacketConn
	// Open lets clients in that are not paired, without encryption, from wherever they are.
	Open bool
	// Local reports whether who sends from an address is on the hub's own machine: clients
	// there need no encryption.
	Local      func(netip.Addr) bool
	MaxClients int
	// MaxSessions bounds the conversations at one time.
	MaxSessions int

	Registry *clients.Registry
	// SkillRegistry knows the skills as Registry knows the satellites, and Grants what they
	// may.
	SkillRegistry *clients.Registry
	Grants        *skills.Grants
	// Quiet reports whether skills may not disturb anybody on their own at a time; nil: never.
	Quiet func(time.Time) bool
	// SkillForm is how a skill wants its messages; nil: as maps.
	SkillForm func(skill string) vap.Form
	// Store keeps the timers that satellites report, and what Registry knows.
	Store *store.Store
	// Folder is where the hub's files are, for the command line.
	Folder string
	// Audit keeps who was let in and shut out; nil: nobody does.
	Audit Auditor
	// Recordings keeps what people say, and Wakes what the second look rejects and what
	// satellites nearly took for their words, while they allow it; nil: nothing is ever kept.
	Recordings, Wakes *recordings.Keeper
	// Window is how long satellites that woke for the same words are waited for.
	Window time.Duration
	// People knows voices; nil: nobody's. With RequireSpeaker, a confidence from 0 to 1,
	// who is not known so well is refused; 0 refuses nobody.
	People         *people.People
	RequireSpeaker float64

	Recognizer  speech.Recognizer
	Synthesizer speech.Synthesizer
	Voice       string
	Endpoint    speech.EndpointConfig
	// SetGrammar has the recognizer listen for other sentences; nil where it hears whatever
	// is said.
	SetGrammar func(context.Context, speech.Grammar) error
	Engines    func() []speech.Health
	Codecs     session.Codecs
	// SecondLook has the models that look again at wake words; nil: clients are believed.
	SecondLook *verify.Verifier

	Logger *slog.Logger
	Now    func() time.Time
}

func (c *Config) keys() keys { return keys{clients: c.Registry, skills: c.SkillRegistry} }

// Hub is the hub. Make it with New, then call Run once.
type Hub struct {
	cfg      Config
	log      *slog.Logger
	server   *clientregistry.Server
	doors    doors
	skills   *skills.Skills
	learnt   chan struct{} // one slot: skills have other sentences
	said     lastWords
	engaged  engaged
	pairing  *pairing.Server
	desk     desk
	referee  *referee
	mirror   *mirror
	watchers watchers
	traces   trace.Ring
	latencies
	connects chan connecting
	journal  *journal
	recorder *recorder
	looks    looks
	near     *nearMisses
	logs     logs.Logs  // of the satellites
	deciding sync.Mutex // held while clients are let in or shut out: neither overtakes the other
	started  time.Time

	ctx      context.Context // of the sessions
	cancel   context.CancelFunc
	wg       sync.WaitGroup // sessions
	sessions atomic.Int64
	counts   counts
}

type counts struct{ heard, understood, rejected, failed, focusLost, wakeRejected atomic.Int64 }

// New opens the hub's socket. Clients are answered from then on.
func New(cfg Config) (*Hub, error) {
	h := &Hub{
		cfg: cfg, log: cfg.Logger,
		referee:  newReferee(cfg.Window),
		mirror:   newMirror(cfg.Store.Bucket(store.Timers), cfg.Logger, cfg.Now()),
		connects: make(chan connecting, maxConnecting),
		desk:     desk{now: cfg.Now}, latencies: newLatencies(),
		journal: newJournal(cfg.Audit, cfg.Now), learnt: make(chan struct{}, 1),
		started: cfg.Now(), near: newNearMisses(), said: newLastWords(), engaged: newEngaged(),
	}
	h.recorder = newRecorder(cfg.Recordings, cfg.Wakes, h.tellRecording, h.log)
	h.ctx, h.cancel = context.WithCancel(context.Background())
	if err := h.open(); err != nil {
		h.cancel()
		return nil, fmt.Errorf("hub: %w", err)
	}
	if cfg.Open {
		warnOpen(h.log, h.Addr())
	}
	h.journal.failed = func() uint64 { return h.doors.transport.Stats().Failed }
	h.auditStart()
	return h, nil
}

// open opens what clients and skills come in by; of what it opened nothing stays open when
// it fails.
func (h *Hub) open() (err error) {
	var opened []func()
	defer func() {
		if err != nil {
			for _, closeIt := range slices.Backward(opened) {
				closeIt()
			}
		}
	}()
	h.pairing, err = pairing.NewServer(pairing.Config{
		HubID: h.cfg.ID, HubName: h.cfg.Name, Keys: h.cfg.keys(), Told: h.pairingTold, Logger: h.log,
	})
	if err != nil {
		return err
	}
	opened = append(opened, h.pairing.Close)
	if h.skills, err = h.newSkills(); err != nil {
		return err
	}
	opened = append(opened, h.skills.Close)
	transport, err := listenDTLS(h.cfg)
	if err != nil {
		return err
	}
	h.server = clientregistry.NewServer(clientregistry.ServerConfig{
		Policy: h, ID: h.cfg.ID, Name: h.cfg.Name, Secured: transport.LocalAddr().Port(),
		Logger: h.log, MaxClients: h.cfg.MaxClients,
	})
	opened = append(opened, h.server.Close)
	h.doors, err = openDoors(h.cfg, transport, []registrar{h.skills, h.server}, h.pairing) // owns transport
	return err
}

// Addr is the address for plain CoAP.
func (h *Hub) Addr() netip.AddrPort { return h.doors.plain.LocalAddr() }

// AddrDTLS is the address for CoAP over DTLS.
func (h *Hub) AddrDTLS() netip.AddrPort { return h.doors.secured.LocalAddr() }

// Run serves until ctx ends; then it ends every session and closes the socket.
func (h *Hub) Run(ctx context.Context) error {
	h.wg.Go(func() { h.mirror.run(ctx) })
	h.wg.Go(func() { h.journal.run(ctx) })
	h.wg.Go(func() { h.runRecorder(ctx) })
	h.wg.Go(func() { h.runNearMisses(ctx) })
	h.wg.Go(func() { h.skills.Run(ctx) })
	h.wg.Go(func() { h.listenForSkills(ctx) })
	h.wg.Go(func() { h.askAgain(ctx) })
	h.runConnects(ctx)
	h.cancel()
	h.referee.close()
	h.server.Close()
	h.skills.Close()
	h.pairing.Close()
	err := h.doors.close()
	h.wg.Wait()
	h.journal.finish()
	return err
}

// offers is what the hub can do, as clients are told.
func (h *Hub) offers() []vap.Offer {
	return []vap.Offer{
		{Name: vap.CapSound, Version: 1, Stream: true, Codecs: append(h.cfg.Codecs.Names(), vap.CodecPCM)},
		{Name: vap.CapWakeword, Version: 1},
		{Name: vap.CapText, Version: 1},
		{Name: vap.CapChime, Version: 1},
		{Name: vap.CapTimer, Version: vap.TimerPauses},
		{Name: vap.CapVolume, Version: 1},
		{Name: vap.CapLog, Version: 1},
		{Name: vap.CapTrace, Version: 1},
		{Name: vap.CapNearMiss, Version: 1},
	}
}

// Started begins a conversation (clientregistry.Policy).
func (h *Hub) Started(s *clientregistry.Session, start vap.SessionStart) (clientregistry.SessionHandler, error) {
	client := s.Client()
	if h.sessions.Add(1) > int64(h.cfg.MaxSessions) {
		h.sessions.Add(-1)
		return nil, h.refuse(client.ID, &vap.Error{Code: codes.TooManyRequests, Type: vap.TypeTooManyClients, RetryAfter: 5 * time.Second})
	}
	cfg := h.sessionConfig(client.ID)
	if h.recorder.mayRecord(client.ID) && h.recorder.shows(client.ID).recorded {
		s.Recorded()
	}
	conversation, err := session.New(cfg, remote{s, h.woke(client.ID, start)}, start)
	if err != nil {
		h.sessions.Add(-1)
		return nil, err
	}
	key := fmt.Sprintf("%s/%d", client.ID, s.ID())
	wake := conversation.Wake()
	h.referee.offer(focus.Bid{
		Session: key, Client: client.ID, Word: wake.Word, Score: wake.Score,
		SNR: wake.SNR, Level: wake.Level, Attack: wake.Attack,
	}, start.At, time.Now(), h.server.Count() < 2, conversation.Decide)
	h.wg.Go(func() {
		defer h.sessions.Add(-1)
		defer h.referee.withdraw(key)
		conversation.Run(h.ctx)
	})
	return conversation, nil
}

func (h *Hub) refuse(client string, e *vap.Error) error {
	h.report(control.HubEvent{Kind: control.EventRefused, Client: client, Why: e.Type})
	return e
}

func (h *Hub) sessionConfig(client string) session.Config {
	now := h.cfg.Now()
	cfg := session.Config{
		Recognizer: h.cfg.Recognizer, Mouth: h.mouth(),
		Endpoint: h.cfg.Endpoint, Respond: h.respond, Codecs: h.cfg.Codecs,
		Looked: h.looked(client, now), Record: h.recorder.of(client, now), Report: h.report, Traces: &h.traces, Logger: h.log,
	}
	cfg.RequireSpeaker = h.cfg.RequireSpeaker
	if h.cfg.People != nil {
		cfg.Voices = h.cfg.People
	}
	if h.cfg.SecondLook != nil {
		cfg.Look = h.look
	}
	return cfg
}

func (h *Hub) mouth() session.Mouth {
	return session.Mouth{Synthesizer: h.cfg.Synthesizer, Voice: h.cfg.Voice, Codecs: h.cfg.Codecs}
}

// respond makes the reply to what a client's user said.
func (h *Hub) respond(ctx context.Context, u session.Utterance) session.Reply {
	r, _ := h.understand(ctx, u)
	return r
}

// understand is the reply, and the skill that made it; "" is none.
func (h *Hub) understand(ctx context.Context, u session.Utterance) (reply session.Reply, skill string) {
	r := h.skills.Answer(ctx, skills.Said{Client: u.Client, Offers: u.Offers, Text: u.Text, Language: h.cfg.Locales[0], By: u.By})
	h.said.note(u.Client, r.Say)
	return session.Reply{Say: r.Say, Do: r.Do, Again: r.Again, Understood: r.Understood}, r.Skill
}

// report counts what a session tells, and passes it on.
func (h *Hub) report(e control.HubEvent) {
	switch {
	case e.Kind == control.EventFailed:
		h.counts.failed.Add(1)
		h.log.Warn("turn failed", "client", e.Client, "turn", e.Turn, "why", e.Why)
	case e.Kind == control.EventRefused:
		switch e.Why {
		case vap.TypeFocusLost:
			h.counts.focusLost.Add(1)
		case vap.TypeWakewordRejected:
			h.counts.wakeRejected.Add(1)
		case vap.TypeUserNotAuthorized:
			h.speakerRefused(e.Client)
		}
		h.log.Info("session refused", "client", e.Client, "why", e.Why, "object", e.Object)
	case e.Kind == control.EventAnswered:
		h.counts.heard.Add(1)
		h.observe(e)
		if e.Understood {
			h.counts.understood.Add(1)
		} else if e.Answer != "" {
			h.counts.rejected.Add(1)
		}
		h.log.Info("turn answered", "client", e.Client, "turn", e.Turn, "understood", e.Understood,
			"transcript_ms", e.Transcript, "first_audio_ms", e.FirstAudio, "lost", e.Lost)
		h.tellTurn(e)
		// What people say at home is not for a journal that others read.
		h.log.Debug("what was said", "client", e.Client, "turn", e.Turn, "heard", e.Heard, "answer", e.Answer,
			"speaker", e.Speaker, "confidence", e.Confidence)
	}
	h.watchers.tell(e)
}

// Watch calls tell for what happens from now on, until stop is called. tell must not
// block; it is called from several goroutines, one at a time.
func (h *Hub) Watch(tell func(control.HubEvent)) (stop func()) { return h.watchers.add(tell) }

// Notified takes what a client reports of itself (clientregistry.Policy).
func (h *Hub) Notified(c clientregistry.ClientInfo, capabilities []vap.Capability, reply func(error)) {
	for _, cap := range capabilities {
		if err := h.notified(c.ID, cap); err != nil {
			// A client sends as many as it likes: no more than debugging is worth.
			h.log.Debug("a client's report is not understood", "client", c.ID, "capability", cap.Name, "error", err)
		}
	}
	h.mirror.whenKept(c.ID, func(err error) {
		if err != nil {
			err = &vap.Error{Code: codes.ServiceUnavailable, Type: vap.TypeBusy, RetryAfter: keepAgain}
		}
		reply(err)
	})
}

func (h *Hub) notified(client string, c vap.Capability) error {
	switch c.Name {
	case vap.CapTimer:
		timers, err := vap.ParseTimers(c)
		if err == nil {
			h.tellTimers(client, h.mirror.timers(client, h.cfg.Now()), timers)
			h.mirror.setTimers(client, timers, h.cfg.Now())
		}
		return err
	case vap.CapVolume:
		v, err := vap.ParseVolume(c)
		if err == nil {
			h.mirror.setVolume(client, v)
		}
		return err
	case vap.CapTrace:
		return h.traced(client, c)
	case vap.CapNearMiss:
		return h.nearMissed(client, c)
	case vap.CapLog:
		l, err := vap.ParseLog(c)
		if err == nil {
			h.log.Debug("a client says", "client", client, "level", l.Level, "text", l.Message)
			h.logs.Add(logs.Line{Received: h.cfg.Now(), At: l.At, Client: client, Level: l.Level, Text: l.Message})
		}
		return err
	}
	return nil
}

// Joined and Left pass on who is there (clientregistry.Policy).
func (h *Hub) Joined(c clientregistry.ClientInfo) {
	h.log.Info("client connected", "client", c.ID, "address", c.Peer.Addr())
	h.recorder.joined(c)
	h.skills.Joined(c.ID)
	h.tellSkills(vap.EventClientJoined, c.ID, map[string]any{"name": c.Name})
	h.watchers.tell(control.HubEvent{Kind: control.EventJoined, Client: c.ID, Name: c.Name, Address: c.Peer.Addr().String()})
}

// Left is told when a client is gone.
func (h *Hub) Left(c clientregistry.ClientInfo, why error) {
	reason := "it said goodbye"
	if why != nil {
		reason = why.Error()
	}
	h.log.Info("client left", "client", c.ID, "why", reason)
	h.referee.forget(c.ID)
	h.recorder.left(c)
	h.tellSkills(vap.EventClientLeft, c.ID, map[string]any{"name": c.Name})
	h.watchers.tell(control.HubEvent{Kind: control.EventLeft, Client: c.ID, Why: reason})
}

// remote gives a session the client registry's session, behind its own interface.
type remote struct {
	*clientregistry.Session
	granted func()
}

// Grant says whose the session is.
func (r remote) Grant() {
	r.Session.Grant()
	r.granted()
}

func (r remote) Stream(codec string, rate int) session.Stream { return r.Session.Stream(codec, rate) }

var errNoClient = errors.New("no such client: 'vapd hub clients list' names all")
