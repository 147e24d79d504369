package control

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type numbers struct{ From, To int }

// testMux counts, echoes, fails and waits.
func testMux() *Mux {
	m := NewMux()
	Handle(m, "echo", func(_ context.Context, text string) (string, error) { return text, nil })
	Handle(m, "fail", func(context.Context, struct{}) (int, error) {
		return 0, errors.New("hub: no such client: see 'vapd hub clients list'")
	})
	Handle(m, "wait", func(ctx context.Context, _ struct{}) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
	Handle(m, "nothing", func(context.Context, struct{}) (any, error) { return nil, nil })
	Handle(m, "huge", func(context.Context, struct{}) (string, error) { return strings.Repeat("x", maxLine), nil })
	HandleStream(m, "count", func(_ context.Context, n numbers, send func(int)) error {
		for i := n.From; i < n.To; i++ {
			send(i)
		}
		return nil
	})
	HandleStream(m, "forever", func(ctx context.Context, _ struct{}, send func(string)) error {
		send("first")
		<-ctx.Done()
		return ctx.Err()
	})
	return m
}

// serve starts a server and returns its path.
func serve(t *testing.T, cfg Config) string {
	t.Helper()
	if cfg.Path == "" {
		cfg.Path = filepath.Join(t.TempDir(), "run", "hub.sock")
	}
	if cfg.Mux == nil {
		cfg.Mux = testMux()
	}
	s, err := Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(cfg.Path); err == nil {
			t.Error("the socket is still there")
		}
	})
	return cfg.Path
}

