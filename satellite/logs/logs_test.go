package logs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/protocol/vap"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hub takes lines, while it is there.
type hub struct {
	mu    sync.Mutex
	away  bool
	lines []vap.Log
	sends int
}

func (h *hub) up() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.away
}

func (h *hub) take(_ context.Context, capabilities ...vap.Capability) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.away {
		return errors.New("no reply")
	}
	h.sends++
	for _, c := range capabilities {
		l, err := vap.ParseLog(c)
		if err != nil {
			return err
		}
		h.lines = append(h.lines, l)
	}
	return nil
}

func (h *hub) go1(away bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away = away
}

func (h *hub) got() []vap.Log {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lines
}

// run runs a Sender in a bubble until act returns.
func run(t *testing.T, level slog.Level, act func(*slog.Logger, *hub, *bytes.Buffer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(30 * 365 * 24 * time.Hour) // the bubble's clock begins in 2000
		s, h, local := New(level), new(hub), new(bytes.Buffer)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.Run(ctx, h.up, h.take); close(done) }()
		act(slog.New(s.Handler(slog.NewTextHandler(local, nil))), h, local)
		cancel()
		<-done
	})
}

func TestLinesReachTheHub(t *testing.T) {
	run(t, slog.LevelWarn, func(log *slog.Logger, h *hub, local *bytes.Buffer) {
		log.With("part", "link").WithGroup("hub").Warn("lost", "address", "192.0.2.1", slog.Group("why", "n", 3))
		log.Info("here only")
		time.Sleep(10 * time.Second)
		if got := h.got(); len(got) != 1 || got[0].Message != "lost part=link hub.address=192.0.2.1 hub.why.n=3" ||
			got[0].Level != slog.LevelWarn || time.Since(got[0].At) != 10*time.Second {
			t.Errorf("%+v", got)
		}
		if !strings.Contains(local.String(), "here only") || !strings.Contains(local.String(), "lost") {
			t.Errorf("the log here: %s", local)
		}
	})
}

// What was said and what opens doors stays here, however it is passed.
func TestSecretsStayHere(t *testing.T) {
	run(t, slog.LevelDebug, func(log *slog.Logger, h *hub, _ *bytes.Buffer) {
		log.Error("x", "heard", "SECRET", "n", 1, slog.Group("turn", "answer", "SECRET", "ok", true))
		log.With("token", "SECRET").Error("y", "Key", "SECRET")
		log.WithGroup("key").Error("z", "value", "SECRET")
		time.Sleep(10 * time.Second)
		if got := fmt.Sprint(h.got()); strings.Contains(got, "SECRET") || !strings.Contains(got, "x n=1 turn.ok=true") {
			t.Errorf("%s", got)
		}
	})
}

// While the hub is away the last lines wait, and keep their times; what did not fit is
// counted.
func TestTheHubIsAway(t *testing.T) {
	run(t, slog.LevelInfo, func(log *slog.Logger, h *hub, _ *bytes.Buffer) {
		h.go1(true)
		began := time.Now()
		for i := range maxLines + 20 {
			log.Info(fmt.Sprint("line ", i))
			time.Sleep(time.Second)
		}
		h.go1(false)
		time.Sleep(2 * time.Minute)
		got := h.got()
		if len(got) != maxLines || got[0].Message != "(20 lines before are lost) line 20" || !got[0].At.Equal(began.Add(20*time.Second).Truncate(time.Microsecond)) {
			t.Fatalf("%d lines, the first is %+v", len(got), got[0])
		}
		for i, l := range got[1:] {
			if l.Message != fmt.Sprint("line ", i+21) {
				t.Fatalf("line %d is %q", i+21, l.Message)
			}
		}
	})
}

// A talkative log is slowed down, and long lines are cut.
func TestTalkative(t *testing.T) {
	run(t, slog.LevelInfo, func(log *slog.Logger, h *hub, _ *bytes.Buffer) {
		for range 10_000 {
			log.Info(strings.Repeat("\u00e4", 1000))
			time.Sleep(time.Millisecond)
		}
		h.mu.Lock()
		sends := h.sends
		h.mu.Unlock()
		if sends > 45 || len(h.got()) > 45*perSend {
			t.Errorf("%d sends of %d lines in 10 s", sends, len(h.got()))
		}
		for _, l := range h.got() {
			if len(l.Message) > maxText+50 {
				t.Fatalf("a line of %d bytes", len(l.Message))
			}
		}
	})
}
