package audit

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// An entry that root adds goes into no other file, and the hub can go on with the log.
func TestTheLogIsNoLink(t *testing.T) {
	dir, victim := t.TempDir(), filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	uid := os.Geteuid()
	if uid == 0 {
		uid = 1234
		if err := os.Chown(dir, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, fileName)
	if err := os.Symlink(victim, path); err != nil {
		t.Fatal(err)
	}
	if err := logIn(t, dir).Add(Entry{Actor: "owner"}); !errors.Is(err, syscall.ELOOP) {
		t.Errorf("into a link: %v", err)
	}
	if data, err := os.ReadFile(victim); string(data) != "precious" {
		t.Errorf("where the link led: %q, %v", data, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	add(t, logIn(t, dir), "a")
	info, err := os.Stat(path)
	if err != nil || int(info.Sys().(*syscall.Stat_t).Uid) != uid {
		t.Errorf("the new log: %v, %v", info, err)
	}
}
