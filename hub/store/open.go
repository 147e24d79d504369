package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"vapd/internal/durable"
)

// Names of files in the store's folder.
const (
	fileName   = "hub.db"
	backupName = "hub.backup"
	olderName  = "hub.backup.1"
	nextName   = "hub.backup.new" // until it is whole
)

const (
	// maxAside bounds the files of one kind that are kept aside, so that a disk that
	// fails again and again is not filled by them.
	maxAside = 4
	// retryAfter is how long a file that could not be opened is left alone.
	retryAfter = time.Second
)

// Open opens the store of a folder. What is damaged there is no error: the newest backup
// is loaded, and Health tells. Neither is a disk that can't be written: then changes are
// refused until it can. Errors are ErrInUse, ErrNewer, a folder that can't be read, and a
// Check that could not be made.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	cfg.BackupEvery = cmp.Or(cfg.BackupEvery, 10*time.Minute)
	folder, err := lock(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Store{cfg: cfg, folder: folder, stop: make(chan struct{}), dirty: make(chan struct{}, 1)}
	// A backup that was interrupted has left something behind, which Load removes.
	_, _ = durable.File{Path: s.path(nextName)}.Load()
	if err := s.load(ctx); err != nil {
		folder.Close()
		return nil, err
	}
	s.writing.Lock()
	if err := s.attach(); err != nil {
		s.refused(err)
	}
	s.writing.Unlock()
	s.wg.Go(s.backups)
	return s, nil
}

func (s *Store) path(name string) string { return filepath.Join(s.cfg.Dir, name) }

// load reads the records from the file, or from a backup when there is no whole file.
func (s *Store) load(ctx context.Context) error {
	path := s.path(fileName)
	warning, err := s.cfg.Check(ctx, path)
	if err == nil {
		s.records, err = readFile(path)
	}
	if err == nil {
		if warning != "" {
			s.opened(fmt.Sprintf("%s: %s", path, warning))
		}
		s.findBackup()
		return nil
	}
	missing := errors.Is(err, fs.ErrNotExist)
	if !missing && !errors.Is(err, ErrDamaged) {
		return fmt.Errorf("store: %s: %w", path, err)
	}
	s.stale = true
	return s.loadBackup(missing, err)
}

// readFile reads the records of a file that was checked.
func readFile(path string) (records, error) {
	f, err := openFile(path, true)
	if err != nil {
		return nil, err
	}
	all, err := f.load()
	return all, errors.Join(err, f.letGo(err))
}

// loadBackup takes the newest whole backup in the place of a file that is missing or
// damaged for the reason why.
func (s *Store) loadBackup(missing bool, why error) error {
	path := s.path(fileName)
	var found []error
	for _, name := range []string{backupName, olderName} {
		b, err := readBackupFile(s.path(name))
		if err == nil {
			s.records, s.health.Backup = b.records, b.Made
			s.opened(fmt.Sprintf("%s is %s; loaded the backup of %s instead: what was changed after it is lost",
				path, brief(missing, why), b.Made.Format(time.DateTime)))
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			found = append(found, fmt.Errorf("%s: %w", name, err))
		}
	}
	s.records = newRecords()
	switch err := errors.Join(found...); {
	case errors.Is(err, ErrNewer):
		return fmt.Errorf("store: %w", err)
	case err != nil:
		s.opened(fmt.Sprintf("%s is %s, and no backup is whole (%v): the hub starts with nothing: restore a backup of your own with 'vapd hub restore FILE'",
			path, brief(missing, why), err))
	case !missing:
		s.opened(fmt.Sprintf("%s is %s, and there is no backup: the hub starts with nothing: restore a backup of your own with 'vapd hub restore FILE'",
			path, brief(missing, why)))
	}
	return nil // else a first start
}

func brief(missing bool, why error) string {
	if missing {
		return "missing"
	}
	return fmt.Sprintf("damaged (%v), and set aside", why)
}

// opened tells what was wrong at the start.
func (s *Store) opened(what string) {
	s.health.Opened = what
	s.cfg.Logger.Error("the store was not as it was left", "what", what)
}

// findBackup looks when the newest backup was made. When it is missing or damaged there
// will be another soon.
func (s *Store) findBackup() {
	b, err := readBackupFile(s.path(backupName))
	if err != nil {
		s.touch()
		return
	}
	s.health.Backup = b.Made
}

// attach opens the file for writing; one that is not what is in memory is set aside and
// made anew.
func (s *Store) attach() (err error) {
	s.retry = time.Now().Add(retryAfter)
	path := s.path(fileName)
	if !s.stale {
		s.file, err = openFile(path, false)
		return err
	}
	if err := setAside(path, "damaged"); err != nil {
		return err
	}
	if s.file, err = createFile(path, s.records); err == nil {
		s.stale = false
	}
	return err
}

// write puts changes on the disk. A file that could not be opened is tried again, and one
// that turns out to be damaged is made anew from what is in memory.
func (s *Store) write(changes []Change) error {
	if s.file == nil {
		if wait := time.Until(s.retry); wait > 0 && s.Health().Problem != "" {
			return errors.New(s.Health().Problem)
		}
		if err := s.attach(); err != nil {
			return err
		}
	}
	err := s.file.apply(changes)
	if !errors.Is(err, ErrDamaged) {
		return err
	}
	s.cfg.Logger.Error("the store's file is damaged: it is made anew from memory", "error", err)
	_ = s.file.letGo(err) // nothing better can be done with it
	s.file, s.stale = nil, true
	if err := s.attach(); err != nil {
		return err
	}
	return s.file.apply(changes)
}

// setAside renames what is at path, for its owner to look at.
func setAside(path, why string) error {
	prefix := path + "." + why + "-"
	err := os.Rename(path, prefix+time.Now().Format("20060102-150405.000"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	old, err := filepath.Glob(prefix + "*")
	if err != nil {
		return err
	}
	slices.Sort(old) // by date
	for _, name := range old[:max(0, len(old)-maxAside)] {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// lock takes the folder for this process. A folder on a disk that is read-only can be
// locked, too.
func lock(dir string) (*os.File, error) {
	folder, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	for deadline := time.Now().Add(lockWait); ; time.Sleep(20 * time.Millisecond) {
		err = syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			break
		}
	}
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		err = fmt.Errorf("%w (%s): stop it, or give this one a folder of its own with --state", ErrInUse, dir)
	case errors.Is(err, syscall.EBADF), errors.Is(err, syscall.ENOLCK), errors.Is(err, syscall.EOPNOTSUPP):
		return folder, nil // a network's file system that locks files only: bbolt does that
	case err != nil:
		err = fmt.Errorf("store: locking %s: %w", dir, err)
	default:
		return folder, nil
	}
	folder.Close()
	return nil, err
}

// remedy says what to do about a disk that took no change.
func remedy(dir string, err error) string {
	var todo string
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		todo = "the disk is full: make room"
	case errors.Is(err, syscall.EROFS):
		todo = "the disk is read-only: look for its errors with 'dmesg', then mount it for writing"
	case errors.Is(err, fs.ErrPermission):
		todo = "give the folder and its files to the user of the hub"
	case errors.Is(err, syscall.EIO):
		todo = "the disk fails: look at 'dmesg', and replace it"
	default:
		return strings.TrimPrefix(err.Error(), "store: ")
	}
	return fmt.Sprintf("%s: %v: %s", dir, err, todo)
}
