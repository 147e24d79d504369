package homeassistant_test

import (
	"context"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/hub/skills"
	"vapd/protocol/vap"
	"vapd/skill"
	"vapd/skill/builtin/homeassistant"
	"vapd/skill/builtin/homeassistant/hatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// home is a house, the skill that speaks of it, and the part of a hub that understands, in
// time that is not real.
type home struct {
	*hatest.Server
	hub *skills.Skills
	log *record
}

// satellites are two: that of the kitchen, and one that is in no room.
type satellites struct{}

func (satellites) Notify(context.Context, string, ...vap.Capability) error { return nil }
func (satellites) Connected(string) bool                                   { return true }
func (satellites) Known(string) bool                                       { return true }

func (satellites) Query(context.Context, string, ...vap.Capability) []vap.QueryResult { return nil }

func (satellites) System(asked vap.Capability) (vap.Capability, bool) {
	return vap.Capability{Name: asked.Name, Fields: map[string]any{"clients": []any{
		map[string]any{"id": "kitchen", "name": "Kitchen Pi", "connected": true},
		map[string]any{"id": "anywhere", "name": "raspberry", "connected": true},
	}}}, asked.Name == "clients"
}

// nothing keeps nothing.
type nothing struct{}

func (nothing) All() iter.Seq2[string, []byte] { return func(func(string, []byte) bool) {} }
func (nothing) Apply(map[string][]byte) error  { return nil }

// record keeps what is logged.
type record struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

const secret = "a long-lived token"

// live runs a home for as long as test does.
func live(t *testing.T, house hatest.House, change func(*homeassistant.Config), test func(*testing.T, *home)) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "token")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		h := &home{Server: hatest.New(secret, house), log: new(record)}
		logger := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		h.hub = newHub(t, logger)
		pipe := hatest.NewPipe()
		cfg := homeassistant.Config{URL: "http://home.example:8123", TokenFile: file, Logger: logger, Dial: pipe.Dial}
		if change != nil {
			change(&cfg)
		}
		s, err := homeassistant.New(cfg, skill.State(dir), skill.Log(logger), skill.Via(h.hub.Connect))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { h.hub.Run(ctx) })
		wg.Go(func() { _ = h.Serve(pipe) }) // until the pipe is closed
		wg.Go(func() {
			if err := s.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		test(t, h)
		if strings.Contains(h.log.String(), secret) {
			t.Error("the token is in the log")
		}
		cancel()
		pipe.Close()
		h.Drop()
		h.hub.Close()
		wg.Wait()
	})
}

// newHub is the part of a hub that understands.
func newHub(t *testing.T, logger *slog.Logger) *skills.Skills {
	t.Helper()
	hub, err := skills.New(skills.Config{
		HubID: "org.vapd.hub.test", Satellites: satellites{}, Outbox: nothing{},
		May: func(string, string) bool { return false }, Logger: logger, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return hub
}

// say is what a satellite answers to a sentence.
func (h *home) say(t *testing.T, satellite, sentence string) skills.Reply {
	t.Helper()
	return h.hub.Answer(t.Context(), skills.Said{Client: satellite, Text: sentence, Language: "en-US"})
}

// called are the services that were called, one a line.
func (h *home) called() string {
	var out []string
	for _, c := range h.Calls() {
		out = append(out, c.String())
	}
	return strings.Join(out, "\n")
}
