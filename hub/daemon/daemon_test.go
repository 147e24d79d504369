package daemon

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vapd/hub/speech"
	"vapd/hub/speech/flite"
	"vapd/hub/speech/pocketsphinx"
	"vapd/hub/store"
	"vapd/internal/config"
	"vapd/protocol/clientregistry"
	"vapd/protocol/coap"
	"vapd/protocol/control"
	"vapd/protocol/vap"
)

// The test binary is the program that runs the engines and checks the store, too.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "hub" && os.Args[2] == "store-check" {
		if err := store.RunCheck(os.Args[3], os.Stdout); err != nil {
			panic(err)
		}
		return
	}
	if len(os.Args) == 3 && os.Args[1] == "engine" {
		if err := runEngine(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

func runEngine(name string) error {
	if name == "flite" {
		s, err := flite.New()
		if err != nil {
			return speech.ServeMissing(os.Stdout, err)
		}
		return speech.ServeSynthesizer(os.Stdin, os.Stdout, name, s)
	}
	d, err := pocketsphinx.New("/usr/share/pocketsphinx/model/en-us")
	if err != nil {
		return speech.ServeMissing(os.Stdout, err)
	}
	return speech.ServeRecognizer(os.Stdin, os.Stdout, name, d)
}

// running starts a hub and returns where it is.
func running(t testing.TB, change func(*config.Hub)) control.HubReady {
	t.Helper()
	cfg := config.DefaultHub()
	dir := t.TempDir()
	cfg.Listen, cfg.Discoverable = "127.0.0.1:0", false
	cfg.StateDir, cfg.Control = dir, filepath.Join(dir, "hub.sock")
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan control.HubReady, 1), make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{
			Config: cfg, Env: os.Getenv, Executable: os.Args[0],
			Ready: func(r control.HubReady) { ready <- r }, Logger: slog.New(slog.DiscardHandler),
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case r := <-ready:
		return r
	case err := <-done:
		done <- nil
		t.Fatal(err)
		panic("unreachable")
	}
}

func status(t testing.TB, r control.HubReady) control.HubStatus {
	t.Helper()
	c, err := control.Dial(t.Context(), r.Control)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s, err := control.Call[control.HubStatus](t.Context(), c, control.MethodHubStatus, struct{}{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// engineReady waits until every engine is up, which takes as long as a model takes to load.
func engineReady(t testing.TB, r control.HubReady) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		up := 0
		engines := status(t, r).Engines
		for _, e := range engines {
			if e.State == string(speech.Ready) {
				up++
			}
		}
		if up == len(engines) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("engines: %+v", engines)
		}
	}
}

// satellite is a client that the hub let in, on loopback.
func satellite(t *testing.T, r control.HubReady) *clientregistry.Client {
	t.Helper()
	c, _ := satelliteAt(t, netip.MustParseAddrPort(r.CoAP), "org.example.satellite")
	return c
}

// satelliteAt is a client that the hub at addr let in, on the same address.
func satelliteAt(t testing.TB, addr netip.AddrPort, id string) (*clientregistry.Client, vap.Connected) {
	t.Helper()
	c, answer, err := tryAt(t, addr, id)
	if err != nil {
		t.Fatalf("%v: %v", addr, err)
	}
	return c, answer
}

// tryAt is a client, and what the hub at addr said to it.
func tryAt(t testing.TB, addr netip.AddrPort, id string) (*clientregistry.Client, vap.Connected, error) {
	t.Helper()
	mux := new(coap.Mux)
	e, err := coap.Listen(coap.Config{Addr: netip.AddrPortFrom(addr.Addr(), 0), Handler: mux.Serve})
	if err != nil {
		t.Fatal(err)
	}
	c := clientregistry.NewClient(clientregistry.ClientConfig{
		ID: id, Name: "Satellite", Logger: slog.New(slog.DiscardHandler),
		Capabilities: []vap.Offer{
			{Name: vap.CapSound, Version: 1, Stream: true, Codecs: []string{vap.CodecPCM}},
			{Name: vap.CapVoice, Version: 1},
			{Name: vap.CapHeard, Version: 1},
			{Name: vap.CapListen, Version: 1},
		},
		Notified: func(vap.Capability) bool { return true },
	})
	c.Register(mux)
	t.Cleanup(func() { e.Close() })
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		defer cancel()
		_ = c.Close(ctx)
	})
	answer, err := c.Connect(t.Context(), e.Peer(addr), "")
	return c, answer, err
}

