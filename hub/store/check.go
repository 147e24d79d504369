package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

const (
	// checkProcessor is the processor time in seconds, and checkMemory the memory in bytes,
	// that a check may take: pages that lead in a circle would take for ever, and one that
	// says it goes on for four billion pages takes what there is. 20,000 clients take less
	// than a second and 100 MB.
	checkProcessor = 30
	checkMemory    = 512 << 20
	// checkWait is how long a check may take; the disk may be slow.
	checkWait = 3 * time.Minute
)

// Check looks through the file at path: its pages, and all that is in it. bbolt may
// panic, hang or be stopped by the kernel on a damaged file, so that this is for a process
// that does nothing else, and ends: see Checker and RunCheck. The warning names what is
// doubtful but usable.
func Check(path string) (warning string, err error) {
	if warning, err = checkHeaders(path); err != nil {
		return "", err
	}
	f, err := openFile(path, true)
	if err != nil {
		return "", err
	}
	if err := guard(f.checkPages); err != nil {
		return "", err // f stays open: the search for more that is wrong still uses it
	}
	_, err = f.load()
	return warning, errors.Join(err, f.letGo(err))
}

// checkPages returns what is wrong first; a single bit can make a billion errors.
func (f *file) checkPages() error {
	tx, err := f.db.Begin(false)
	if err != nil {
		return err
	}
	for err := range tx.Check() {
		return fmt.Errorf("%w: %w", ErrDamaged, err) // and tx stays open, as f does
	}
	return tx.Rollback()
}

// checkHeaders looks at the two header pages, of which bbolt silently takes the older one
// when the newer one is damaged: the last change is lost then.
func checkHeaders(path string) (warning string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 16+64)
	bad, at := 0, int64(0)
	next := int64(os.Getpagesize()) // the second header is one page on
	for range 2 {
		if _, err := f.ReadAt(head, at); errors.Is(err, io.EOF) {
			return "", fmt.Errorf("%w: it is cut off", ErrDamaged)
		} else if err != nil {
			return "", fmt.Errorf("%w: %w", ErrDamaged, err) // the disk can't read it
		}
		// The page's header has 16 bytes; of the rest the last eight are the checksum.
		sum := fnv.New64a()
		_, _ = sum.Write(head[16:72])
		if binary.NativeEndian.Uint64(head[72:]) != sum.Sum64() {
			bad++
		} else if size := binary.NativeEndian.Uint32(head[16+8:]); size != 0 {
			next = int64(size) // the file may come from a machine with other pages
		}
		at = next
	}
	if bad == 1 {
		warning = "one of its two headers is damaged: the last change may be lost"
	}
	return warning, nil
}

// verdict is what the process that checks prints.
type verdict struct {
	Warning string `json:"warning,omitempty"`
	Problem string `json:"problem,omitempty"`
	// Kind is "damaged", "newer", "missing", "in use", or empty for another Problem.
	Kind string `json:"kind,omitempty"`
}

// kinds are the errors that cross the border of the process.
func kinds() map[string]error {
	return map[string]error{"damaged": ErrDamaged, "newer": ErrNewer, "missing": fs.ErrNotExist, "in use": ErrInUse}
}

// RunCheck is the process that Checker starts: it checks the file at path and writes its
// verdict to out.
func RunCheck(path string, out io.Writer) error {
	for what, limit := range map[int]uint64{syscall.RLIMIT_CPU: checkProcessor, syscall.RLIMIT_DATA: checkMemory} {
		if err := syscall.Setrlimit(what, &syscall.Rlimit{Cur: limit, Max: limit}); err != nil {
			return fmt.Errorf("store: limiting the check: %w", err)
		}
	}
	warning, err := Check(path)
	v := verdict{Warning: warning}
	if err != nil {
		v.Problem = err.Error()
	}
	for kind, sentinel := range kinds() {
		if errors.Is(err, sentinel) {
			v.Kind = kind
		}
	}
	return json.NewEncoder(out).Encode(v)
}

// Checker is a Config.Check that starts executable with args and the path. That program
// has to call RunCheck.
func Checker(executable string, args ...string) func(ctx context.Context, path string) (warning string, err error) {
	return func(ctx context.Context, path string) (string, error) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		ctx, cancel := context.WithTimeout(ctx, checkWait)
		defer cancel()
		var out, said bytes.Buffer
		cmd := exec.CommandContext(ctx, executable, append(args, path)...)
		cmd.Stdout, cmd.Stderr = &out, &said
		return judge(ctx, cmd.Run(), &out, said.String())
	}
}

// judge makes a check's result of how its process ended.
func judge(ctx context.Context, err error, out io.Reader, said string) (warning string, _ error) {
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("the check did not end in time: %w", ctx.Err())
	case errors.As(err, &exit) && (exit.ExitCode() == crashed || exit.ExitCode() == -1):
		first, _, _ := strings.Cut(said, "\n")
		return "", fmt.Errorf("%w: the check crashed: %w: %s", ErrDamaged, err, first)
	case err != nil:
		return "", fmt.Errorf("the check could not be made: %w: %s", err, said)
	}
	var v verdict
	if err := json.NewDecoder(out).Decode(&v); err != nil {
		return "", fmt.Errorf("the check could not be made: its answer is no verdict: %w", err)
	}
	if v.Problem == "" {
		return v.Warning, nil
	}
	if sentinel := kinds()[v.Kind]; sentinel != nil {
		return "", fmt.Errorf("%w: %s", sentinel, strings.TrimPrefix(v.Problem, sentinel.Error()+": "))
	}
	return "", errors.New(v.Problem)
}

// crashed is the exit status of a Go program that panicked; -1 is that of one that a
// signal ended.
const crashed = 2
