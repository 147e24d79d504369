package load

import (
	"bufio"
	"bytes"
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

// Process is a server of its own, whose memory and processor time can be read. Make it
// with Start.
type Process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
	err  error         // what it ended with
}

// startTime is how long a server may take to be ready.
const startTime = 20 * time.Second

// Start runs cmd. If ready is not nil it gets what follows the word "ready" on a line of
// the program's output, which Start waits for. What the program writes besides goes to
// the file log.
func Start(cmd *exec.Cmd, log string, ready func(rest []byte) error) (*Process, error) {
	p := &Process{cmd: cmd, log: log, done: make(chan struct{})}
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("load: the log of a server: %w", err)
	}
	defer file.Close()
	cmd.Stderr = file
	// Keys that end the load end it in order: they are not for its servers.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("load: starting a server: %w", err)
	}
	lines := make(chan []byte, 1)
	go func() {
		defer close(p.done)
		readReady(out, lines)
		p.err = cmd.Wait()
	}()
	if ready == nil {
		return p, nil
	}
	select {
	case line := <-lines:
		if err := ready(line); err != nil {
			p.Kill()
			return nil, fmt.Errorf("load: %s says %q: %w", p.name(), line, err)
		}
		return p, nil
	case <-p.done:
		return nil, fmt.Errorf("load: %s ended before it was ready: %w\n%s", p.name(), p.ended(), p.tail())
	case <-time.After(startTime):
		p.Kill()
		return nil, fmt.Errorf("load: %s is not ready after %v\n%s", p.name(), startTime, p.tail())
	}
}

func (p *Process) name() string { return filepath.Base(p.cmd.Path) }

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

func (p *Process) ended() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

// tail is the end of the log.
func (p *Process) tail() string {
	const last = 10
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-last):], "\n")
}

// Alive is nil while the process runs, and then what it ended with.
func (p *Process) Alive() error {
	select {
	case <-p.done:
		return fmt.Errorf("load: %s has ended: %w\n%s", p.name(), p.ended(), p.tail())
	default:
		return nil
	}
}

// Resident is the memory in bytes that the process has in use.
func (p *Process) Resident() int64 { return procfs.Resident(p.cmd.Process.Pid) }

// Processor is the processor time that the process has used.
func (p *Process) Processor() time.Duration { return procfs.Processor(p.cmd.Process.Pid) }

// Kill ends the process without a word, as a power cut does, and waits for its end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// Stop asks the process to end, makes it end when it does not, and waits for that.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		p.Kill()
	}
}
