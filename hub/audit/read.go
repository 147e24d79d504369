package audit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Report says how the log in a folder is.
type Report struct {
	Entries int
	// Broken says where the chain does not hold, for people; empty when it does.
	Broken string
	// Torn says that the last line is not whole: a crash cut it off, or it is being
	// written now. It is not told.
	Torn bool
	// Hash is that of the last line.
	Hash string
}

// Read calls each for every entry of the log in dir, the oldest first, and checks the
// chain. A hub may go on writing meanwhile.
func Read(dir string, each func(Entry)) (Report, error) {
	r := reader{each: each}
	files, err := files(dir)
	for _, f := range files {
		if err == nil {
			err = r.read(f)
		}
		f.Close()
	}
	if err != nil {
		return r.Report, fmt.Errorf("audit: reading the log in %s: %w", dir, err)
	}
	return r.Report, nil
}

// files opens the files that there are, the oldest first: of one moment, also when the hub
// begins a new one just now.
func files(dir string) (all []*os.File, err error) {
	present, err := open(dir, fileName)
	if err != nil {
		return nil, err
	}
	old, err := open(dir, oldName)
	if present == nil || old == nil || err != nil {
		return nonNil(old, present), err
	}
	if a, b := stat(present), stat(old); a != nil && b != nil && os.SameFile(a, b) {
		present.Close()
		old.Close()
		return files(dir)
	}
	return nonNil(old, present), nil
}

func open(dir, name string) (*os.File, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return f, err
}

func stat(f *os.File) fs.FileInfo {
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	return info
}

func nonNil(all ...*os.File) (out []*os.File) {
	for _, f := range all {
		if f != nil {
			out = append(out, f)
		}
	}
	return out
}

type reader struct {
	Report
	each func(Entry)
	n    uint64
}

func (r *reader) read(f io.Reader) error {
	b := bufio.NewReaderSize(f, maxLine)
	for {
		line, err := b.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			r.Torn = len(line) > 0
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
