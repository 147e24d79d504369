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

func TestFindStateDir(t *testing.T) {
	home := t.TempDir()
	own := filepath.Join(home, ".local", "state", "vapd", "satellite")
	if err := os.MkdirAll(own, 0o700); err != nil {
		t.Fatal(err)
	}
	if got, err := FindStateDir(PartSatellite, env("HOME="+home)); got != own || err != nil {
		t.Errorf("with a folder of one's own: %s, %v", got, err)
	}
	// Without one it is the packages', if they are installed, else the one that would be made.
	got, err := FindStateDir(PartSatellite, env("HOME="+t.TempDir()))
	if want := "/var/lib/vapd/satellite"; exists(want) && got != want || !exists(want) && !strings.HasSuffix(got, "/.local/state/vapd/satellite") || err != nil {
		t.Errorf("without: %s, %v", got, err)
	}
}

func TestWhatIsOutOfReachExists(t *testing.T) {
	if !exists("/") || exists(filepath.Join(t.TempDir(), "nothing")) {
		t.Error("wrong about what exists")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	if !exists(dir) {
		t.Error("a folder that can't be read is not there")
	}
}