func dial(t *testing.T, path string) *Client {
	t.Helper()
	c, err := Dial(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestCall(t *testing.T) {
	c := dial(t, serve(t, Config{}))
	if got, err := Call[string](t.Context(), c, "echo", "ä\n\"b\""); got != "ä\n\"b\"" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := Call[any](t.Context(), c, "nothing", nil); got != nil || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, e := range []struct {
		method string
		params any
		code   string
		text   string
	}{
		{"fail", nil, CodeFailed, "see 'vapd hub clients list'"},
		{"frobnicate", nil, CodeUnknownMethod, "frobnicate"},
		{"echo", 5, CodeMalformed, "params of echo"},
		{"count", map[string]int{"From": 1, "Too": 2}, CodeMalformed, "Too"},
		{"huge", nil, CodeFailed, "too long"},
	} {
		_, err := Call[string](t.Context(), c, e.method, e.params)
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != e.code || !strings.Contains(err.Error(), e.text) {
			t.Errorf("%s: %v", e.method, err)
		}
	}
	if _, err := Call[int](t.Context(), c, "count", numbers{0, 9}); err == nil || !strings.Contains(err.Error(), "subscription") {
		t.Errorf("a stream was called: %v", err)
	}
	if _, err := Call[string](t.Context(), c, "echo", strings.Repeat("x", maxRequest)); !errors.Is(err, errTooLong) {
		t.Errorf("too long a call: %v", err)
	}
	// None of that disturbs the connection.
	if got, err := Call[string](t.Context(), c, "echo", "still"); got != "still" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	c := dial(t, serve(t, Config{}))
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			want := strings.Repeat("x", 1000)
			if got, err := Call[string](t.Context(), c, "echo", want); got != want || err != nil {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
}

func TestCancelledCallFreesItsPlace(t *testing.T) {
	m := testMux()
	started := make(chan struct{})
	Handle(m, "hold", func(ctx context.Context, _ struct{}) (int, error) {
		started <- struct{}{}
		<-ctx.Done()
		return 0, ctx.Err()
	})
	c := dial(t, serve(t, Config{Mux: m, MaxCalls: 1}))
	for range 3 {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { _, err := Call[int](ctx, c, "hold", nil); done <- err }()
		<-started
		_, err := Call[string](t.Context(), c, "echo", "")
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != CodeBusy {
			t.Errorf("a second call: %v", err)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		untilFree(t, c)
	}
}

// untilFree waits until the daemon has ended what was cancelled.
func untilFree(t *testing.T, c *Client) {
	t.Helper()
	for {
		_, err := Call[string](t.Context(), c, "echo", "")
		var refused *Error
		switch {
		case err == nil:
			return
		case !errors.As(err, &refused) || refused.Code != CodeBusy:
			t.Fatal(err)
		}
	}
}

func TestSubscribe(t *testing.T) {
	c := dial(t, serve(t, Config{}))
	s, err := Subscribe[int](c, "count", numbers{3, 100})
	if err != nil {
		t.Fatal(err)
	}
	for want := 3; want < 100; want++ {
		if got, gap, err := s.Next(t.Context()); got != want || gap != 0 || err != nil {
			t.Fatalf("%d, %d lost, %v, want %d", got, gap, err, want)
		}
	}
	for range 2 {
		if _, _, err := s.Next(t.Context()); err != io.EOF {
			t.Errorf("after the end: %v", err)
		}
	}

	refused, err := Subscribe[int](c, "frobnicate", nil)
	if err != nil {
		t.Fatal(err)
	}
	var e *Error
	if _, _, err := refused.Next(t.Context()); !errors.As(err, &e) || e.Code != CodeUnknownMethod {
		t.Error(err)
	}
}

func TestSubscriptionClosed(t *testing.T) {
	c := dial(t, serve(t, Config{MaxCalls: 1}))
	for range 3 {
		s, err := Subscribe[string](c, "forever", nil)
		if err != nil {
			t.Fatal(err)
		}
		if e, _, err := s.Next(t.Context()); e != "first" || err != nil {
			t.Fatalf("%q, %v", e, err)
		}
		s.Close()
		if _, _, err := s.Next(t.Context()); err != io.EOF {
			t.Error(err)
		}
		untilFree(t, c)
	}
}

// A client that does not read loses events and is told how many; the daemon does
// not wait.
func TestSlowReader(t *testing.T) {
	const events = 2000
	m := testMux()
	sent := make(chan struct{})
	HandleStream(m, "big", func(_ context.Context, _ struct{}, send func(string)) error {
		for range events {
			send(strings.Repeat("x", 10_000)) // more in all than the socket's buffers take
		}
		close(sent)
		return nil
	})
	conn, err := net.Dial("unix", serve(t, Config{Mux: m, Queue: 10}))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, `{"id":1,"method":"big"}`+"\n"); err != nil {
		t.Fatal(err)
	}
	<-sent // without a byte read
	c := &Client{conn: conn, open: map[uint64]*queue[response]{1: newQueue(4, eventsIn)}}
	s := &Subscription[string]{c: c, id: 1, method: "big", q: c.open[1]}
	c.wg.Go(c.read)
	defer c.Close()
	got, lost := 0, uint64(0)
	for {
		_, gap, err := s.Next(t.Context())
		lost += gap
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got++
	}
	t.Logf("%d events, %d lost", got, lost)
	if got+int(lost) != events || lost == 0 {
		t.Errorf("%d events and %d lost are not %d", got, lost, events)
	}
}

func TestDaemonGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.sock")
	if _, err := Dial(t.Context(), path); !errors.Is(err, ErrNotRunning) {
		t.Errorf("no socket: %v", err)
	}
	s, err := Listen(Config{Path: path, Mux: testMux()})
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, path)
	sub, err := Subscribe[string](c, "forever", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := sub.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { _, err := Call[int](t.Context(), c, "wait", nil); done <- err }()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("call: %v", err)
	}
	if _, _, err := sub.Next(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("subscription: %v", err)
	}
	if _, err := Call[string](t.Context(), c, "echo", ""); !errors.Is(err, ErrClosed) {
		t.Errorf("call afterwards: %v", err)
	}
}

func TestTooManyConnections(t *testing.T) {
	path := serve(t, Config{MaxConns: 1})
	first := dial(t, path)
	if _, err := Call[string](t.Context(), first, "echo", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Call[string](t.Context(), dial(t, path), "echo", ""); !errors.Is(err, ErrClosed) {
		t.Errorf("second: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	for { // until the server has noticed
		if _, err := Call[string](t.Context(), dial(t, path), "echo", ""); err == nil {
			break
		} else if !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
	}
}

func TestSocket(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "hub.sock")

	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false) // as a crash does
	if _, err := Listen(Config{Path: path, Mux: testMux()}); !errors.Is(err, ErrInUse) {
		t.Errorf("a live socket without a lock: %v", err)
	}
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	serve(t, Config{Path: path})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := Listen(Config{Path: path, Mux: testMux()}); !errors.Is(err, ErrInUse) {
		t.Errorf("a live socket: %v", err)
	}
	if _, err := Call[string](t.Context(), dial(t, path), "echo", ""); err != nil {
		t.Errorf("the live socket was disturbed: %v", err)
	}

	file := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(file, []byte("dear diary"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(Config{Path: file, Mux: testMux()}); err == nil || !strings.Contains(err.Error(), "not a socket") {
		t.Errorf("a file: %v", err)
	}
	if data, _ := os.ReadFile(file); string(data) != "dear diary" {
		t.Error("the file was harmed")
	}
}

func TestMethodTwice(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a name was registered twice")
		}
	}()
	Handle(testMux(), "echo", func(context.Context, int) (int, error) { return 0, nil })
}

func TestPopWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(2, func(int) uint64 { return 1 })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := q.pop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		go func() { time.Sleep(time.Minute); q.push(7) }()
		if v, _, err := q.pop(t.Context()); v != 7 || err != nil {
			t.Error(v, err)
		}
	})
}

func TestCallsInTheProcess(t *testing.T) {
	m := testMux()
	if r, err := m.Call(t.Context(), "echo", "hello"); r != "hello" || err != nil {
		t.Errorf("%v, %v", r, err)
	}
	for name, params := range map[string]any{"fail": struct{}{}, "echo": 7, "count": numbers{}, "none": nil, "nothing": func() {}} {
		if r, err := m.Call(t.Context(), name, params); err == nil {
			t.Errorf("%s(%v) returns %v", name, params, r)
		}
	}
}
