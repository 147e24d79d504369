//go:build !vapd_satellite

package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vapd/internal/netns"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/dtls"
	"vapd/protocol/pairing"
	"vapd/protocol/vap"
)

// bareSatellite is a satellite with nothing but its link.
type bareSatellite struct {
	*clientregistry.Client
	transport *dtls.Transport
	endpoint  *coap.Endpoint
}

func newBareSatellite(t *testing.T, id string) *bareSatellite {
	t.Helper()
	transport, err := dtls.Listen(dtls.Config{Addr: netip.MustParseAddrPort("0.0.0.0:0"), Plain: true})
	if err != nil {
		t.Fatal(err)
	}
	mux := new(coap.Mux)
	endpoint, err := coap.Listen(coap.Config{Conn: transport, Handler: mux.Serve})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { endpoint.Close() })
	c := clientregistry.NewClient(clientregistry.ClientConfig{ID: id, Name: "kitchen", Logger: slog.New(slog.DiscardHandler)})
	c.Register(mux)
	return &bareSatellite{c, transport, endpoint}
}

// enter connects over DTLS.
func (s *bareSatellite) enter(t *testing.T, addr string, p pairing.Pairing) (vap.Connected, coap.Peer, error) {
	t.Helper()
	to := netip.MustParseAddrPort(addr)
	a, err := s.transport.Associate(t.Context(), to, dtls.Credentials{Identity: p.Identity(), Key: p.Key[:]})
	if err != nil {
		return vap.Connected{}, nil, err
	}
	peer := s.endpoint.Secured(a, to)
	answer, err := s.Connect(t.Context(), peer, "")
	return answer, peer, err
}

// held is a satellite whose key is held until the hub answers.
type held struct {
	code chan pairing.Code
	done chan error
	got  pairing.Pairing
}

func (s *bareSatellite) hold(t *testing.T, addr string, me pairing.Satellite) *held {
	h := &held{code: make(chan pairing.Code, 1), done: make(chan error, 1)}
	go func() {
		p, err := pairing.NewClient(pairing.ClientConfig{}).Push(t.Context(), s.endpoint.Peer(netip.MustParseAddrPort(addr)), me,
			func(_ context.Context, c pairing.Code) error { h.code <- c; return nil })
		h.got = p
		h.done <- err
	}()
	return h
}

// shows is the code that the satellite shows.
func (h *held) shows(t *testing.T) pairing.Code {
	t.Helper()
	select {
	case c := <-h.code:
		return c
	case err := <-h.done:
		t.Fatalf("the satellite shows no code: %v", err)
	}
	return pairing.Code{}
}

func TestPairAtTheHub(t *testing.T) {
	_, ready := startHub(t, t.TempDir())
	me := pairing.Satellite{ID: "org.example.kitchen", Name: "kitchen"}
	s := newBareSatellite(t, me.ID)
	pair := []string{"hub", "--control", ready.Control, "pair"}

	for _, c := range []struct {
		typed  string
		status int
		says   string
	}{
		{"no\r", 1, "not paired: the owner refused"},
		{"\x03", 1, "not paired: interrupted"},
		{"perhaps\ryes\r", 0, "is paired"},
	} {
		at := atTerminal(t, pair...)
		at.await("two minutes")
		h := s.hold(t, ready.CoAP, me)
		code := h.shows(t)
		colours := code.Colours()
		at.await(fmt.Sprintf(`\(org.example.kitchen\) at 127[^\n]*(?s:.*)%s +%v, %v, %v`, code.Digits(), colours[0], colours[1], colours[2]))
		at.await("same colours")
		at.press(c.typed)
		at.await(c.says)
		if status := at.status(); status != c.status {
			t.Errorf("%q: status %d:\n%s", c.typed, status, at.shown())
		}
		if err := <-h.done; (err == nil) != (c.status == 0) || err != nil && !errors.Is(err, pairing.ErrClosed) {
			t.Errorf("%q: the satellite: %v", c.typed, err)
		}
		if list := vapdOK(t, append(pair, "--list")...); list != "No satellite asks to be paired.\n" {
			t.Errorf("%q: %s", c.typed, list)
		}
		if c.status == 0 {
			if _, _, err := s.enter(t, ready.DTLS, h.got); err != nil {
				t.Error(err)
			}
		}
	}
}

