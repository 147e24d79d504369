package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func env(lines ...string) Env {
	return func(name string) string {
		for _, l := range lines {
			if n, v, _ := strings.Cut(l, "="); n == name {
				return v
			}
		}
		return ""
	}
}

func TestStateDir(t *testing.T) {
	for name, c := range map[string]struct {
		configured string
		env        Env
		want       string
	}{
		"configured": {"/x", env("STATE_DIRECTORY=/s", "HOME=/h"), "/x"},
		"systemd":    {"", env("STATE_DIRECTORY=/s:/t", "XDG_STATE_HOME=/xdg"), "/s"},
		"xdg":        {"", env("XDG_STATE_HOME=/xdg", "HOME=/h"), "/xdg/vapd/hub"},
		"home":       {"", env("HOME=/h"), "/h/.local/state/vapd/hub"},
		"nothing":    {"", env(), ""},
	} {
		got, err := StateDir(PartHub, c.configured, c.env)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestControlSocket(t *testing.T) {
	for name, c := range map[string]struct {
		configured string
		env        Env
		want       string
	}{
		"configured": {"/x.sock", env("RUNTIME_DIRECTORY=/r"), "/x.sock"},
		"systemd":    {"", env("RUNTIME_DIRECTORY=/run/vapd", "XDG_RUNTIME_DIR=/run/user/1"), "/run/vapd/satellite.sock"},
		"xdg":        {"", env("XDG_RUNTIME_DIR=/run/user/1"), "/run/user/1/vapd/satellite.sock"},
		"nothing":    {"", env(), ""},
		"too long":   {"/" + strings.Repeat("x", 107), env(), ""},
	} {
		got, err := ControlSocket(PartSatellite, c.configured, c.env)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestFile(t *testing.T) {
	home := t.TempDir()
	if got := File(PartHub, env("HOME="+home)); got != "/etc/vapd/hub.toml" {
		t.Errorf("without a file of one's own: %s", got)
	}
	own := filepath.Join(home, ".config", "vapd", "hub.toml")
	if err := os.MkdirAll(filepath.Dir(own), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(own, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := File(PartHub, env("HOME="+home)); got != own {
		t.Errorf("with one: %s", got)
	}
}
