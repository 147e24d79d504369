package hub

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode"

	"vapd/hub/api"
	"vapd/hub/recordings"
	"vapd/protocol/control"
	"vapd/protocol/vap"
)

// Whatever a satellite writes into its log is harmless to who reads it.
func TestHostileLogLines(t *testing.T) {
	h := start(t, "", nil)
	s := connect(t, h, "org.example.hall")
	for _, text := range []string{"\x1b[2Jgone", "\u202eexe.txt", strings.Repeat("\x00", 5000)} {
		if err := s.Notify(t.Context(), vap.Log{Level: slog.LevelWarn, Message: text}.Capability()); err != nil {
			t.Fatal(err)
		}
	}
	all := h.logs.List("org.example.hall", slog.LevelInfo)
	for _, l := range all {
		if strings.ContainsFunc(l.Text, func(r rune) bool { return !unicode.IsPrint(r) }) || len(l.Text) > 2000 {
			t.Errorf("%.100q", l.Text)
		}
	}
	if len(all) != 3 || !strings.Contains(all[0].Text, "gone") {
		t.Errorf("%d lines", len(all))
	}
	if _, err := h.Do(t.Context(), owner, api.ForgetClient{ID: "org.example.hall"}); err != nil {
		t.Fatal(err)
	}
	if all := h.logs.List("", slog.LevelDebug); len(all) != 0 {
		t.Errorf("forgotten, and its log is there: %d lines", len(all))
	}
}

func TestPrivacyCommands(t *testing.T) {
	dir, log := t.TempDir(), new(fakeAuditor)
	keeper, err := recordings.Open(recordings.Config{
		Dir: dir, MaxBytes: 1 << 20, MaxAge: time.Hour, Now: time.Now, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	h := start(t, "what time is it", func(c *Config) { c.Recordings, c.Audit = keeper, log })
	s := connect(t, h, "org.example.hall") // it does not list recording
	do := func(c api.Command) (api.Result, error) { return h.Do(t.Context(), owner, c) }
	look := func() control.HubPrivacy {
		r, err := do(api.ShowPrivacy{})
		if err != nil {
			t.Fatal(err)
		}
		return r.(control.HubPrivacy)
	}
	if v := look(); v.Recording || v.MaxBytes != 1<<20 || v.KeepSeconds != 3600 {
		t.Errorf("%+v", v)
	}
	if _, err := do(api.StartRecording{Clients: []string{"nobody"}}); !errors.Is(err, errNoClient) || look().Recording {
		t.Errorf("recording of nobody: %v", err)
	}
	if _, err := do(api.StartRecording{By: "ann", For: time.Hour}); err != nil {
		t.Fatal(err)
	}
	if v := look(); !v.Recording || v.By != "ann" || v.Until.Sub(v.Since) != time.Hour || len(v.Unable) != 1 {
		t.Errorf("%+v", v)
	}
	if _, err := say(t, s.wake(10)); err != nil {
		t.Fatal(err)
	}
	if v := look(); v.Recordings != 0 {
		t.Errorf("recorded unseen: %+v", v)
	}
	log.mu.Lock()
	log.full = true
	log.mu.Unlock()
	if _, err := do(api.StartRecording{}); !errors.Is(err, errFull) {
		t.Errorf("on, and in no log: %v", err)
	}
	if _, err := do(api.StopRecording{}); !errors.Is(err, errFull) || look().Recording {
		t.Errorf("a full disk keeps it on: %v", err)
	}
}
