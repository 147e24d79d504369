package load

import (
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vapd/hub/daemon"
	"vapd/internal/config"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

// serveHub runs a whole hub in this process, with engines of a Speech.
func serveHub(t *testing.T, change func(*config.Hub)) *Server {
	t.Helper()
	engine, err := ListenSpeech()
	if err != nil {
		t.Fatal(err)
	}
	cfg := config.DefaultHub()
	cfg.Listen, cfg.StateDir, cfg.Control = "127.0.0.1:0", t.TempDir(), filepath.Join(t.TempDir(), "hub.sock")
	cfg.Discoverable = false
	cfg.Clients.Max, cfg.Clients.Approval = 100, "all"
	cfg.Speech.STT, cfg.Speech.TTS, cfg.Speech.Most = engine.URL(), engine.URL(), 20
	if change != nil {
		change(&cfg)
	}
	ready := make(chan control.HubReady, 1)
	done := make(chan error, 1)
	ctx := within(t, 2*time.Minute)
	go func() {
		done <- daemon.Run(ctx, daemon.Options{
			Config: cfg, Env: func(string) string { return "" },
			Ready:  func(r control.HubReady) { ready <- r },
			Logger: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
		})
	}()
	select {
	case r := <-ready:
		t.Cleanup(func() {
			engine.Close()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		return &Server{Addr: netip.MustParseAddrPort(r.CoAP), Secured: netip.MustParseAddrPort(r.DTLS), Control: r.Control}
	case err := <-done:
		t.Fatal(err)
		return nil
	}
}

func TestFleetAtAHub(t *testing.T) {
	addr := serveHub(t, nil).Addr
	f, err := New(Config{Hub: addr, Satellites: 50, Transport: Plain{addr}, Recordings: sentence()})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Connect(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n := len(f.Joins()); n != 50 || f.Up() != 50 {
		t.Errorf("%d joined, %d are up", n, f.Up())
	}
	stop := f.Talk(5)
	m := f.Measure(t.Context(), 4*time.Second)
	if line := f.Progress(); !strings.HasPrefix(line, "50 of 50 connected") {
		t.Errorf("progress: %q", line)
	}
	stop()
	check(t, m)
}

func TestFleetOverDTLS(t *testing.T) {
	hub := serveHub(t, nil)
	keys, err := ExportKeys(t.Context(), hub.Control, "bench", 20)
	if err != nil {
		t.Fatal(err)
	}
	f, err := New(Config{Hub: hub.Secured, Satellites: 20, Transport: Secured{hub.Secured, keys.Of}, Recordings: sentence()})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Connect(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	defer f.Talk(4)()
	check(t, f.Measure(t.Context(), 5*time.Second))
}

// A Bare has all of the protocol that a satellite notices.
func TestFleetAtABare(t *testing.T) {
	bare, addr := serveBare(t, 5)
	f, err := New(Config{Hub: addr, Satellites: 5, Transport: Plain{addr}, Recordings: sentence()})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Connect(within(t, time.Minute)); err != nil {
		t.Fatal(err)
	}
	defer f.Talk(2)()
	check(t, f.Measure(t.Context(), 4*time.Second))
	if bare.Utterances() == 0 {
		t.Error("it heard nothing")
	}
}

// What the hub's owner has to change is said at once.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*config.Hub)
		want   string
	}{
		"full": {func(c *config.Hub) { c.Clients.Max = 3 }, "raise its setting clients.max"},
	} {
		t.Run(name, func(t *testing.T) {
			addr := serveHub(t, c.change).Addr
			f, err := New(Config{Hub: addr, Satellites: 5, Transport: Plain{addr}})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := f.Connect(within(t, time.Minute)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
	for kind, want := range map[string]string{
		vap.TypeApprovalPending: "clients.approval",
		vap.TypeToken:           "--prefix",
		vap.TypePairingRequired: "--dtls",
		vap.TypeVersion:         "another version",
		vap.TypeBusy:            "",
	} {
		err := remedy(&vap.Error{Type: kind})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// Keys come from files as well, one for each satellite.
func TestKeyFiles(t *testing.T) {
	dir := t.TempDir()
	file := pairing.KeyFile{Pairing: pairing.Pairing{HubID: "hub", HubName: "hub", ID: "bench-0", Name: "bench-0", Key: pairing.Key{1}}}
	if err := file.Save(filepath.Join(dir, "0.key")); err != nil {
		t.Fatal(err)
	}
	keys, err := ReadKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := keys.Of("bench-0"); err != nil || c.Identity != file.Pairing.Identity() {
		t.Errorf("%q, %v", c.Identity, err)
	}
	addr := netip.MustParseAddrPort("127.0.0.1:1")
	_, err = New(Config{Hub: addr, Satellites: 2, Transport: Secured{addr, keys.Of}})
	if err == nil || !strings.Contains(err.Error(), "--id bench-1 --export") {
		t.Errorf("a satellite without a key: %v", err)
	}
}

func TestKindsOfErrors(t *testing.T) {
	var e Errors
	e.Count("ping", nil)
	for range 2 {
		e.Count("ping", coap.ErrNoReply)
	}
	e.Count("connect", &vap.Error{Code: 0x85, Type: vap.TypeTooManyClients})
	e.Count("read", io.ErrUnexpectedEOF)
	want := "        2 ping: no reply\n        1 connect: 4.05 tooManyClients\n        1 read: unexpected EOF\n"
	if got := e.String(); got != want || e.Total() != 4 {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	for n := range 2 * maxKinds {
		e.Count("x", errors.New(strings.Repeat("y", n)))
	}
	if n := len(e.Counts()); n > maxKinds+1 {
		t.Errorf("%d kinds are kept", n)
	}
}