// Where nobody can answer, the approval comes from another command.
func TestApproveFromElsewhere(t *testing.T) {
	_, ready := startHub(t, t.TempDir())
	me := pairing.Satellite{ID: "org.example.kitchen", Name: "kitchen"}
	s := newBareSatellite(t, me.ID)
	pair := []string{"hub", "--control", ready.Control, "pair"}
	h := s.hold(t, ready.CoAP, me)
	asks := "kitchen (org.example.kitchen) at 127"
	for deadline := time.Now().Add(10 * time.Second); !strings.Contains(vapdOK(t, append(pair, "--list")...), asks); {
		if time.Now().After(deadline) {
			t.Fatal("the list does not show who asks")
		}
	}
	waiting := program(t.Context(), pair...)
	said := make(chan string, 1)
	go func() {
		out, err := waiting.CombinedOutput()
		said <- fmt.Sprintf("%s%v", out, err)
	}()
	code := h.shows(t)
	digits := strings.ReplaceAll(code.Digits(), " ", "")
	if out, err := vapdOutput(append(pair, "--approve", "x"+digits)...); err == nil {
		t.Errorf("another code is approved: %s", out)
	}
	if list := vapdOK(t, append(pair, "--list")...); !strings.Contains(list, "--approve "+digits) {
		t.Errorf("%s", list)
	}
	vapdOK(t, append(pair, "--approve", digits)...)
	if err := <-h.done; err != nil {
		t.Error(err)
	}
	if out := <-said; !strings.Contains(out, "--approve "+digits) || !strings.Contains(out, "is paired.\n<nil>") {
		t.Errorf("%s", out)
	}
}

func TestPairByCode(t *testing.T) {
	_, ready := startHub(t, t.TempDir())
	at := atTerminal(t, "hub", "--control", ready.Control, "pair", "--code", "--address", "192.0.2.1:5683")
	typed := at.await(`vapd satellite pair --code (\d{8})`)[1]
	if !strings.ContainsAny(at.shown(), "█▀▄") {
		t.Errorf("no QR code:\n%s", at.shown())
	}
	me := pairing.Satellite{ID: "org.example.kitchen", Name: "kitchen"}
	s := newBareSatellite(t, me.ID)
	try := func(digits string) (pairing.Pairing, error) {
		code, err := pairing.ParsePasscode(digits)
		if err != nil {
			t.Fatal(err)
		}
		return pairing.NewClient(pairing.ClientConfig{}).WithCode(t.Context(), s.endpoint.Peer(netip.MustParseAddrPort(ready.CoAP)), me, "", code)
	}
	wrong := []byte(typed)
	wrong[7] ^= 1 // another digit
	if _, err := try(string(wrong)); !errors.Is(err, pairing.ErrWrongCode) {
		t.Errorf("a wrong code: %v", err)
	}
	at.await("4 tries are left")
	p, err := try(typed)
	if err != nil {
		t.Fatal(err)
	}
	at.await(`is paired`)
	if at.status() != 0 {
		t.Error(at.shown())
	}
	if _, _, err := s.enter(t, ready.DTLS, p); err != nil {
		t.Error(err)
	}
}