// said is a sentence in a voice, with a second of silence after it.
func said(t testing.TB, text string) []int16 {
	t.Helper()
	s, err := flite.New()
	if err != nil {
		t.Fatal(err)
	}
	samples := make([]int16, 4000)
	if err := s.Say(text, "rms", func(p speech.Piece) error {
		if p.Format.Rate != 16000 {
			return fmt.Errorf("a voice at %v", p.Format)
		}
		samples = append(samples, p.Samples...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return append(samples, make([]int16, 16000)...)
}

// ask streams samples in real time, as a microphone does, until the hub has heard enough.
func ask(t *testing.T, c *clientregistry.Client, samples []int16) (clientregistry.ClientAnswer, error) {
	t.Helper()
	turn := c.Start(vap.SessionStart{Turn: 1}).Turn(1)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for at := 0; at+320 <= len(samples); at += 320 {
		data := make([]byte, 640)
		for i, s := range samples[at : at+320] {
			binary.LittleEndian.PutUint16(data[2*i:], uint16(s))
		}
		if err := turn.Send(vap.Sound{At: int64(at), Data: data}.Capability()); err != nil {
			break // the turn has ended: Answer says why
		}
		select {
		case <-turn.Heard():
			at = len(samples)
		case <-tick.C:
		}
	}
	turn.Finish()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return turn.Answer(ctx)
}

func text(a clientregistry.ClientAnswer, name string) string {
	c, _ := vap.Find(a.Capabilities, name)
	s, _ := vap.ParseText(c)
	return s
}

func TestSpokenQuestionsAreAnsweredInSpeech(t *testing.T) {
	r := running(t, nil)
	engineReady(t, r)
	c := satellite(t, r)
	for question, answer := range map[string]string{
		"set a timer for five minutes": "Timer set for five minutes.",
		"what time is it":              "It is ",
		"what is twelve times seven":   "12 times 7 is 84.",
	} {
		a, err := ask(t, c, said(t, question))
		if err != nil {
			t.Fatalf("%s: %v", question, err)
		}
		if text(a, vap.CapHeard) != question || !strings.HasPrefix(text(a, vap.CapVoice), answer) {
			t.Errorf("%s: heard %q, answered %q", question, text(a, vap.CapHeard), text(a, vap.CapVoice))
		}
		if a.Sound == nil {
			t.Fatalf("%s: no sound", question)
		}
		bytes, loudest := 0, int16(0)
		for {
			data, _, err := a.Sound.Read(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			bytes += len(data)
			for i := 0; i+1 < len(data); i += 2 {
				loudest = max(loudest, int16(binary.LittleEndian.Uint16(data[i:])))
			}
		}
		// An answer of a few words takes from one second to five.
		if bytes < 32000 || bytes > 160000 || loudest < 3000 {
			t.Errorf("%s: an answer of %d bytes, its loudest sample is %d", question, bytes, loudest)
		}
	}
}

func TestWithoutEnginesTheHubSaysSo(t *testing.T) {
	r := running(t, func(c *config.Hub) { c.Speech.STT, c.Speech.TTS = "none", "none" })
	_, err := ask(t, satellite(t, r), make([]int16, 3200))
	var e *vap.Error
	if !errors.As(err, &e) || e.Type != vap.TypeNoSpeechEngine {
		t.Errorf("%v", err)
	}
	for _, e := range status(t, r).Engines {
		if e.State != string(speech.Missing) || e.Detail == "" {
			t.Errorf("engine %+v", e)
		}
	}
}

// A satellite on the hub's machine is let in from the loopback and from the IPv4 addresses,
// with which no other machine can pass for it; from an IPv6 address that can be forged, it
// has to be paired as everybody is.
func TestSatellitesOfTheSameMachineAreLetIn(t *testing.T) {
	r := running(t, func(c *config.Hub) {
		c.Listen, c.ListenDTLS, c.Clients.Approval, c.Speech.STT, c.Speech.TTS = "[::]:0", "[::]:0", "ask", "none", "none"
	})
	port := netip.MustParseAddrPort(r.CoAP).Port()
	own, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range own {
		addr := netip.MustParsePrefix(a.String()).Addr()
		if addr.IsLinkLocalUnicast() {
			continue // needs a zone, which the list does not tell
		}
		_, _, err := tryAt(t, netip.AddrPortFrom(addr, port), "org.example.at."+addr.String())
		var refusal *vap.Error
		switch forgeable := addr.Is6() && !addr.IsLoopback(); {
		case !forgeable && err != nil:
			t.Errorf("%v: %v", addr, err)
		case forgeable && (!errors.As(err, &refusal) || refusal.Type != vap.TypePairingRequired):
			t.Errorf("%v: %v", addr, err)
		}
	}
}

// A hub is the same one after a restart, and another one in another folder.
func TestAHubKeepsItsID(t *testing.T) {
	dir, ids := t.TempDir(), make(map[string]string)
	for _, folder := range []string{"a", "a", "b"} {
		t.Run(folder, func(t *testing.T) {
			r := running(t, func(c *config.Hub) {
				c.StateDir, c.Speech.STT, c.Speech.TTS = filepath.Join(dir, folder), "none", "none"
			})
			_, answer := satelliteAt(t, netip.MustParseAddrPort(r.CoAP), "org.example.satellite")
			if before := ids[folder]; answer.HubID == "" || before != "" && before != answer.HubID {
				t.Errorf("it was %q and is %q", before, answer.HubID)
			}
			ids[folder] = answer.HubID
		})
	}
	if ids["a"] == ids["b"] {
		t.Errorf("two hubs are both %q", ids["a"])
	}
}

func TestTwoHubsDoNotShareASocket(t *testing.T) {
	r := running(t, nil)
	cfg := config.DefaultHub()
	cfg.Listen, cfg.Discoverable, cfg.Control, cfg.StateDir = "127.0.0.1:0", false, r.Control, t.TempDir()
	err := Run(t.Context(), Options{
		Config: cfg, Env: os.Getenv, Executable: os.Args[0], Ready: func(control.HubReady) { t.Error("ready") },
		Logger: slog.New(slog.DiscardHandler),
	})
	if !errors.Is(err, control.ErrInUse) {
		t.Errorf("%v", err)
	}
}
