//go:build !vapd_satellite

package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestHubCommandRefuses(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ set, want string }{
		"value":  {"clients.max=0", "1 to 20000"},
		"key":    {"lisen=[::]:1", "listen"},
		"socket": {"control_socket=/" + strings.Repeat("x", 120), "choose a shorter control_socket"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := vapdOutput("hub", "--state", dir, "--listen", "127.0.0.1:0",
				"--set", "control_socket="+filepath.Join(dir, "s"), "--set", c.set)
			if statusOf(err) != exitConfig || !strings.Contains(out, c.want) {
				t.Errorf("%v: %s\nwant exit status %d, and that it names %s", err, out, exitConfig, c.want)
			}
		})
	}
}
