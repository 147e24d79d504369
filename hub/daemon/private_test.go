package daemon

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"vapd/internal/config"
)

// What the hub keeps, and the socket of its owner, are for its user alone: also in a folder
// that was there and is open to all, and with the most generous umask.
func TestFilesAreForTheHubAlone(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	var dir string
	running(t, func(c *config.Hub) {
		dir = c.StateDir
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	})
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if files++; info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, info.Mode())
		}
		return nil
	})
	if err != nil || files < 4 { // the store, the id, the socket and its lock
		t.Errorf("%d files, %v", files, err)
	}
}
