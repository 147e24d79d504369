// Package hacore runs Home Assistant's core, the real one, for tests: a process with a house
// of its own demonstration, an administrator, and a user for the hub, made over its HTTP and
// WebSocket APIs as people make them. scripts/homeassistant.sh installs it.
package hacore

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

//go:embed configuration.yaml
var configuration string

// Install says how what Versions finds gets there.
const Install = "run scripts/homeassistant.sh build/homeassistant (or make test): it takes Python 3.11 or 3.13"

const (
	startWait = 3 * time.Minute // the first start compiles all that it imports
	stopWait  = 30 * time.Second
)

// Core is a Home Assistant. Make it with New, and Start it.
type Core struct {
	// URL is where people open it.
	URL string
	// Admin and Common are long-lived access tokens, of an administrator and of the hub's
	// user. There are some from the first Start on.
	Admin, Common string

	packages, dir string
	http          http.Client
	cmd           *exec.Cmd
	done          chan struct{} // closed when cmd has ended
	output        bytes.Buffer  // of cmd; to be read when it has ended
}

// Versions are those that are installed.
func Versions() []string {
	found, err := filepath.Glob(filepath.Join(installed(), "*", ".installed"))
	if err != nil {
		return nil // a pattern that is wrong, which it isn't
	}
	for i, path := range found {
		found[i] = filepath.Base(filepath.Dir(path))
	}
	return found
}

// Version is which one it is.
func (c *Core) Version() string { return filepath.Base(c.packages) }

func installed() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "..", "..", "build", "homeassistant")
}

// New makes the house of a version in a folder of the test's.
func New(tb testing.TB, version string) *Core {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	c := &Core{
		URL: fmt.Sprintf("http://127.0.0.1:%d", port), packages: filepath.Join(installed(), version), dir: tb.TempDir(),
		http: http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second},
	}
	frontend := filepath.Join(c.dir, "frontend")
	text := strings.NewReplacer("PORT", strconv.Itoa(port), "FRONTEND", frontend).Replace(configuration)
	err = errors.Join(
		os.MkdirAll(filepath.Join(frontend, "hass_frontend"), 0o700),
		os.WriteFile(filepath.Join(c.dir, "configuration.yaml"), []byte(text), 0o600),
	)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.Kill)
	return c
}

// Start starts it, and waits until it has. The first time it makes the users.
func (c *Core) Start(tb testing.TB) {
	tb.Helper()
	c.launch(tb)
	began := time.Now()
	for c.state(tb.Context()) != "RUNNING" {
		select {
		case <-c.done:
			tb.Fatalf("home assistant ended: %s", c.output.String())
		case <-time.After(100 * time.Millisecond):
		}
		if time.Since(began) > startWait {
			c.Kill()
			tb.Fatalf("home assistant does not start: %s", c.output.String())
		}
	}
	if c.Common == "" {
		if err := c.makeUser(tb.Context()); err != nil {
			tb.Fatal(err)
		}
	}
	tb.Logf("home assistant %s started in %s", c.Version(), time.Since(began).Round(time.Millisecond))
}

func (c *Core) launch(tb testing.TB) {
	tb.Helper()
	python, err := os.ReadFile(filepath.Join(c.packages, ".python"))
	if err != nil {
		tb.Fatalf("home assistant is not installed: %v: %s", err, Install)
	}
	c.output.Reset()
	c.cmd = exec.Command(strings.TrimSpace(string(python)), "-m", "homeassistant", "--skip-pip", "--config", c.dir)
	c.cmd.Env = append(os.Environ(), "PYTHONPATH="+c.packages)
	c.cmd.Stdout, c.cmd.Stderr = &c.output, &c.output
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	done := make(chan struct{})
	c.done = done
	go func(cmd *exec.Cmd) {
		defer close(done)
		_ = cmd.Wait() // how it ended is seen by what it does not do
	}(c.cmd)
}

// Stop ends it as its owner would, so that it writes down all that it knows: some of that
// only minutes later else.
func (c *Core) Stop(tb testing.TB) {
	tb.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		tb.Fatal(err)
	}
	select {
	case <-c.done:
		c.cmd = nil
	case <-time.After(stopWait):
		c.Kill()
		tb.Fatalf("home assistant does not end: %s", c.output.String())
	}
}

// Kill ends it at once.
func (c *Core) Kill() {
	if c.cmd != nil {
		_ = c.cmd.Process.Kill() // it may have ended
		<-c.done
		c.cmd = nil
	}
}

// state is what the core calls its state; "" where it does not answer. The administrator is
// made as soon as there can be one.
func (c *Core) state(ctx context.Context) string {
	if c.Admin == "" {
		if err := c.makeOwner(ctx); err != nil {
			return ""
		}
	}
	var config struct {
		State string `json:"state"`
	}
	if err := c.do(ctx, map[string]any{"type": "get_config"}, &config); err != nil {
		return ""
	}
	return config.State
}
