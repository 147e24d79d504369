package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

// Buckets, one a kind of record. The packages that keep records define what is in them.
const (
	Clients = "clients" // hub/clients: by id
	Skills  = "skills"
	Tokens  = "tokens" // of skills and gateways
	Grants  = "grants"
	Timers  = "timers" // what satellites reported, by client id
	Outbox  = "outbox" // what skills say to satellites that are away
)

// buckets are all of them.
func buckets() []string { return []string{Clients, Skills, Tokens, Grants, Timers, Outbox} }

// Limits of a record in bytes. bbolt takes larger ones.
const (
	MaxKey   = 512
	MaxValue = 1 << 20
)

// Errors that callers tell apart.
var (
	// ErrRefused is wrapped by every change that could not be kept: the disk is full,
	// read-only or broken. Nothing has changed, and the same change may work later.
	ErrRefused = errors.New("store: not kept")
	// ErrInUse says that another process has the folder open.
	ErrInUse = errors.New("store: another hub runs on this folder")
	// ErrDamaged is wrapped by what reads a file that is not as it was written.
	ErrDamaged = errors.New("damaged")
	// ErrNewer says that a newer program wrote the file, which is left as it is.
	ErrNewer = errors.New("written by a newer vapd: use that one")
)

// Config is what a Store needs.
type Config struct {
	// Dir is the folder of the files. It must exist, and belongs to one Store at a time.
	Dir string
	// Check looks through the file at path without risk to this process: see Checker.
	// It returns what is doubtful but usable as a warning.
	Check func(ctx context.Context, path string) (warning string, err error)
	// Identity is the hub's id, for its backups.
	Identity string
	// BackupEvery is the least time between two automatic backups; default 10 minutes.
	BackupEvery time.Duration
	Logger      *slog.Logger
}

// Change is one change of a record; a nil Value deletes it.
type Change struct {
	Bucket, Key string
	Value       []byte
}

// records are the values by bucket and key.
type records map[string]map[string]string

func newRecords() records {
	r := make(records)
	for _, b := range buckets() {
		r[b] = make(map[string]string)
	}
	return r
}

func (r records) apply(changes []Change) {
	for _, c := range changes {
		if c.Value == nil {
			delete(r[c.Bucket], c.Key)
		} else {
			r[c.Bucket][c.Key] = string(c.Value)
		}
	}
}

// Store is an open store. Its methods may be called from any goroutine.
type Store struct {
	cfg    Config
	folder *os.File // holds the lock
	wg     sync.WaitGroup
	stop   chan struct{}
	dirty  chan struct{} // has one item when there is something to back up

	writing sync.Mutex // one change at a time; held while the disk writes
	file    *file      // nil: it can't be written
	stale   bool       // what is on the disk under the file's name is not what is in memory
	retry   time.Time  // when to try to open the file again
	closed  bool

	backing sync.Mutex // one backup at a time

	mu      sync.RWMutex // never held while the disk works
	records records
	health  Health
}

// Health says how the store is.
type Health struct {
	// Problem is why no change can be kept at present, and what to do about it; empty
	// when changes are kept.
	Problem string
	// Opened is what was wrong when the store was opened, and what was done about it;
	// empty when all was well.
	Opened string
	// Backup is when the newest automatic backup was made; zero: there is none.
	Backup time.Time
	// BackupProblem is why the last automatic backup failed.
	BackupProblem string
}

// Health says how the store is.
func (s *Store) Health() Health {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.health
}

// Get returns the record of a bucket.
func (s *Store) Get(bucket, key string) (value []byte, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	v, ok := s.records[bucket][key]
	return []byte(v), ok
}

// All are the records of a bucket as they are now, ordered by key.
func (s *Store) All(bucket string) iter.Seq2[string, []byte] {
	s.mu.RLock()
	all := maps.Clone(s.records[bucket])
	s.mu.RUnlock()
	return func(yield func(string, []byte) bool) {
		for _, key := range slices.Sorted(maps.Keys(all)) {
			if !yield(key, []byte(all[key])) {
				return
			}
		}
	}
}

// Apply makes all changes or none, and returns when they are on the disk. An error that
// wraps ErrRefused says that the disk did not take them.
func (s *Store) Apply(changes ...Change) error {
	for _, c := range changes {
		if err := c.check(); err != nil {
			return err
		}
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.closed {
		return fmt.Errorf("%w: the store is closed", ErrRefused)
	}
	if err := s.write(changes); err != nil {
		s.refused(err)
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	s.mu.Lock()
	s.records.apply(changes)
	recovered := s.health.Problem != ""
	s.health.Problem = ""
	s.mu.Unlock()
	if recovered {
		s.cfg.Logger.Info("the store keeps changes again", "folder", s.cfg.Dir)
	}
	s.touch()
	return nil
}

func (c Change) check() error {
	switch {
	case !slices.Contains(buckets(), c.Bucket):
		return fmt.Errorf("store: no bucket %q", c.Bucket)
	case c.Key == "" || len(c.Key) > MaxKey:
		return fmt.Errorf("store: a key of %d bytes in %s: must be 1 to %d", len(c.Key), c.Bucket, MaxKey)
	case len(c.Value) > MaxValue:
		return fmt.Errorf("store: %s %q: %d bytes, at most %d can be kept", c.Bucket, c.Key, len(c.Value), MaxValue)
	}
	return nil
}

// refused tells once that nothing can be kept.
func (s *Store) refused(err error) {
	s.mu.Lock()
	first := s.health.Problem == ""
	s.health.Problem = remedy(s.cfg.Dir, err)
	problem := s.health.Problem
	s.mu.Unlock()
	if first {
		s.cfg.Logger.Error("nothing can be kept: what is known goes on, changes are refused", "problem", problem)
	}
}

// touch says that there is something to back up.
func (s *Store) touch() {
	select {
	case s.dirty <- struct{}{}:
	default:
	}
}

// Close writes a last backup, if anything has changed since the one before, and closes
// the file.
func (s *Store) Close() error {
	s.writing.Lock()
	if s.closed {
		s.writing.Unlock()
		return nil
	}
	s.closed = true
	s.writing.Unlock()
	close(s.stop)
	s.wg.Wait()
	var err error
	if s.file != nil {
		err = s.file.letGo(nil)
	}
	return cmp.Or(err, s.folder.Close()) // ends the lock
}

// Bucket is one bucket of a Store, for those who need no other.
type Bucket struct {
	store *Store
	name  string
}

// Bucket returns a bucket by its name, one of the constants.
func (s *Store) Bucket(name string) Bucket { return Bucket{s, name} }

// Get returns a record.
func (b Bucket) Get(key string) (value []byte, ok bool) { return b.store.Get(b.name, key) }

// All are the records, ordered by key.
func (b Bucket) All() iter.Seq2[string, []byte] { return b.store.All(b.name) }

// Apply sets the records of these keys, all or none, and deletes those whose value is
// nil: see Store.Apply.
func (b Bucket) Apply(changes map[string][]byte) error {
	list := make([]Change, 0, len(changes))
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		list = append(list, Change{b.name, key, changes[key]})
	}
	return b.store.Apply(list...)
}
