package durable

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Create makes the file at path, which must not be there, for writing, with mode 0600.
// When root makes it, it belongs to the owner of its folder: a daemon of another user can
// read what 'sudo vapd ...' wrote. It follows no link, since that user may have put one
// there.
func Create(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := likeFolder(f); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path))
	}
	return f, nil
}

// Mkdir makes a folder, with mode 0700, where there is none. As with Create it belongs to
// the owner of the folder that it is in when root makes it, or made it before. A link that
// is there stays what it is.
func Mkdir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := os.OpenFile(filepath.Clean(path), os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.ENOTDIR) {
		return nil // who uses it will see
	} else if err != nil {
		return err
	}
	info, err := d.Stat()
	if err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok && stat.Uid == 0 {
			err = likeFolder(d)
		}
	}
	return errors.Join(err, d.Close())
}

func likeFolder(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	dir := filepath.Dir(f.Name())
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("durable: %s: no owner on this system", dir)
	}
	return f.Chown(int(stat.Uid), int(stat.Gid))
}
