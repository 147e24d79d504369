package daemon

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vapd/internal/config"
	"vapd/protocol/vap"
	"vapd/skill/builtin/homeassistant/hatest"
)

// A spoken sentence turns on a lamp of a house that the hub did not know when it started.
func TestAHouseIsSpokenOf(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	house := hatest.New("secret", hatest.House{
		Areas:    []hatest.Area{{ID: "library", Name: "Library"}},
		Entities: []hatest.Entity{{ID: "light.library", Name: "Reading Lamp", Area: "library", State: "off"}},
	})
	served := make(chan error, 1)
	go func() { served <- house.Serve(listener) }()
	t.Cleanup(func() {
		listener.Close()
		house.Drop()
		<-served
	})
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := running(t, func(c *config.Hub) {
		c.Skills.HomeAssistant = config.HomeAssistant{URL: "http://" + listener.Addr().String(), TokenFile: token}
	})
	engineReady(t, r)
	c := satellite(t, r)
	const sentence, want = "turn on the reading lamp", "The Reading Lamp is on."
	for deadline := time.Now().Add(2 * time.Minute); ; {
		a, err := ask(t, c, said(t, sentence))
		if err != nil {
			t.Fatal(err)
		}
		if text(a, vap.CapVoice) == want {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("heard %q, answered %q", text(a, vap.CapHeard), text(a, vap.CapVoice))
		}
	}
	if calls := house.Calls(); len(calls) != 1 || calls[0].String() != "light.turn_on light.library" {
		t.Errorf("called %v", calls)
	}
}
