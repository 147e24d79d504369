package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"vapd/internal/durable"
)

// IdentityName is the file in the hub's folder that has its id (internal/identity), which
// is in backups, too.
const IdentityName = "identity"

// CopyBackup puts the backup file from at to, after it was checked, and returns it.
func CopyBackup(from, to string) (*Backup, error) {
	b, err := ReadBackup(from)
	if err != nil {
		return nil, err
	}
	return b, durable.File{Path: to}.Save(encodeBackup(b))
}

// Export writes a backup of the store in the folder dir to the file to. No hub may run on
// the folder, which is left as it is; check is as in Config.
func Export(ctx context.Context, dir, to string, check func(context.Context, string) (string, error)) (*Backup, error) {
	folder, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	path := filepath.Join(dir, fileName)
	_, err = check(ctx, path)
	b := &Backup{Made: time.Now().Truncate(time.Second)}
	if err == nil {
		b.records, err = readFile(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("store: nothing to back up: no %s: name the hub's folder with --state", path)
	case errors.Is(err, ErrDamaged):
		return nil, fmt.Errorf("store: %s: %w: start the hub, which sets it aside and loads its newest backup", path, err)
	case err != nil:
		return nil, fmt.Errorf("store: %s: %w", path, err)
	}
	id, err := durable.File{Path: filepath.Join(dir, IdentityName)}.Load()
	if err != nil {
		return nil, err
	}
	b.Identity = string(id)
	return b, durable.File{Path: to}.Save(encodeBackup(b))
}

// Restore makes the folder dir hold what the backup file has, and returns that. The file
// is checked first. What was in the folder is kept beside it, as NAME.before-restore-DATE.
// The error wraps ErrInUse while a hub runs on the folder.
func Restore(dir, file string) (*Backup, error) {
	b, err := ReadBackup(file)
	if err != nil {
		return nil, err
	}
	folder, err := lock(dir)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	if err := restore(dir, b); err != nil {
		return nil, fmt.Errorf("store: restoring into %s: %w", dir, err)
	}
	return b, nil
}

func restore(dir string, b *Backup) error {
	path := filepath.Join(dir, fileName)
	// First all that may fail for want of room, then the renames.
	if err := buildFile(path+".new", b.records); err != nil {
		return err
	}
	files := map[string][]byte{backupName: encodeBackup(b)}
	if b.Identity != "" {
		files[IdentityName] = []byte(b.Identity)
	}
	for name, data := range files {
		if err := writeLikeFolder(filepath.Join(dir, name+".new"), data); err != nil {
			return err
		}
	}
	for _, name := range []string{IdentityName, backupName, fileName} {
		if _, err := os.Stat(filepath.Join(dir, name+".new")); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err := setAside(filepath.Join(dir, name), "before-restore"); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(dir, name+".new"), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return durable.SyncFolder(dir)
}

// writeLikeFolder writes a file to the disk that belongs to the owner of its folder, in
// the place of a leftover.
func writeLikeFolder(path string, data []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := durable.Create(path)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}
