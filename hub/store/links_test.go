package store

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Who owns the hub's folder can't have 'sudo vapd hub restore' write anywhere else, nor
// have it give him another file, and can use what it wrote.
func TestRestoreFollowsNoLink(t *testing.T) {
	dir, victim := t.TempDir(), filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	uid := os.Geteuid()
	if uid == 0 {
		uid = 1234
		if err := os.Chown(dir, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	backup := filepath.Join(t.TempDir(), "backup")
	if err := os.WriteFile(backup, encodeBackup(&Backup{Identity: "org.vapd.hub.x", records: records{Clients: {"a": "b"}}}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fileName, fileName + ".new", backupName + ".new", IdentityName, IdentityName + ".new"} {
		if err := os.Symlink(victim, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Restore(dir, backup); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(victim)
	if err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(victim); string(data) != "precious" || int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
		t.Errorf("where the links led: %q, %+v", data, info.Sys())
	}
	for _, name := range []string{fileName, backupName, IdentityName} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil || info.Mode() != 0o600 || int(info.Sys().(*syscall.Stat_t).Uid) != uid {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if s := open(t, config(dir)); content(s)[Clients]["a"] != "b" {
		t.Errorf("restored: %v", content(s))
	} else {
		closed(t, s)
	}
}
