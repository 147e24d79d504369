package demo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"vapd/internal/procfs"
)

// child is one run of a daemon: a process of its own that said that it is ready.
type child struct {
	name string
	cmd  *exec.Cmd
	log  string
	done chan struct{} // closed when it has ended
	err  error         // what it ended with
}

// start runs a daemon and decodes what it says with its line "ready". Its log goes to
// the file named, after what is there.
func start(ctx context.Context, name, log string, env []string, ready any, program string, args ...string) (*child, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("demo: the log of the %s: %w", name, err)
	}
	defer file.Close()
	c := &child{name: name, cmd: exec.Command(program, args...), log: log, done: make(chan struct{})}
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.Stderr = file
	// Keys that end the demo end it in order: they are not for its children.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("demo: the output of the %s: %w", name, err)
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("demo: starting the %s: %w", name, err)
	}
	line := make(chan []byte, 1)
	go func() {
		defer close(c.done)
		readReady(out, line)
		c.err = c.cmd.Wait()
	}()
	select {
	case l := <-line:
		if err := json.Unmarshal(l, ready); err != nil {
			return nil, errors.Join(fmt.Errorf("demo: the %s says %q: %w", name, l, err), c.stop())
		}
		return c, nil
	case <-c.done:
		return nil, fmt.Errorf("demo: the %s ended before it was ready: %w\n%s", name, c.ended(), c.tail(10))
	case <-ctx.Done():
		return nil, errors.Join(fmt.Errorf("demo: the %s is not ready: %w", name, context.Cause(ctx)), c.stop())
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

// ended is what the process ended with, as an error in any case.
func (c *child) ended() error {
	if c.err == nil {
		return errors.New("exit status 0")
	}
	return c.err
}

// obituary is what it ended with, and the last lines of its log.
func (c *child) obituary() string {
	return fmt.Sprintf("%v; the end of its log:\n%s", c.ended(), c.tail(5))
}

// graceful is how long a daemon may take to end.
const graceful = 5 * time.Second

// stop asks the process to end, and makes it end when it does not.
func (c *child) stop() error {
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case <-c.done:
		return nil
	case <-time.After(graceful):
		c.kill()
		return fmt.Errorf("demo: the %s did not end within %v of being asked to", c.name, graceful)
	}
}

// kill ends the process without a word, as a power cut does.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have ended
	<-c.done
}

// tail is the last n lines of the log.
func (c *child) tail(n int) string {
	data, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// resident is the memory of the process in bytes; 0 when it has ended.
func (c *child) resident() int64 {
	if !c.running() {
		return 0
	}
	return procfs.Resident(c.cmd.Process.Pid)
}

// processor is the processor time of the process; 0 when it has ended.
func (c *child) processor() time.Duration {
	if !c.running() {
		return 0
	}
	return procfs.Processor(c.cmd.Process.Pid)
}

// running says whether the number of the process is still its own.
func (c *child) running() bool {
	if c == nil {
		return false
	}
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}
