//go:build !vapd_satellite && cgo && !race

package main

import (
	"bytes"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"vapd/protocol/control"
)

// hubBytes is the memory of the hub's process.
func (h *home) hubBytes() int64 {
	h.t.Helper()
	s, err := control.Call[control.HubStatus](h.t.Context(), dial(h.t, h.hubReady.Control), control.MethodHubStatus, struct{}{})
	if err != nil {
		h.t.Fatal(err)
	}
	return s.RSSBytes
}

// throw sends garbage to the hub: noise, headers of CoAP with noise behind them, and
// beginnings of bodies that never end.
func throw(t *testing.T, addr string, n int) {
	t.Helper()
	luck := rand.New(rand.NewPCG(1, 2))
	conn, err := net.Dial("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	firstBlock := append([]byte{0x44, 2, 0, 0, 1, 2, 3, 4, 0xb3}, "vap"...) // POST vap ...
	firstBlock = append(append(firstBlock, 0x0e), "clientRegistry"[:14]...)
	for i := range n {
		b := make([]byte, luck.IntN(1200))
		for j := range b {
			b[j] = byte(luck.Uint32())
		}
		switch i % 3 {
		case 1:
			b = append([]byte{0x40, 2, byte(i >> 8), byte(i)}, b...)
		case 2:
			b = append(bytes.Clone(firstBlock), b...)
		}
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err) // loopback: there is somebody
		}
		if i%100 == 99 {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func TestGarbageDisturbsNobody(t *testing.T) {
	h := newHome(t, "")
	ask := func(turn uint32) {
		t.Helper()
		h.call(control.MethodSay, control.Say{Text: "what day is it"})
		if s := h.answered(turn); s.Turn.Heard != "what day is it" || s.Turn.Error != "" {
			t.Errorf("turn %+v", s.Turn)
		}
	}
	ask(1)
	throw(t, h.hubReady.CoAP, 3000) // whatever grows once has grown
	before := h.hubBytes()
	throw(t, h.hubReady.CoAP, 20000)
	ask(2)
	// 23,000 datagrams are 14 MB.
	if grown := h.hubBytes() - before; grown > 8<<20 {
		t.Errorf("the hub grew by %d bytes", grown)
	}
	if s := h.state(); s.Link.Losses != 0 {
		t.Errorf("the link was lost %d times", s.Link.Losses)
	}
}

func TestABodyThatIsTooLargeIsRefused(t *testing.T) {
	h := newHome(t, "")
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, make([]byte, 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	before := h.hubBytes()
	out, err := exec.Command("coap-client-notls", "-m", "post", "-f", file, "-b", "1024", "-B", "20",
		"coap://"+h.hubReady.CoAP+"/vap/clientRegistry/connect").CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatalf("coap-client-notls (Debian package libcoap3-bin): %v", err)
	}
	if !bytes.Contains(out, []byte("4.13")) {
		t.Errorf("10 MB are answered %q", out)
	}
	if grown := h.hubBytes() - before; grown > 8<<20 {
		t.Errorf("the hub grew by %d bytes", grown)
	}
}
