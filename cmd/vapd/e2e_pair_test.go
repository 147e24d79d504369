//go:build !vapd_satellite && cgo && !race

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vapd/audio"
	"vapd/audio/audiotest"
	"vapd/internal/netns"
	"vapd/internal/netsim"
	"vapd/protocol/control"
)

// capture is what a tap on the network saw.
type capture struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (c *capture) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.data.Write(b)
}

func (c *capture) bytes() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return bytes.Clone(c.data.Bytes())
}

// pairedLAN is a satellite in the test's network namespace, its hub in another, and a
// relay between the two, which is tapped and may move the satellite to another port.
type pairedLAN struct {
	*home
	tap      *capture
	doors    [2]*netsim.Proxy // plain and DTLS
	hubState string
	turns    uint32
}

func newPairedLAN(t *testing.T, key string) *pairedLAN {
	t.Helper()
	h := &pairedLAN{home: &home{t: t, dir: t.TempDir()}, tap: new(capture)}
	h.hubState = filepath.Join(h.dir, "hub")
	h.startHub()
	t.Cleanup(func() { _ = h.hub.stop(syscall.SIGTERM) })
	for i, port := range []uint16{5683, 5684} {
		door, err := netsim.Listen(netsim.Config{
			Listen: netip.AddrPortFrom(netip.MustParseAddr("10.77.0.1"), port), Hub: netip.AddrPortFrom(netip.MustParseAddr("10.77.0.2"), port),
			Capture: h.tap,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { door.Close() })
		h.doors[i] = door
	}
	format := audio.Format{Rate: audio.WakeRate, Channels: 1}
	card, err := audiotest.New(audiotest.Config{Dir: h.dir, Microphone: format, Speaker: format})
	if err != nil {
		t.Fatal(err)
	}
	h.card = card
	t.Cleanup(card.Close)
	state := filepath.Join(h.dir, "satellite")
	if key != "" {
		if err := os.MkdirAll(state, 0o700); err != nil {
			t.Fatal(err)
		}
		h.command("hub", "pair", "--export", filepath.Join(state, droppedKey), "--id", key)
	}
	h.satArgs = []string{
		"satellite", "--hub", "10.77.0.1:5683", "--profile", "sim", "--state", state, "--control", filepath.Join(h.dir, "satellite.sock"),
		"--set", "capture.pcm=default", "--set", "playback.pcm=default", "--set", "codec=pcm", "--set", "log_level=DEBUG",
	}
	h.sat = startDaemon(t, []string{card.Env()}, filepath.Join(h.dir, "satellite.log"), &h.satReady, h.satArgs...)
	t.Cleanup(func() {
		_ = h.sat.stop(syscall.SIGTERM)
		if t.Failed() {
			t.Logf("hub:\n%s\nsatellite:\n%s", h.hub.tail(), h.sat.tail())
		}
	})
	return h
}

func (h *pairedLAN) startHub() {
	h.t.Helper()
	h.hub = startDaemonOn(h.t, "far", nil, filepath.Join(h.dir, "hub.log"), &h.hubReady,
		"hub", "--control", filepath.Join(h.dir, "hub.sock"), "run", "--listen", "10.77.0.2:5683", "--state", h.hubState)
}

// args are those of a command of a part, with its socket.
func (h *pairedLAN) args(part string, args ...string) []string {
	return append([]string{part, "--control", filepath.Join(h.dir, part+".sock")}, args...)
}

// command runs one and returns what it prints.
func (h *pairedLAN) command(part string, args ...string) string {
	h.t.Helper()
	out, err := vapdOutput(h.args(part, args...)...)
	if err != nil {
		h.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return out
}

// dialog is a command that asks something.
type dialog struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out chan string // lines
	all bytes.Buffer
}

func (h *pairedLAN) dialog(part string, args ...string) *dialog {
	h.t.Helper()
	return dialogOf(h.t, h.args(part, args...)...)
}

// dialogOf is a command that asks something.
func dialogOf(t *testing.T, args ...string) *dialog {
	t.Helper()
	d := &dialog{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0], args...), out: make(chan string, 100)}
	d.cmd.Env = append(os.Environ(), asProgram+"=1")
	var err error
	if d.in, err = d.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	d.cmd.Stderr = d.cmd.Stdout
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(d.out)
		for s := bufio.NewScanner(out); s.Scan(); {
			d.out <- s.Text()
		}
	}()
	return d
}

// until waits for a line that fits and returns its first group.
func (d *dialog) until(pattern string) string {
	d.t.Helper()
	re := regexp.MustCompile(pattern)
	timeout := time.After(30 * time.Second)
	for {
		select {
		case line, ok := <-d.out:
			fmt.Fprintln(&d.all, line)
			if m := re.FindStringSubmatch(line); m != nil {
				return m[len(m)-1]
			}
			if !ok {
				d.t.Fatalf("%v ended without %q:\n%s", d.cmd.Args, pattern, &d.all)
			}
		case <-timeout:
			d.t.Fatalf("%v does not say %q:\n%s", d.cmd.Args, pattern, &d.all)
		}
	}
}

func (d *dialog) say(line string) {
	d.t.Helper()
	if _, err := io.WriteString(d.in, line+"\n"); err != nil {
		d.t.Fatal(err)
	}
}

