package network

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vapd/internal/netns"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// watch runs a Watcher for the test.
func watch(t *testing.T) *Watcher {
	t.Helper()
	w := New(slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); w.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return w
}

// soon waits until the watcher rings and is holds, and says how long that took.
func soon(t *testing.T, w *Watcher, is func() bool) time.Duration {
	t.Helper()
	start, late := time.Now(), time.After(10*time.Second)
	for {
		select {
		case <-w.Changed():
			if is() {
				return time.Since(start)
			}
		case <-late:
			t.Fatal("nothing was told for 10 s")
		}
	}
}

// settled waits until IPv6 has its address, and nothing changes any more.
func settled(t *testing.T, w *Watcher) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(settle) {
		now := netns.IP(t, "-6 addr show dev near0")
		if strings.Contains(now, "fe80::") && !strings.Contains(now, "tentative") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no IPv6: %s", now)
		}
	}
	for {
		select {
		case <-w.Changed():
		case <-time.After(5 * settle):
			return
		}
	}
}

// fails reports whether the way to host fails, and says text.
func fails(w *Watcher, host, text string) func() bool {
	return func() bool {
		_, err := w.Way(netip.AddrPortFrom(netip.MustParseAddr(host), 5683))
		return err != nil && strings.Contains(err.Error(), text)
	}
}

// leads reports whether the way to host leaves from addr.
func leads(w *Watcher, host, addr string) func() bool {
	return func() bool {
		from, err := w.Way(netip.AddrPortFrom(netip.MustParseAddr(host), 5683))
		return err == nil && from.String() == addr
	}
}

func TestWatcher(t *testing.T) {
	if !netns.Inside(t, netns.Cable) {
		return
	}
	w := watch(t)
	settled(t, w)
	const far = "10.77.0.2"
	if !leads(w, far, "10.77.0.1")() {
		t.Fatal("there is no way from the beginning")
	}
	for _, step := range []struct {
		do string
		is func() bool
	}{
		{"link set near0 down", fails(w, far, "no way to "+far)},
		{"link set near0 up", leads(w, far, "10.77.0.1")},
		{"-n far link set far0 down", fails(w, far, "near0 has no carrier")},
		{"-n far link set far0 up", leads(w, far, "10.77.0.1")},
		{"addr del 10.77.0.1/24 dev near0", fails(w, far, "no way")},
		{"addr add 10.77.0.5/24 dev near0", leads(w, far, "10.77.0.5")},
		{"route add 10.99.0.0/16 via 10.77.0.2", leads(w, "10.99.0.1", "10.77.0.5")},
		{"route del 10.99.0.0/16", fails(w, "10.99.0.1", "no way")},
		{"link del near0", fails(w, far, "no way")},
	} {
		netns.IP(t, step.do)
		t.Logf("%s: told after %v", step.do, soon(t, w, step.is))
	}
}

// What stays as it was is no change, however often it is said.
func TestWatcherIsQuiet(t *testing.T) {
	if !netns.Inside(t, netns.Cable) {
		return
	}
	w := watch(t)
	settled(t, w)
	for range 5 {
		netns.IP(t, "addr replace 10.77.0.1/24 dev near0 valid_lft 1000 preferred_lft 1000")
		time.Sleep(2 * settle)
	}
	select {
	case <-w.Changed():
		t.Error("a change was told")
	default:
	}
}

// Without the kernel's help it still works.
func TestPolling(t *testing.T) {
	if !netns.Inside(t, netns.Cable) {
		return
	}
	w := New(slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	e := events{bell: make(chan struct{}, 1)}
	done := make(chan struct{}, 2)
	go func() { poll(ctx, &e); done <- struct{}{} }()
	go func() { w.watch(ctx, &e); done <- struct{}{} }()
	defer func() { cancel(); <-done; <-done }()
	netns.IP(t, "link set near0 down")
	t.Logf("told after %v", soon(t, w, fails(w, "10.77.0.2", "no way")))
}

func TestWayWithinTheMachine(t *testing.T) {
	w := New(slog.New(slog.DiscardHandler))
	for _, to := range []string{"127.0.0.1:5683", "[::ffff:127.0.0.1]:5683"} {
		if from, err := w.Way(netip.MustParseAddrPort(to)); err != nil || from.String() != "127.0.0.1" {
			t.Errorf("to %s: from %v, %v", to, from, err)
		}
	}
}
