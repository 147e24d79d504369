// Package audit keeps a log of what changed who may do what: approvals, denials,
// pairings, grants and recordings. It only ever grows: each entry has the hash of the
// one before, so that one that was changed or taken out later is found. Who can write
// the hub's files can make a whole new log; the hash that 'vapd hub audit --verify'
// shows last, written down elsewhere, finds that as well.
package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"vapd/internal/durable"
)

// Entry is one line of the log.
type Entry struct {
	N    uint64    `json:"n"` // counts from 1
	Time time.Time `json:"time"`
	// Actor is who did it: "owner", "client ID", "hub".
	Actor string `json:"actor"`
	// Action is what was done, as "client.approve", "pairing.paired".
	Action string `json:"action"`
	Object string `json:"object,omitempty"` // to whom or what
	From   string `json:"from,omitempty"`   // address and port, as far as there is one
	// Result is "ok", or why not.
	Result string `json:"result"`
	Detail string `json:"detail,omitempty"`
	// Prev is the hash of the line before, without its line feed: SHA-256, in hex. The
	// first one's is empty.
	Prev string `json:"prev,omitempty"`
}

// Limits of the log.
const (
	// MaxBytes is the size at which a file gives way to the next; the one before is kept.
	MaxBytes = 8 << 20
	// maxText bounds what comes from the network, in bytes.
	maxText = 300
	// maxLine bounds a line that is read.
	maxLine = 16 << 10
)

// names of the files: the present one, and the one before it.
const (
	fileName = "audit.jsonl"
	oldName  = "audit.1.jsonl"
)

// Log is the log. Its methods may be called from any goroutine.
type Log struct {
	dir string
	now func() time.Time
	log *slog.Logger

	mu   sync.Mutex
	file *os.File // nil: it is opened with the next entry
	size int64    // of the whole entries
	n    uint64
	prev string // hash of the last line
}

// New makes the log in dir. It is opened with the first entry, and again after it could
// not be: a disk that fails at the start may be there later.
func New(dir string, now func() time.Time, log *slog.Logger) *Log {
	return &Log{dir: dir, now: now, log: log}
}

func (l *Log) path(name string) string { return filepath.Join(l.dir, name) }

// open finds the end of the chain, and opens the file behind it.
func (l *Log) open() error {
	last, err := l.recover()
	if err == nil && last == nil {
		// The chain goes on from the file before.
		if last, err = lastLine(l.path(oldName)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	l.n, l.prev = 0, ""
	if last != nil {
		var e Entry
		if err := json.Unmarshal(last, &e); err != nil {
			return l.setAside()
		}
		l.n, l.prev = e.N, hash(last)
	}
	return l.create()
}

// create opens the present file, which is made if there is none.
func (l *Log) create() error {
	f, err := os.OpenFile(l.path(fileName), os.O_WRONLY|os.O_APPEND|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		f, err = durable.Create(l.path(fileName))
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && info.Size() == 0 {
		err = durable.SyncFolder(l.dir)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.file, l.size = f, info.Size()
	return nil
}

// setAside begins a new chain after one whose last line is no entry: somebody wrote into
// the file, or the disk lost it.
func (l *Log) setAside() error {
	for _, name := range []string{fileName, oldName} {
		aside := l.path(name) + ".damaged-" + l.now().UTC().Format("20060102-150405")
		switch err := os.Rename(l.path(name), aside); {
		case err == nil:
			l.log.Error("audit: the log is damaged: it is set aside, and a new one begins", "file", aside)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return l.create()
}

// recover cuts off what is behind the last line feed, and returns the last line.
func (l *Log) recover() ([]byte, error) {
	f, err := os.OpenFile(l.path(fileName), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	if whole < len(data) {
		l.log.Warn("audit: the last entry was not written whole, and is cut off", "bytes", len(data)-whole)
		if err := f.Truncate(int64(whole)); err != nil {
			return nil, err
		}
	}
	return last(data[:whole]), nil
}

func lastLine(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	return last(data), err
}

// last is the last line of lines that end with line feeds.
func last(data []byte) []byte {
	data = bytes.TrimSuffix(data, []byte{'\n'})
	if len(data) == 0 {
		return nil
	}
	return data[bytes.LastIndexByte(data, '\n')+1:]
}

func hash(line []byte) string {
	sum := sha256.Sum256(line)
	return hex.EncodeToString(sum[:])
}

// Add writes entries; N, Time and Prev are filled in. When it returns nil all of them are
// on the disk. An error is logged as well, with the entries: what happened
// is not hidden by a disk that is full.
func (l *Log) Add(entries ...Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := l.add(entries)
	if err == nil {
		return nil
	}
	for _, e := range entries {
		l.log.Error("audit: an entry is not kept", "error", err,
			"actor", e.Actor, "action", e.Action, "object", e.Object, "from", e.From, "result", e.Result, "detail", e.Detail)
	}
	return fmt.Errorf("audit: writing %s: %w", l.path(fileName), err)
}

func (l *Log) add(entries []Entry) error {
	if err := l.ready(); err != nil {
		return err
	}
	n, prev, at := l.n, l.prev, l.now().UTC()
	var lines []byte
	for _, e := range entries {
		e.N, e.Time, e.Prev = n+1, at, prev
		for _, text := range []*string{&e.Actor, &e.Action, &e.Object, &e.From, &e.Result, &e.Detail} {
			if len(*text) > maxText {
				*text = (*text)[:maxText] + "..."
			}
		}
		line, err := json.Marshal(e)
		if err != nil {
			return err
		}
		n, prev = e.N, hash(line)
		lines = append(append(lines, line...), '\n')
	}
	_, err := l.file.Write(lines)
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		// A part of it would spoil what follows: the next Add opens the file anew, which
		// cuts off half a line, and goes on from whole ones if they can't be taken back.
		err = errors.Join(err, l.file.Truncate(l.size), l.file.Close())
		l.file = nil
		return err
	}
	l.n, l.prev, l.size = n, prev, l.size+int64(len(lines))
	return nil
}

// ready opens the log where it is not, and begins a new file where it is time to.
func (l *Log) ready() error {
	if l.file == nil {
		if err := l.open(); err != nil {
			return err
		}
	}
	if l.size < MaxBytes {
		return nil
	}
	old := l.file
	if err := os.Rename(l.path(fileName), l.path(oldName)); err != nil {
		return err
	}
	l.file = nil
	return errors.Join(old.Close(), l.create())
}

// Close closes the log until the next entry.
func (l *Log) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
