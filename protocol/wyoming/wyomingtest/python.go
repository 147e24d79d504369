// Package wyomingtest runs the protocol's reference implementation, a Python package,
// as the other side of tests.
package wyomingtest

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// Server runs a script that serves on a port of the loopback until its input ends, and writes
// that port on a line first. It returns its address.
func Server(tb testing.TB, script string) string {
	tb.Helper()
	server := Python(tb, script)
	in, err := server.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := server.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	server.Stderr = tb.Output()
	if err := server.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		in.Close()
		_ = server.Wait() // killed, where the test's context has ended before
	})
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		tb.Fatalf("%s names no port: %v", script, err)
	}
	return "127.0.0.1:" + strings.TrimSpace(port)
}

// Requirement is the pinned package, as pip names it.
const Requirement = "wyoming==1.10.2"

// Python is a command that runs a script with the reference implementation at hand.
// The test fails where that is not installed.
func Python(tb testing.TB, script string, args ...string) *exec.Cmd {
	tb.Helper()
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "..", "..", "..", "build", "python")
	if _, err := os.Stat(filepath.Join(dir, "wyoming", "event.py")); err != nil {
		tb.Fatalf("the Python package wyoming is not there: run"+
			" python3 -m pip install --target build/python %s (or make test)", Requirement)
	}
	cmd := exec.CommandContext(tb.Context(), "python3", append([]string{script}, args...)...)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+dir, "PYTHONDONTWRITEBYTECODE=1")
	return cmd
}
