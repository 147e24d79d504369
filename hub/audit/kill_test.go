package audit

import (
	"bufio"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The test binary is the program that is killed, too: it writes entries into the folder
// of its environment, and says the number of each that is kept.
func TestMain(m *testing.M) {
	dir := os.Getenv("AUDIT_TEST_DIR")
	if dir == "" {
		os.Exit(m.Run())
	}
	l := New(dir, time.Now, slog.New(slog.DiscardHandler))
	for {
		if err := l.Add(Entry{Actor: "owner", Action: "x", Result: "ok"}, Entry{Actor: "hub", Action: "y", Result: "ok"}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(l.n)
	}
}

// Whatever was said to be kept is there after a kill at any moment, and the chain holds.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	rounds := 40
	if testing.Short() {
		rounds = 5
	}
	kept := 0
	for range rounds {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "AUDIT_TEST_DIR="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() { // it is up
			t.Fatal(cmd.Wait())
		}
		kill := time.AfterFunc(rand.N(30*time.Millisecond), func() { _ = cmd.Process.Kill() })
		for more := true; more; more = lines.Scan() {
			n, err := strconv.Atoi(lines.Text())
			if err != nil {
				t.Fatalf("it says %q", lines.Text())
			}
			kept = n
		}
		kill.Stop()
		_ = cmd.Wait() // it was killed
		r, err := Read(dir, func(Entry) {})
		if err != nil || r.Broken != "" || r.Entries < kept {
			t.Fatalf("%d were kept: %+v, %v", kept, r, err)
		}
	}
	t.Logf("%d entries kept over %d kills", kept, rounds)
}

// A log whose end is no entry is set aside, and a new one begins: the hub works on.
func TestADamagedLogIsSetAside(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), []byte("no entry\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	l := New(dir, time.Now, slog.New(slog.NewTextHandler(&said, nil)))
	add(t, l, "a")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	aside, err := filepath.Glob(filepath.Join(dir, fileName+".damaged-*"))
	if err != nil || len(aside) != 1 || !strings.Contains(said.String(), "set aside") {
		t.Errorf("%v, %v, %q", aside, err, said.String())
	}
	if all, r := objects(t, dir); len(all) != 1 || r.Broken != "" {
		t.Errorf("%q, %+v", all, r)
	}
}
