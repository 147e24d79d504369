//go:build !vapd_satellite

package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a program at a terminal, and who sits there.
type terminal struct {
	t      *testing.T
	screen *os.File // the other end: what is written there was typed
	done   chan error

	mu   sync.Mutex
	text []byte // all that the program wrote, and the echo of what was typed
}

// atTerminal runs vapd at a terminal of its own.
func atTerminal(t *testing.T, args ...string) *terminal {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	fd := int(screen.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	p := &terminal{t: t, screen: screen, done: make(chan error, 1)}
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	go p.read()
	go func() { p.done <- cmd.Wait() }()
	return p
}

// read takes what the program writes, until nobody has the terminal any more.
func (p *terminal) read() {
	b := make([]byte, 4096)
	for {
		n, err := p.screen.Read(b)
		p.mu.Lock()
		p.text = append(p.text, b[:n]...)
		p.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (p *terminal) shown() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.text)
}

// await waits until the screen shows something that matches, and returns the groups.
func (p *terminal) await(pattern string) []string {
	p.t.Helper()
	re := regexp.MustCompile(pattern)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if m := re.FindStringSubmatch(p.shown()); m != nil {
			return m
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("the screen never shows %q:\n%s", pattern, p.shown())
		}
	}
}

func (p *terminal) press(keys string) {
	p.t.Helper()
	if _, err := p.screen.WriteString(keys); err != nil {
		p.t.Fatal(err)
	}
}

// status is the exit status of the program, which has to end soon.
func (p *terminal) status() int {
	p.t.Helper()
	select {
	case err := <-p.done:
		return statusOf(err)
	case <-time.After(10 * time.Second):
		p.t.Fatalf("it does not end:\n%s", p.shown())
		return -1
	}
}
