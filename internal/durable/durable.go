// Package durable keeps small files over crashes and power cuts. After Save
// returned, the new content is on the disk; when it was interrupted, the old
// content is, whole. Readers see one or the other, never a mix.
package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// File is a file that is only ever replaced as a whole. One process owns it; its
// methods may be called from any goroutine.
type File struct {
	Path string
	// Mode of the file; default 0600.
	Mode fs.FileMode
}

// Load returns the content, or nil where there is no file yet. It removes what a
// Save that was interrupted by a crash left beside the file.
func (f File) Load() ([]byte, error) {
	data, err := os.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) {
		data, err = nil, nil
	}
	if err == nil {
		err = f.removeLeftovers()
	}
	if err != nil {
		return nil, fmt.Errorf("durable: loading %s: %w", f.Path, err)
	}
	return data, nil
}

// Save replaces the content and returns when it is on the disk. The folder must
// exist; what root saves belongs to its owner, as with Create.
func (f File) Save(data []byte) error {
	if err := f.save(data); err != nil {
		return fmt.Errorf("durable: saving %s: %w", f.Path, err)
	}
	return nil
}

func (f File) save(data []byte) error {
	// In the same folder, since a rename is atomic within one file system only.
	tmp, err := os.CreateTemp(f.dir(), f.prefix()+"*")
	if err != nil {
		return err
	}
	if err := f.fill(tmp, data); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	if err := os.Rename(tmp.Name(), f.Path); err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return SyncFolder(f.dir())
}

// fill writes data to tmp and to the disk, and closes tmp.
func (f File) fill(tmp *os.File, data []byte) error {
	mode := f.Mode
	if mode == 0 {
		mode = 0o600
	}
	_, err := tmp.Write(data)
	if err == nil {
		err = tmp.Chmod(mode)
	}
	if err == nil {
		err = likeFolder(tmp)
	}
	if err == nil {
		err = tmp.Sync()
	}
	return errors.Join(err, tmp.Close())
}

func (f File) dir() string { return filepath.Dir(f.Path) }

// prefix begins the names of the temporary files.
func (f File) prefix() string { return "." + filepath.Base(f.Path) + ".new-" }

func (f File) removeLeftovers() error {
	entries, err := os.ReadDir(f.dir())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), f.prefix()) {
			if err := os.Remove(filepath.Join(f.dir(), e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// SyncFolder puts the names of a folder, so also a rename, on the disk.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
