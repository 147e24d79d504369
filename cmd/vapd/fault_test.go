//go:build cgo

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vapd/audio"
	"vapd/internal/durable"
	"vapd/protocol/control"
)

// faultyCard is a microphone "faulty" that comes, goes and fails on demand, for ALSA's
// library in another process.
type faultyCard struct {
	t         *testing.T
	conf, lib string
}

// newFaultyCard builds the microphone, which is not plugged in.
func newFaultyCard(t *testing.T) *faultyCard {
	t.Helper()
	dir := t.TempDir()
	c := &faultyCard{t, filepath.Join(dir, "asound.conf"), filepath.Join(dir, "libasound_module_pcm_fakemic.so")}
	out, err := exec.Command("cc", "-shared", "-fPIC", "-DPIC", "-O1", "-Wall", "-o", c.lib,
		filepath.Join("..", "..", "audio", "malgo", "testdata", "fakemic", "fakemic.c"), "-lasound").CombinedOutput()
	if err != nil {
		t.Fatalf("building the fake microphone (Debian packages gcc and libasound2-dev): %v\n%s", err, out)
	}
	c.unplug()
	return c
}

// write replaces ALSA's configuration; the library sees another file.
func (c *faultyCard) write(conf string) {
	c.t.Helper()
	if err := (durable.File{Path: c.conf}).Save([]byte(conf + "pcm.nowhere { type null }\n")); err != nil {
		c.t.Fatal(err)
	}
}

// plug makes the microphone open from now on, with the settings of fakemic.c.
func (c *faultyCard) plug(settings string) {
	c.t.Helper()
	c.write(fmt.Sprintf("pcm_type.fakemic { lib %q }\npcm.faulty { type fakemic %s }\n", c.lib, settings))
}

// unplug keeps the microphone from being opened.
func (c *faultyCard) unplug() {
	c.t.Helper()
	c.write("")
}

func (c *faultyCard) env() string { return "ALSA_CONFIG_PATH=" + c.conf }

// args are the arguments of a satellite with this microphone.
func (c *faultyCard) args(speaker string) []string {
	dir := c.t.TempDir()
	return []string{
		"satellite", "--profile", "sim", "--hub", "127.0.0.1:9", "--state", filepath.Join(dir, "state"),
		"--control", filepath.Join(dir, "s.sock"), "--set", "capture.pcm=faulty", "--set", "playback.pcm=" + speaker,
	}
}

// start starts a satellite with this microphone alone.
func (c *faultyCard) start() (p *daemonProcess, socket string) {
	c.t.Helper()
	var ready control.SatelliteReady
	p = startDaemon(c.t, []string{c.env()}, filepath.Join(c.t.TempDir(), "log"), &ready, c.args("none")...)
	c.t.Cleanup(func() {
		_ = p.stop(syscall.SIGKILL) // what a test leaves behind
		if c.t.Failed() {
			c.t.Logf("satellite:\n%s", p.tail())
		}
	})
	return p, ready.Control
}

func hears(s control.SatelliteState) bool { return s.Mic.State == "running" && s.Mic.Peak > -60 }

func isDeaf(s control.SatelliteState) bool { return s.Mic.State == "failed" }

func TestADeviceThatDoesNotStopEndsTheProcess(t *testing.T) {
	card := newFaultyCard(t)
	card.plug("channels 2 unplug_ms 300") // and with a speaker, its thread spins
	cmd := asVapd(t, card.args("nowhere")...)
	cmd.Env = append(cmd.Env, card.env())
	var stderr strings.Builder
	cmd.Stderr = &stderr
	err := cmd.Run()
	if statusOf(err) != 75 || !strings.Contains(stderr.String(), audio.ErrStuck.Error()) {
		t.Fatalf("%v, want exit status 75\n%s", err, stderr.String())
	}
}

func TestAMicrophoneIsUnpluggedAndComesBack(t *testing.T) {
	card := newFaultyCard(t)
	card.plug("channels 2 unplug_ms 1500")
	p, socket := card.start()
	awaitSatellite(t, socket, "sound", hears)
	card.unplug()
	awaitSatellite(t, socket, "failure that is seen on the LEDs", func(s control.SatelliteState) bool {
		return isDeaf(s) && s.Mic.Reopens >= 3 && strings.HasSuffix(s.LEDs[0], "0000") && s.LEDs[0] != "#000000"
	})
	card.plug("channels 2")
	s := awaitSatellite(t, socket, "sound again", hears)
	t.Logf("opened again %d times", s.Mic.Reopens)
	if err := p.stop(syscall.SIGTERM); err != nil {
		t.Errorf("ended with %v", err)
	}
}

// The card is plugged in after the start. Its format can't be known before.
func TestASatelliteStartsBeforeItsCard(t *testing.T) {
	card := newFaultyCard(t)
	p, socket := card.start()
	awaitSatellite(t, socket, "failure", isDeaf)
	card.plug("channels 6 rate 48000")
	awaitSatellite(t, socket, "sound", hears)
	if err := p.stop(syscall.SIGTERM); err != nil {
		t.Errorf("ended with %v", err)
	}
}
