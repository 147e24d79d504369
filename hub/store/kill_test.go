package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
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

// writers is how many goroutines of the child write at once.
const writers = 4

// writeForever changes the store of dir until it is killed, and prints each change that
// was acknowledged: the writer, and its count.
func writeForever(dir string) {
	cfg := config(dir)
	cfg.BackupEvery = time.Millisecond
	cfg.Logger = slog.New(slog.NewTextHandler(os.Stderr, nil))
	s, err := Open(context.Background(), cfg)
	if err != nil {
		panic(err)
	}
	if h := s.Health(); h.Opened != "" || h.Problem != "" {
		panic(fmt.Sprintf("%+v", h))
	}
	go func() {
		for {
			if _, err := s.Backup(); err != nil {
				panic(err)
			}
		}
	}()
	for w := range writers {
		go func() {
			key := strconv.Itoa(w)
			last, _ := s.Get(Clients, key)
			n, _ := strconv.Atoi(string(last))
			for {
				n++
				// Both or none; the big one moves pages.
				err := s.Apply(Change{Clients, key, strconv.AppendInt(nil, int64(n), 10)},
					Change{Timers, key, []byte(strings.Repeat(strconv.Itoa(n)+" ", 500*(n%7)+1))})
				if err != nil {
					panic(err)
				}
				fmt.Printf("%d %d\n", w, n) // one write: whole or not at all
			}
		}()
	}
	select {}
}

// progress is what the writers of a store came to, before they were killed.
type progress struct {
	last     [writers]int // that was acknowledged of each writer
	backedUp bool
}

// killLoop kills a process that writes to the store of dir, rounds times at random
// instants, and returns how many acknowledged changes were lost, of how many.
func killLoop(t testing.TB, dir string, rounds int, seed uint64) (lost, acknowledged int) {
	t.Helper()
	chance := rand.New(rand.NewPCG(seed, 0))
	var p progress
	for range rounds {
		cmd := exec.Command(os.Args[0], dir)
		cmd.Env = append(os.Environ(), child+"=write")
		var said strings.Builder
		cmd.Stderr = &said
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		kill := time.AfterFunc(time.Hour, func() { _ = cmd.Process.Kill() })
		for started := false; lines.Scan(); started = true {
			if !started {
				kill.Reset(time.Duration(chance.Int64N(int64(60 * time.Millisecond))))
			}
			var w, n int
			if _, err := fmt.Sscan(lines.Text(), &w, &n); err != nil {
				t.Fatalf("%q: %v", lines.Text(), err)
			}
			p.last[w] = n
			acknowledged++
		}
		kill.Stop()
		_ = cmd.Wait() // it was killed
		if said.Len() > 0 {
			t.Fatalf("the writer says: %s", said.String())
		}
		lost += missing(t, dir, &p)
	}
	return lost, acknowledged
}

// missing counts the acknowledged changes of p that the store of dir does not have; p
// becomes what is there.
func missing(t testing.TB, dir string, p *progress) (lost int) {
	t.Helper()
	cfg := config(dir)
	cfg.Check = inChild
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, s)
	if h := s.Health(); h.Opened != "" || h.Problem != "" {
		t.Fatalf("health %+v", h)
	}
	for w, want := range p.last {
		value, _ := s.Get(Clients, strconv.Itoa(w))
		n, _ := strconv.Atoi(string(value))
		// One more may be there that was not acknowledged before the end.
		if n < want || n > want+1 {
			lost += max(1, want-n)
		}
		p.last[w] = n
		text, _ := s.Get(Timers, strconv.Itoa(w))
		if n > 0 && !strings.HasPrefix(string(text), strconv.Itoa(n)+" ") {
			t.Errorf("writer %d: half of a change: %d with %.20q", w, n, text)
		}
	}
	_, newest := ReadBackup(filepath.Join(dir, backupName))
	_, older := ReadBackup(filepath.Join(dir, olderName))
	whole := newest == nil || older == nil
	// A kill may come before the first backup: then there is none.
	if !whole && (p.backedUp || !errors.Is(newest, fs.ErrNotExist)) {
		t.Errorf("no backup is whole: %v, %v", newest, older)
	}
	p.backedUp = whole
	return lost
}

func TestAKilledProcessLosesNothing(t *testing.T) {
	lost, of := killLoop(t, t.TempDir(), 40, 1)
	t.Logf("%d changes acknowledged", of)
	if lost > 0 || of == 0 {
		t.Errorf("%d of %d acknowledged changes are lost", lost, of)
	}
}
