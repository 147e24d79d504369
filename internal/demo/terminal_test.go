package demo

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

func TestDecodeKeys(t *testing.T) {
	for _, c := range []struct{ typed, keys, rest string }{
		{"mq", "mq", ""},
		{"ü\r", "ü\r", ""},
		{"a\xc3", "a", "\xc3"},
		{"\x1b[Ax\x1bOBy\x1b[1;5Cz", "xyz", ""},
		{"\x1b", "\x1b", ""},
		{"\x1b[", "", ""},
		{"\xffm", "\ufffdm", ""},
	} {
		keys, rest := decodeKeys([]byte(c.typed))
		if string(keys) != c.keys || string(rest) != c.rest {
			t.Errorf("%q: %q and %q", c.typed, string(keys), rest)
		}
	}
}

func FuzzDecodeKeys(f *testing.F) {
	f.Add([]byte("q\x1b[A\xc3"))
	f.Add([]byte("\x1b[\x1b[\xff\xf0\x9f"))
	f.Fuzz(func(t *testing.T, typed []byte) {
		keys, rest := decodeKeys(slices.Clone(typed))
		if len(rest) > 3 || len(keys) > len(typed) {
			t.Errorf("%q: %q and %q", typed, string(keys), rest)
		}
	})
}

// pseudoTerminal is a terminal and the end at which the person sits.
func pseudoTerminal(t *testing.T) (person, terminal *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	raw, err := person.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var problem error
	if err := raw.Control(func(fd uintptr) {
		if problem = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); problem == nil {
			number, problem = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
		if problem == nil {
			problem = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: 30, Col: 90})
		}
	}); err != nil || problem != nil {
		t.Fatal(err, problem)
	}
	if terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return person, terminal
}

// seen reads from the screen until it has shown text.
func seen(t *testing.T, person *os.File, text string) string {
	t.Helper()
	if err := person.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(all.String(), text) {
		n, err := person.Read(buf)
		if err != nil {
			t.Fatalf("%q is not shown, but %q: %v", text, all.String(), err)
		}
		all.Write(buf[:n])
	}
	return all.String()
}

func TestTerminal(t *testing.T) {
	person, tty := pseudoTerminal(t)
	before, err := term.GetState(int(tty.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	term1, err := OpenTerminal(tty, tty)
	if err != nil {
		t.Fatal(err)
	}
	defer term1.Close()
	seen(t, person, enterScreen)
	if width, height := term1.Size(); width != 90 || height != 30 {
		t.Errorf("%d x %d", width, height)
	}
	if _, err := io.WriteString(person, "m\x03"); err != nil {
		t.Fatal(err)
	}
	for _, want := range "m\x03" {
		if got := <-term1.Keys(); got != want {
			t.Errorf("typed %q, got %q", want, got)
		}
	}
	for _, lines := range [][]string{{"one", "two"}, {"one", "two"}, {"one", "three"}} {
		if err := term1.Draw(lines, 90, 30); err != nil {
			t.Fatal(err)
		}
	}
	if got := seen(t, person, "three"); strings.Count(got, "one") != 1 || strings.Count(got, "two") != 1 {
		t.Errorf("drawn twice: %q", got)
	}
	if err := term1.Draw([]string{"one"}, 80, 30); err != nil {
		t.Fatal(err)
	}
	seen(t, person, "one") // the size has changed
	term1.Close()
	term1.Close()
	seen(t, person, leaveScreen)
	after, err := term.GetState(int(tty.Fd()))
	if err != nil || *after != *before {
		t.Errorf("the terminal is %v, and was %v (%v)", after, before, err)
	}
	if _, open := <-term1.Keys(); open {
		t.Error("somebody typed")
	}
}
