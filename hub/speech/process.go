package speech

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Dial opens a stream to an engine.
type Dial func(ctx context.Context) (io.ReadWriteCloser, error)

// Process is a Dial that starts a program, each time anew, and speaks to it by its
// standard streams. What it writes to its standard error goes to the log. The program
// has to end when its standard input does; it is killed a second later.
func Process(logger *slog.Logger, path string, args ...string) Dial {
	return func(context.Context) (io.ReadWriteCloser, error) {
		return startProcess(logger, path, args)
	}
}

// TCP is a Dial that connects to a Wyoming server on the network, such as
// "192.168.1.5:10300".
func TCP(address string) Dial {
	return func(ctx context.Context) (io.ReadWriteCloser, error) {
		d := net.Dialer{Timeout: 5 * time.Second}
		return d.DialContext(ctx, "tcp", address)
	}
}

// process is a running program.
type process struct {
	cmd     *exec.Cmd
	in, out *os.File
	said    *logWriter // its standard error
	exited  chan struct{}
	status  error
}

func startProcess(logger *slog.Logger, path string, args []string) (*process, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("speech: start %s: %w", path, err)
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		childIn.Close()
		in.Close()
		return nil, fmt.Errorf("speech: start %s: %w", path, err)
	}
	p := &process{cmd: exec.Command(path, args...), in: in, out: out, exited: make(chan struct{})}
	p.said = &logWriter{logger: logger.With("program", path)}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = childIn, childOut, p.said
	p.cmd.WaitDelay = grace
	// A Ctrl-C at the hub's terminal is for the hub, which then ends the program.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	err = p.cmd.Start()
	childIn.Close()
	childOut.Close()
	if err != nil {
		in.Close()
		out.Close()
		return nil, fmt.Errorf("speech: start %s: %w", path, err)
	}
	go func() {
		defer close(p.exited)
		p.status = p.cmd.Wait()
	}()
	return p, nil
}

// grace is how long a program may take to end by itself.
const grace = time.Second

func (p *process) Read(b []byte) (int, error)  { return p.out.Read(b) }
func (p *process) Write(b []byte) (int, error) { return p.in.Write(b) }

// SetWriteDeadline makes a Write fail that the program does not read until t.
func (p *process) SetWriteDeadline(t time.Time) error { return p.in.SetWriteDeadline(t) }

// Close ends the program, and waits for it.
func (p *process) Close() error {
	p.in.Close()
	select {
	case <-p.exited:
	case <-time.After(grace):
		p.cmd.Process.Kill()
		<-p.exited
	}
	return p.out.Close()
}

// Exit is how the program ended. It waits for that.
func (p *process) Exit() error {
	select {
	case <-p.exited:
	case <-time.After(grace):
		return errors.New("it closed its output")
	}
	if p.status == nil {
		return errors.New("it exited")
	}
	return fmt.Errorf("%w: %s", p.status, p.said.first)
}

// logWriter logs what is written, line by line. It keeps the first line: of a crash it
// is the one that says why.
type logWriter struct {
	logger *slog.Logger
	line   []byte
	first  string
}

// longestLine is how much of a line is logged, in bytes.
const longestLine = 1000

func (w *logWriter) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		head, rest, whole := bytes.Cut(b, []byte("\n"))
		if room := longestLine - len(w.line); room > 0 {
			w.line = append(w.line, head[:min(room, len(head))]...)
		}
		b = rest
		if whole {
			if w.first == "" {
				w.first = string(w.line)
			}
			w.logger.Debug("speech engine says", "line", string(w.line))
			w.line = w.line[:0]
		}
	}
	return n, nil
}