// encrypted waits until the link is, and a sentence is answered.
func (h *pairedLAN) encrypted() {
	h.t.Helper()
	h.await("an encrypted link", func(s control.SatelliteState) bool {
		return s.Link.State == "up" && s.Link.Encrypted && s.Mic.State == "running" && s.Turn.State == "idle"
	})
	h.turns = h.state().Turn.N + 1
	h.call(control.MethodSay, control.Say{Text: "what day is it"})
	if s := h.answered(h.turns); s.Turn.Heard != "what day is it" || s.Turn.Error != "" {
		h.t.Errorf("turn %+v", s.Turn)
	}
}

// unpaired waits until the satellite knows that it has to be paired.
func (h *pairedLAN) unpaired() {
	h.t.Helper()
	h.await("a hub that wants pairing", func(s control.SatelliteState) bool { return s.Link.State == "unpaired" && len(s.Pairing.Hubs) == 0 })
}

const digitsLine = `^\s+(\d{3} \d{3})\s`

// A satellite is paired on two command lines, speaks to its hub encrypted while a router
// gives it another port, and is back soon after the hub was killed.
func TestAPairedSatelliteOnALAN(t *testing.T) {
	if !netns.Inside(t, netns.Cable) {
		return
	}
	h := newPairedLAN(t, "")
	h.unpaired()
	hub, satellite := h.dialog("hub", "pair"), h.dialog("satellite", "pair")
	here, there := satellite.until(digitsLine), hub.until(digitsLine)
	if here != there {
		t.Fatalf("the satellite shows %s, the hub %s", here, there)
	}
	satellite.say("yes")
	satellite.until("Agreed")
	hub.say("yes")
	hub.until("is paired")
	satellite.until("Paired with hub")
	h.encrypted()

	before := len(h.tap.bytes())
	h.call(control.MethodListen, struct{}{})
	h.await("listening", func(s control.SatelliteState) bool { return s.Turn.State == "listening" && s.Turn.Acknowledged > 0 })
	h.play(silence(200 * time.Millisecond))
	words := spoken(t, "what time is it")
	h.play(words[:len(words)/2])
	if err := h.doors[1].Rebind(); err != nil {
		t.Fatal(err)
	}
	h.play(words[len(words)/2:])
	h.play(silence(500 * time.Millisecond))
	s := h.answered(h.turns + 1)
	if s.Turn.Heard != "what time is it" || s.Turn.Error != "" || s.Link.Losses != 0 {
		t.Errorf("turn %+v, link %+v", s.Turn, s.Link)
	}
	tapped := h.tap.bytes()[before:]
	if len(tapped) < len(words) {
		t.Fatalf("the tap saw %d bytes", len(tapped))
	}
	for _, plain := range []string{"session", "sound", h.satReady.ID, "what time", "It is", strings.Repeat("\x00", 24)} {
		if bytes.Contains(tapped, []byte(plain)) {
			t.Errorf("the tap saw %q", plain)
		}
	}

	h.call(control.MethodListen, struct{}{})
	h.await("listening", func(s control.SatelliteState) bool { return s.Turn.State == "listening" && s.Turn.Acknowledged > 0 })
	_ = h.hub.stop(syscall.SIGKILL)
	killed := time.Now()
	h.startHub()
	h.await("the link again", func(s control.SatelliteState) bool {
		return s.Link.Losses > 0 && s.Link.State == "up" && s.Link.Encrypted
	})
	if d := time.Since(killed); d > 10*time.Second {
		t.Errorf("back %v after the hub was killed", d)
	} else {
		t.Logf("back %v after the hub was killed", d)
	}
	h.encrypted()

	netns.IP(t, "link set near0 down")
	time.Sleep(time.Second)
	netns.IP(t, "link set near0 up")
	h.encrypted()
	for _, log := range []string{string(h.sat.tail()), string(h.hub.tail())} {
		if strings.Contains(log, "panic") {
			t.Error(log)
		}
	}
}

// The other two ways, unpairing, and a new key.
func TestPairByCodeAndByFileOnALAN(t *testing.T) {
	if !netns.Inside(t, netns.Cable) {
		return
	}
	h := newPairedLAN(t, "org.vapd.satellite.card")
	h.encrypted() // by the file in the state folder
	if _, err := os.Stat(filepath.Join(h.dir, "satellite", droppedKey)); !os.IsNotExist(err) {
		t.Errorf("the key file is still there: %v", err)
	}
	if out := h.command("satellite", "status"); !strings.Contains(out, "as org.vapd.satellite.card") || !strings.Contains(out, ", encrypted") {
		t.Error(out)
	}
	h.command("hub", "rotate", "org.vapd.satellite.card")
	time.Sleep(6 * time.Second) // the new key is used
	h.encrypted()
	h.command("satellite", "unpair")
	h.unpaired()

	hub := h.dialog("hub", "pair", "--code")
	code := hub.until(`satellite pair --code (\d{8})`)
	h.command("satellite", "pair", "--code", code)
	hub.until("is paired")
	h.encrypted()
	h.command("satellite", "unpair")
	h.unpaired()

	file := filepath.Join(h.dir, "key.toml")
	h.command("hub", "pair", "--export", file, "--id", "org.vapd.satellite.file")
	h.command("satellite", "pair", "--key", file)
	h.encrypted()
	h.command("hub", "unpair", "org.vapd.satellite.file")
	h.await("a hub that refuses", func(s control.SatelliteState) bool { return s.Link.State != "up" })
	if info, err := os.Stat(filepath.Join(h.dir, "satellite", "pairings.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("pairings.json: %v, %v", info, err)
	}
}
