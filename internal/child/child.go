// Package child runs a server as a process of its own: it waits until the server is
// ready, keeps its log, measures it, and ends it.
package child

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"vapd/internal/procfs"
)

// Process is one run of a server. Make it with Start.
type Process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
	err  error         // what it ended with
}

// readyTime is how long a server may take to be ready.
const readyTime = 20 * time.Second

// Start runs cmd. If ready is not nil it gets what follows the word "ready" on a line of
// the program's output, which Start waits for, until ctx ends or 20 s are over. What the
// program writes to its standard error goes to the file log, behind what is there.
//
// Keys that end this program end it in order: they are not for its children, which get
// SIGTERM when this program has ended without stopping them.
func Start(ctx context.Context, cmd *exec.Cmd, log string, ready func(rest []byte) error) (*Process, error) {
	p := &Process{cmd: cmd, log: log, done: make(chan struct{})}
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the log of %s: %w", p.name(), err)
	}
	defer file.Close()
	cmd.Stderr = file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("the output of %s: %w", p.name(), err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", p.name(), err)
	}
	line := make(chan []byte, 1)
	go func() {
		defer close(p.done)
		readReady(out, line)
		p.err = cmd.Wait()
	}()
	if ready == nil {
		return p, nil
	}
	if err := p.await(ctx, line, ready); err != nil {
		p.Kill()
		return nil, fmt.Errorf("%s %w\n%s", p.name(), err, p.Tail(10))
	}
	return p, nil
}

func (p *Process) name() string { return filepath.Base(p.cmd.Path) }

func (p *Process) await(ctx context.Context, line <-chan []byte, ready func([]byte) error) error {
	late := time.NewTimer(readyTime)
	defer late.Stop()
	select {
	case l := <-line:
		if err := ready(l); err != nil {
			return fmt.Errorf("says %q: %w", l, err)
		}
		return nil
	case <-p.done:
		return fmt.Errorf("ended before it was ready: %w", p.ended())
	case <-late.C:
		return fmt.Errorf("is not ready after %v", readyTime)
	case <-ctx.Done():
		return fmt.Errorf("is not ready: %w", context.Cause(ctx))
	}
}

// readReady sends what follows "ready" on the first line that begins so, and drops the
// rest of the output.
func readReady(out io.Reader, line chan<- []byte) {
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if rest, ok := bytes.CutPrefix(lines.Bytes(), []byte("ready ")); ok {
			select {
			case line <- bytes.Clone(rest):
			default: // said twice
			}
		}
	}
}

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// ended is what the process ended with, as an error in any case.
func (p *Process) ended() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// Alive is nil while the process runs, and then what it ended with and the end of its
// log.
func (p *Process) Alive() error {
	if p.running() {
		return nil
	}
	return fmt.Errorf("%s has ended: %w; the end of its log:\n%s", p.name(), p.ended(), p.Tail(10))
}

// running says whether the number of the process is still its own.
func (p *Process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// ExitCode is the exit status of a process that has ended; -1 while it runs, and when a
// signal ended it.
func (p *Process) ExitCode() int {
	if p.running() {
		return -1
	}
	return p.cmd.ProcessState.ExitCode()
}

// Tail is the last n lines of the log.
func (p *Process) Tail(n int) string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// PID is the number of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Resident is the memory of the process in bytes; 0 when it has ended.
func (p *Process) Resident() int64 {
	if !p.running() {
		return 0
	}
	return procfs.Resident(p.PID())
}

// Processor is the processor time that the process has used; 0 when it has ended.
func (p *Process) Processor() time.Duration {
	if !p.running() {
		return 0
	}
	return procfs.Processor(p.PID())
}

// Kill ends the process without a word, as a power cut does, and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// graceful is how long a server may take to end.
const graceful = 5 * time.Second

// Stop asks the process to end, makes it end when it does not, which is an error, and
// waits for that.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.done:
		return nil
	case <-time.After(graceful):
		p.Kill()
		return fmt.Errorf("%s did not end within %v of being asked to", p.name(), graceful)
	}
}
