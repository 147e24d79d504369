package store

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"time"

	"vapd/internal/durable"
)

// settle is how long a change waits for others before it is backed up.
const settle = 2 * time.Second

// backups writes the automatic backups until stop is closed, and then one that is due.
func (s *Store) backups() {
	for {
		select {
		case <-s.stop:
			select {
			case <-s.dirty:
				s.tryBackup()
			default:
			}
			return
		case <-s.dirty:
		}
		// A clock that was set back makes the last backup one of the future: it may delay
		// the next one, but not for hours.
		wait := time.NewTimer(max(settle, min(time.Until(s.Health().Backup.Add(s.cfg.BackupEvery)), s.cfg.BackupEvery)))
		select {
		case <-s.stop:
			wait.Stop()
			s.tryBackup()
			return
		case <-wait.C:
			s.tryBackup()
		}
	}
}

// tryBackup writes the automatic backup. After a failure it is tried again with the next
// change.
func (s *Store) tryBackup() {
	if _, err := s.Backup(); err != nil {
		s.cfg.Logger.Warn("no backup of the store", "error", err)
	}
}

// Backup writes hub.backup now, keeps the one before it as hub.backup.1, and returns the
// path of the new one.
func (s *Store) Backup() (path string, err error) {
	s.backing.Lock()
	defer s.backing.Unlock()
	select {
	case <-s.dirty: // what changes from here on is for the next one
	default:
	}
	b := s.snapshot()
	err = s.saveBackup(b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		err = fmt.Errorf("store: backup: %w", err)
		s.health.BackupProblem = err.Error()
		return "", err
	}
	s.health.Backup, s.health.BackupProblem = b.Made, ""
	return s.path(backupName), nil
}

// snapshot is a backup of what is known now.
func (s *Store) snapshot() *Backup {
	b := &Backup{Made: time.Now().Truncate(time.Second), Identity: s.cfg.Identity, records: make(records)}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for name, all := range s.records {
		b.records[name] = maps.Clone(all)
	}
	return b
}

// saveBackup replaces hub.backup. Until the new one is whole, the old one stays.
func (s *Store) saveBackup(b *Backup) error {
	newest, next := s.path(backupName), durable.File{Path: s.path(nextName)}
	if err := next.Save(encodeBackup(b)); err != nil {
		return err
	}
	if err := os.Rename(newest, s.path(olderName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(next.Path, newest); err != nil {
		return err
	}
	return durable.SyncFolder(s.cfg.Dir)
}
