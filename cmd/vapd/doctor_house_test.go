//go:build !vapd_satellite && cgo && linux

package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vapd/internal/doctor"
	"vapd/skill/builtin/homeassistant/hatest"
)

func TestDoctorLooksForTheHouse(t *testing.T) {
	home := emptyHome(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	house := hatest.New("secret", hatest.House{
		Areas:    []hatest.Area{{ID: "kitchen", Name: "Kitchen"}},
		Entities: []hatest.Entity{{ID: "light.kitchen", Name: "Kitchen Light", Area: "kitchen", State: "off"}},
	})
	served := make(chan error, 1)
	go func() { served <- house.Serve(listener) }()
	t.Cleanup(func() {
		listener.Close()
		house.Drop()
		<-served
	})
	token := filepath.Join(home, "token")
	if err := os.WriteFile(token, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	for _, c := range []struct {
		url, token string
		state      doctor.State
		what       string
	}{
		{"", "", doctor.Skipped, "no house"},
		{url, token, doctor.OK, "1 entities in 1 areas"},
		{url, filepath.Join(home, "nowhere"), doctor.Bad, "token file"},
		{"http://127.0.0.1:1", token, doctor.Bad, "can't be reached"},
	} {
		t.Setenv("VAPD_HUB_SKILLS_HOME_ASSISTANT_URL", c.url)
		t.Setenv("VAPD_HUB_SKILLS_HOME_ASSISTANT_TOKEN_FILE", c.token)
		found, _ := examine(t, "--hub")
		if f := found["hub home assistant"]; f.State != c.state || !strings.Contains(f.What, c.what) {
			t.Errorf("%q, %q: %+v, want %s and %q", c.url, c.token, f, c.state, c.what)
		}
	}
}
