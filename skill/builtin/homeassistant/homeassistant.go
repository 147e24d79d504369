// Package homeassistant is a skill that lets people talk with the house that Home Assistant
// runs: "turn off the lights in the kitchen", "is the front door locked".
//
// It learns the names of areas and entities, and learns anew when they change. Services are
// called for single entities, never for areas: a house has entities that its owner wants
// nobody to speak of (hidden ones, and those that are not exposed to assistants).
package homeassistant

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"

	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/builtin/homeassistant/api"
)

//go:embed *.toml
var manifest embed.FS

// ID is the skill's.
const ID = "org.vapd.home-assistant"

// What the owner may allow (Config.Allow).
const (
	AllowUnlock = "unlock" // unlock locks
	AllowGarage = "garage" // open garage doors, gates and doors that are covers
)

// Config is what the skill needs.
type Config struct {
	URL       string   // of Home Assistant, as people open it
	TokenFile string   // with a long-lived access token; nobody else should be able to read it
	Allow     []string // what lets people into the house
	Logger    *slog.Logger
	Dial      func(ctx context.Context, network, address string) (net.Conn, error) // nil: net.Dialer
}

// Skill is the skill. Make it with New, and Run it.
type Skill struct {
	*skill.Skill
	cfg      Config
	client   *api.Client
	handlers map[string]skill.Handler
	started  chan struct{}                // closed when the hub knows the skill
	asked    skill.Recent[*skill.Request] // what somebody was asked a room for

	mu      sync.Mutex
	house   *house // nil before the first connection
	states  states
	learnt  vap.NLU
	words   map[string]bool // of learnt, but for names of things
	starts  bool            // Home Assistant does
	changed chan struct{}   // holds one when the house has to be looked at again
}

// New makes the skill. The error says what is wrong with cfg.
func New(cfg Config, options ...func(*skill.Config)) (*Skill, error) {
	for _, a := range cfg.Allow {
		if a != AllowUnlock && a != AllowGarage {
			return nil, fmt.Errorf("home assistant: nothing is called %q that could be allowed: use %q and %q", a, AllowUnlock, AllowGarage)
		}
	}
	s := &Skill{
		Skill: skill.New(ID, manifest, options...), cfg: cfg,
		started: make(chan struct{}), changed: make(chan struct{}, 1), asked: skill.Recent[*skill.Request]{Age: patience},
	}
	var err error
	if s.client, err = cfg.client(s.serve); err != nil {
		return nil, err
	}
	s.handlers = map[string]skill.Handler{
		"turn": s.turn, "level": s.level, "dim": s.dim, "colour": s.colour, "move": s.move, "temperature": s.temperature,
		"warmer": s.warmer, "activate": s.activate, "lock": s.lock, "unlock": s.unlock, "play": s.play,
		"is": s.is, "which": s.which, "is_open": s.isOpen, "which_open": s.whichOpen, "measure": s.measure,
		"reading": s.reading, "status": s.status, "answer": s.answer,
	}
	for intent, h := range s.handlers {
		s.Handle(intent, s.ready(h))
	}
	s.CanAnswer(s.can)
	start := sync.OnceFunc(func() { close(s.started) })
	s.On(vap.EventStarted, func(context.Context, *skill.Request) (skill.Answer, error) {
		start()
		return skill.Answer{}, nil
	})
	return s, nil
}

// Run serves the hub, and keeps a connection with Home Assistant, until ctx ends. It returns
// what skill.Run does.
func (s *Skill) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { s.client.Run(ctx) })
	return s.Skill.Run(ctx)
}

func (c Config) client(serve func(context.Context, *api.Conn) error) (*api.Client, error) {
	return api.New(api.Config{URL: c.URL, Token: c.token, Serve: serve, Dial: c.Dial, Logger: c.Logger})
}

// errTried is that a connection has served its purpose.
var errTried = errors.New("home assistant: tried")

// Try connects once, and says how much of the house can be spoken of, or what is wrong.
func Try(ctx context.Context, cfg Config) (areas, entities int, err error) {
	client, err := cfg.client(func(ctx context.Context, c *api.Conn) error {
		started, err := api.Started(ctx, c)
		if err == nil && !started {
			err = errors.New("home assistant: it is starting: try again in a minute")
		}
		if err != nil {
			return err
		}
		all, err := api.Load(ctx, c, speakable)
		if err != nil {
			return err
		}
		h := newHouse(all)
		areas, entities = len(h.areas), len(h.entities)
		return errTried
	})
	if err != nil {
		return 0, 0, err
	}
	if err := client.Once(ctx); !errors.Is(err, errTried) {
		return 0, 0, err
	}
	return areas, entities, nil
}

// token reads the token file.
func (c Config) token() (string, error) {
	info, err := os.Stat(c.TokenFile)
	if err != nil {
		return "", fmt.Errorf("home assistant: the token file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		c.Logger.Warn("others can read home assistant's token, and with it rule the house", "file", c.TokenFile, "remedy", "chmod 600 "+c.TokenFile)
	}
	if info.Size() > maxToken {
		return "", fmt.Errorf("home assistant: the token file %s has %d bytes: want a token alone", c.TokenFile, info.Size())
	}
	data, err := os.ReadFile(c.TokenFile)
	if err != nil {
		return "", fmt.Errorf("home assistant: the token file: %w", err)
	}
	token := strings.TrimSpace(string(data))
	if token == "" {
		return "", fmt.Errorf("home assistant: the token file %s is empty: make a long-lived access token in your profile in home assistant", c.TokenFile)
	}
	return token, nil
}

// maxToken is the size of a token file, in bytes; tokens have about 200.
const maxToken = 4096

func (s *Skill) allows(what string) bool { return slices.Contains(s.cfg.Allow, what) }

// ready has h answer only where there is a house.
func (s *Skill) ready(h skill.Handler) skill.Handler {
	return func(ctx context.Context, r *skill.Request) (skill.Answer, error) {
		switch why := s.client.Connected(); {
		case why == nil && s.starting():
			return skill.Say("Home Assistant is starting. Please try again in a minute."), nil
		case why != nil || s.current() == nil:
			return away(why), nil
		}
		return h(ctx, r)
	}
}

// away is the answer without a connection.
func away(why error) skill.Answer {
	if errors.Is(why, api.ErrToken) {
		return skill.Say("Home Assistant does not accept the hub's token.")
	}
	return skill.Say("Home Assistant can not be reached.")
}

// current is the house; nil where there is none yet.
func (s *Skill) current() *house {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.house
}

// can is how well a request can be answered: a room that nobody was asked for is no answer.
func (s *Skill) can(_ context.Context, r *skill.Request) float64 {
	if _, asked := s.asked.Last(r.Client, s.Now()); r.Intent == "answer" && !asked {
		return 0
	}
	return 1
}
