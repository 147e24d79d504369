package api_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"vapd/skill/builtin/homeassistant/api"
	"vapd/skill/builtin/homeassistant/hatest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "a long-lived token"

func house() hatest.House {
	return hatest.House{
		Areas:    []hatest.Area{{ID: "kitchen", Name: "Kitchen", Aliases: []string{"galley"}}},
		Entities: []hatest.Entity{{ID: "light.kitchen", Name: "Kitchen Light", Area: "kitchen", State: "off", Aliases: []string{"big light"}}},
	}
}

// rig is a server and a client that is to be run, in time that is not real.
type rig struct {
	*hatest.Server
	*api.Client
	pipe *hatest.Pipe
	mu   sync.Mutex
	// token is what the client says, asked how often it was read, and served how often a
	// connection was served.
	token         string
	asked, served int
}

func (r *rig) run(t *testing.T, serve func(context.Context, *api.Conn) error) (stop func()) {
	t.Helper()
	r.Server, r.pipe, r.token = hatest.New(secret, house()), hatest.NewPipe(), secret
	var err error
	r.Client, err = api.New(api.Config{
		URL: "http://home.example:8123", Dial: r.pipe.Dial, Logger: slog.New(slog.DiscardHandler),
		Token: func() (string, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.asked++
			return r.token, nil
		},
		Serve: func(ctx context.Context, c *api.Conn) error {
			r.mu.Lock()
			r.served++
			r.mu.Unlock()
			if serve != nil {
				return serve(ctx, c)
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	wg.Go(func() { _ = r.Serve(r.pipe) }) // until the pipe is closed
	return func() {
		cancel()
		r.pipe.Close()
		r.Drop()
		wg.Wait()
	}
}

func (r *rig) counts() (asked, served int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked, r.served
}

func TestComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rig
		defer r.run(t, nil)()
		synctest.Wait()
		if err := r.Connected(); err != nil {
			t.Fatal(err)
		}
		for n := 2; n < 5; n++ {
			r.Drop()
			synctest.Wait()
			if err := r.Connected(); err == nil {
				t.Fatal("it is connected to nobody")
			}
			if err := r.Do(t.Context(), api.Command{"type": "ping"}, nil); !errors.Is(err, api.ErrDown) {
				t.Errorf("a command without connection: %v", err)
			}
			time.Sleep(2 * time.Minute) // not real
			synctest.Wait()
			if _, served := r.counts(); served != n {
				t.Errorf("served %d times, want %d", served, n)
			}
		}
	})
}

func TestBackoffIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rig
		defer r.run(t, func(context.Context, *api.Conn) error { return errors.New("nothing works") })()
		time.Sleep(time.Minute)
		before, _ := r.counts()
		time.Sleep(10 * time.Minute)
		after, _ := r.counts()
		if n := after - before; n < 45 || n > 80 {
			t.Errorf("%d attempts in ten minutes, want one in ten seconds", n)
		}
		if before < 4 {
			t.Errorf("%d attempts in the first minute, want some", before)
		}
	})
}

func TestARefusedTokenRests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rig
		r.run2(t)
		time.Sleep(30 * time.Minute)
		if n := r.Refused(); n != 1 {
			t.Errorf("a refused token was tried %d times", n)
		}
		if err := r.Connected(); !errors.Is(err, api.ErrToken) {
			t.Errorf("why it is not connected: %v", err)
		}
		r.mu.Lock()
		r.token = "another"
		r.mu.Unlock()
		time.Sleep(time.Minute)
		synctest.Wait()
		if err := r.Connected(); err != nil {
			t.Errorf("with another token: %v", err)
		}
	})
}

// run2 is run with a token that the server does not take.
func (r *rig) run2(t *testing.T) {
	stop := r.run(t, nil)
	t.Cleanup(stop)
	r.Token("another")
}

func TestADeadConnectionIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rig
		defer r.run(t, nil)()
		time.Sleep(5 * time.Minute)
		if _, served := r.counts(); served != 1 {
			t.Fatalf("a connection that lives was served %d times", served)
		}
		r.Deaf(true)
		time.Sleep(time.Minute)
		r.Deaf(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if _, served := r.counts(); served < 2 || r.Connected() != nil {
			t.Errorf("served %d times, %v", served, r.Connected())
		}
	})
}

func TestALateAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rig
		defer r.run(t, nil)()
		synctest.Wait()
		r.Delay(time.Second)
		call := api.Call{Domain: "light", Service: "turn_on", Entities: []string{"light.kitchen"}}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		if err := call.Do(ctx, r.Client); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("an answer that is too late: %v", err)
		}
		time.Sleep(time.Minute) // the answer comes, and nobody waits
		if err := call.Do(t.Context(), r.Client); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		r.Fail("light.turn_on", hatest.Failure{Code: "home_assistant_error", Message: "the bridge is off"})
		var refused *api.Error
		if err := call.Do(t.Context(), r.Client); !errors.As(err, &refused) || refused.Message != "the bridge is off" {
			t.Errorf("an error: %v", err)
		}
	})
}

func TestManyCommandsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rig
		defer r.run(t, nil)()
		synctest.Wait()
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { // ids that don't grow would be refused
				if err := r.Do(t.Context(), api.Command{"type": "get_states"}, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		r.Deaf(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		refused := make(chan error, 300)
		for range 300 {
			wg.Go(func() { refused <- r.Do(ctx, api.Command{"type": "get_states"}, nil) })
		}
		wg.Wait()
		close(refused)
		busy := 0
		for err := range refused {
			if err != nil && strings.Contains(err.Error(), "wait for home assistant already") {
				busy++
			}
		}
		if busy != 300-256 {
			t.Errorf("%d of 300 commands found too many waiting, want 44", busy)
		}
	})
}

func TestLoadAndEvents(t *testing.T) {
	for _, common := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var r rig
			loaded, events := make(chan *api.House, 1), make(chan api.Event, 1)
			stop := r.run(t, func(ctx context.Context, c *api.Conn) error {
				h, err := api.Load(ctx, c, func(api.Entity) bool { return true })
				if err != nil {
					return err
				}
				loaded <- h
				return c.Subscribe(ctx, api.EventState, func(e api.Event) { events <- e })
			})
			defer stop()
			if common {
				r.Common()
			}
			h := <-loaded
			if len(h.Areas) != 1 || h.Areas[0].Aliases[0] != "galley" || len(h.Entities) != 1 || len(h.States) != 1 || h.Unit != "°C" {
				t.Errorf("loaded %+v", h)
			}
			if got := h.Entities[0].Aliases; len(got) != 2 || got[0] != "" || got[1] != "big light" {
				t.Errorf("aliases %q", got)
			}
			synctest.Wait()
			r.Set("light.kitchen", "on")
			if e := <-events; e.Type != api.EventState || !strings.Contains(string(e.Data), `"on"`) {
				t.Errorf("event %s %s", e.Type, e.Data)
			}
		})
	}
}

func TestEndpoint(t *testing.T) {
	for in, want := range map[string]string{
		"http://home.local:8123":           "ws://home.local:8123/api/websocket",
		"https://home.example/":            "wss://home.example/api/websocket",
		"ws://10.0.0.2:8123/api/websocket": "ws://10.0.0.2:8123/api/websocket",
		"wss://[fd00::1]:8123/ha/?x=1#y":   "wss://[fd00::1]:8123/ha/api/websocket",
		"home.local:8123":                  "",
		"ftp://home.local":                 "",
		"http://":                          "",
		"":                                 "",
		"http://home.local:port":           "",
		"http://user:pass@home.local:8123": "",
		"http://home.local:8123/\n":        "",
	} {
		got, err := api.Endpoint(in)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("Endpoint(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

// Errors of connecting say what to do.
func TestWhyNot(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	trusted := x509.NewCertPool()
	trusted.AddCert(server.Certificate())
	port := server.URL[strings.LastIndexByte(server.URL, ':'):]
	plain := httptest.NewServer(nil)
	defer plain.Close()
	moved := httptest.NewServer(http.RedirectHandler("http://example.org", http.StatusMovedPermanently))
	defer moved.Close()
	refuses := func(status int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(s.Close)
		return s.URL
	}
	for _, c := range []struct {
		url  string
		tls  *tls.Config
		want string
	}{
		{server.URL, nil, "update-ca-certificates"},
		{"https://localhost" + port, &tls.Config{RootCAs: trusted}, "another name"},
		{server.URL, &tls.Config{RootCAs: trusted, Time: func() time.Time { return time.Unix(1<<33, 0) }}, "clock"},
		{strings.Replace(plain.URL, "http:", "https:", 1), nil, "does not encrypt"},
		{plain.URL, nil, "something else"},
		{moved.URL, nil, "another address, http://example.org"},
		{refuses(http.StatusForbidden), nil, "ip_bans.yaml"},
		{refuses(http.StatusBadRequest), nil, "trusted_proxies"},
		{"http://127.0.0.1:1", nil, "can't be reached"},
	} {
		client, err := api.New(api.Config{
			URL: c.url, TLS: c.tls, Logger: slog.New(slog.DiscardHandler), Token: func() (string, error) { return secret, nil },
			Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(strings.TrimPrefix(strings.Replace(c.url, "localhost", "127.0.0.1", 1), "https://"), "http://"))
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { client.Run(ctx) })
		deadline := time.Now().Add(20 * time.Second)
		for errors.Is(client.Connected(), api.ErrDown) && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
		if err := client.Connected(); err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v, want %q", c.url, err, c.want)
		}
		cancel()
		wg.Wait()
	}
}