// A hub on another machine, as it comes: who is not paired gets in nowhere, who has a key
// file does, and is out again when it is lost. Nothing of a key is in the log.
func TestPairedOverTheNetwork(t *testing.T) {
	if !netns.Inside(t, netns.Cable) {
		return
	}
	dir := t.TempDir()
	var ready control.HubReady
	log := filepath.Join(t.TempDir(), "log")
	hub := startDaemonOn(t, "far", nil, log, &ready, "hub", "--listen", "10.77.0.2:5683", "--state", dir, "--control", filepath.Join(dir, "s"),
		"--set", "speech.stt=none", "--set", "speech.tts=none", "--set", "log_level=DEBUG")
	defer hub.stop(syscall.SIGKILL) //nolint:errcheck // it was stopped before
	command := []string{"hub", "--control", ready.Control}

	me := pairing.Satellite{ID: "org.example.kitchen", Name: "kitchen"}
	s := newBareSatellite(t, me.ID)
	var refusal *vap.Error
	if _, err := s.Connect(t.Context(), s.endpoint.Peer(netip.MustParseAddrPort(ready.CoAP)), ""); !errors.As(err, &refusal) || refusal.Type != vap.TypePairingRequired {
		t.Errorf("not paired: %v", err)
	}
	out, err := exec.Command("coap-client-notls", "-m", "post", "-e", "x", "-B", "10", "coap://"+ready.CoAP+"/vap/clientRegistry/connect").CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatalf("coap-client-notls (Debian package libcoap3-bin): %v", err)
	}
	if !strings.Contains(string(out), vap.TypePairingRequired) {
		t.Errorf("libcoap's client is told %q", out)
	}

	file := filepath.Join(t.TempDir(), "kitchen.toml")
	vapdOK(t, append(command, "pair", "--export", file, "--id", me.ID, "--name", me.Name)...)
	if i, err := os.Stat(file); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", i, err)
	}
	for _, where := range []string{file, filepath.Join(dir, "nowhere", "x.toml")} {
		if out, err := vapdOutput(append(command, "pair", "--export", where, "--id", "org.example.unwritten")...); err == nil || !strings.Contains(out, "name") {
			t.Errorf("a key file at %s: %v: %s", where, err, out)
		}
	}
	if list := vapdOK(t, append(command, "clients")...); strings.Contains(list, "unwritten") || strings.Contains(list, "invalid") {
		t.Errorf("keys that nobody has: %s", list)
	}
	key, err := pairing.ReadKeyFile(file)
	if err != nil {
		t.Fatal(err)
	}
	answer, peer, err := s.enter(t, ready.DTLS, key.Pairing)
	if err != nil {
		t.Fatal(err)
	}
	if list := vapdOK(t, append(command, "clients")...); !strings.Contains(list, "paired") || strings.Contains(list, "plain") {
		t.Error(list)
	}
	if status := vapdOK(t, append(command, "status")...); !strings.Contains(status, "paired, DTLS at 10.77.0.2:5684") {
		t.Error(status)
	}
	if entries, err := os.ReadDir(dir); err != nil {
		t.Error(err)
	} else {
		for _, e := range entries {
			if i, err := e.Info(); err != nil || e.Type().IsRegular() && i.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", e.Name(), i.Mode(), err)
			}
		}
	}
	vapdOK(t, append(command, "lost", me.ID)...)
	if err := s.endpoint.Ping(t.Context(), peer); !errors.Is(err, coap.ErrEnded) {
		t.Errorf("lost, and the association: %v", err)
	}
	if _, _, err := s.enter(t, ready.DTLS, key.Pairing); !errors.Is(err, dtls.ErrRefused) {
		t.Errorf("lost, and its key: %v", err)
	}
	if err := hub.stop(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	written, err := os.ReadFile(log)
	if err != nil || !strings.Contains(string(written), "level=DEBUG") {
		t.Errorf("nothing at DEBUG, %v", err)
	}
	k := key.Pairing.Key
	for _, secret := range []string{string(k[:]), hex.EncodeToString(k[:]), base64.StdEncoding.EncodeToString(k[:]), answer.Token} {
		if strings.Contains(string(written), secret) {
			t.Errorf("a secret is in the log: %q", secret)
		}
	}
}
