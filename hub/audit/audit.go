// Package audit keeps a log of what changed who may do what: approvals, denials,
// pairings, grants and recordings. It only ever grows: each entry has the hash of the
// one before, so that one that was changed or taken out later is found. Who can write
// the hub's files can make a whole new log; the hash that 'vapd hub audit --verify'
// shows last, written down elsewhere, finds that as well.
package audit

import (
	"bufio"
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
	file *os.File
	size int64
	n    uint64
	prev string // hash of the last line
}

// Open opens the log in dir. What a crash left of a last line is cut off, and said.
func Open(dir string, now func() time.Time, log *slog.Logger) (*Log, error) {
	l := &Log{dir: dir, now: now, log: log}
	last, err := l.recover(filepath.Join(dir, fileName))
	if errors.Is(err, fs.ErrNotExist) || err == nil && last == nil {
		// The chain goes on from the file before.
		var before []byte
		if before, err = lastLine(filepath.Join(dir, oldName)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if last == nil {
			last = before
		}
	}
	if err == nil && last != nil {
		var e Entry
		if err = json.Unmarshal(last, &e); err == nil {
			l.n, l.prev = e.N, hash(last)
		}
	}
	if err == nil {
		err = l.open()
	}
	if err != nil {
		return nil, fmt.Errorf("audit: opening the log in %s: %w (move it away to begin a new one)", dir, err)
	}
	return l, nil
}

func (l *Log) open() error {
	path := filepath.Join(l.dir, fileName)
	_, err := os.Lstat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && fresh {
		err = durable.SyncFolder(l.dir)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	l.file, l.size = f, info.Size()
	return nil
}

// recover cuts off what is behind the last line feed, and returns the last line.
func (l *Log) recover(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	whole := bytes.LastIndexByte(data, '\n') + 1
	if whole < len(data) {
		l.log.Warn("audit: the last entry was not written whole, and is cut off", "bytes", len(data)-whole)
		if err := os.Truncate(path, int64(whole)); err != nil {
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

// Add writes an entry; N, Time and Prev are filled in. When it returns nil the entry is
// on the disk. An error is logged as well, with the entry: what happened is not hidden
// by a disk that is full.
func (l *Log) Add(e Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.N, e.Time, e.Prev = l.n+1, l.now().UTC(), l.prev
	for _, text := range []*string{&e.Actor, &e.Action, &e.Object, &e.From, &e.Result, &e.Detail} {
		if len(*text) > maxText {
			*text = (*text)[:maxText] + "..."
		}
	}
	line, err := json.Marshal(e)
	if err == nil {
		err = l.write(line)
	}
	if err != nil {
		l.log.Error("audit: an entry is not kept", "error", err, "actor", e.Actor, "action", e.Action, "object", e.Object, "result", e.Result)
		return fmt.Errorf("audit: %w", err)
	}
	l.n, l.prev = e.N, hash(line)
	return nil
}

func (l *Log) write(line []byte) error {
	if l.file == nil {
		return fs.ErrClosed
	}
	if l.size >= MaxBytes {
		if err := l.rotate(); err != nil {
			return err
		}
	}
	n, err := l.file.Write(append(line, '\n'))
	if err == nil {
		err = l.file.Sync()
	}
	if err != nil {
		// Half a line would spoil the next one.
		return errors.Join(err, l.file.Truncate(l.size))
	}
	l.size += int64(n)
	return nil
}

func (l *Log) rotate() error {
	if err := os.Rename(filepath.Join(l.dir, fileName), filepath.Join(l.dir, oldName)); err != nil {
		return err
	}
	old := l.file
	if err := l.open(); err != nil {
		return err
	}
	return old.Close()
}

// Close closes the log.
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

// Report says how the log in a folder is.
type Report struct {
	Entries int
	// Broken says where the chain does not hold, for people; empty when it does.
	Broken string
	// Hash is that of the last line.
	Hash string
}

// Read calls each for every entry of the log in dir, the oldest first, and checks the
// chain. A last line that is not whole yet is left out.
func Read(dir string, each func(Entry)) (Report, error) {
	r := reader{each: each}
	for _, name := range []string{oldName, fileName} {
		if err := r.read(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return r.Report, fmt.Errorf("audit: reading %s: %w", filepath.Join(dir, name), err)
		}
	}
	return r.Report, nil
}

type reader struct {
	Report
	each func(Entry)
	n    uint64
}

func (r *reader) read(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	b := bufio.NewReaderSize(f, maxLine)
	for {
		line, err := b.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("a line after entry %d has more than %d bytes", r.n, maxLine)
		case err != nil:
			return err
		}
		r.line(line[:len(line)-1])
	}
}

func (r *reader) line(line []byte) {
	var e Entry
	if err := json.Unmarshal(line, &e); err != nil {
		r.broken(fmt.Sprintf("the line after entry %d is not an entry", r.n))
		r.Hash = hash(line)
		return
	}
	// The first entry that is kept may follow ones that gave way long ago.
	if first := r.Entries == 0; !first && (e.Prev != r.Hash || e.N != r.n+1) || first && (e.N == 1) != (e.Prev == "") {
		r.broken(fmt.Sprintf("entry %d does not follow the one before: something was changed or taken out", e.N))
	}
	r.n, r.Hash = e.N, hash(line)
	r.Entries++
	r.each(e)
}

// broken keeps the first break.
func (r *reader) broken(why string) {
	if r.Broken == "" {
		r.Broken = why
	}
}
