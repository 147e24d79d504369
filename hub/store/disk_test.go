package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vapd/internal/disktest"
)

// damage cuts the store of a disk off in the middle.
func damage(t *testing.T, d disktest.Disk) {
	t.Helper()
	if err := os.Truncate(filepath.Join(d.Dir, fileName), 5000); err != nil {
		t.Fatal(err)
	}
}

// refuses wants that no change can be kept, for that reason, and that all is known.
func refuses(t *testing.T, s *Store, why string, known map[string]map[string]string) {
	t.Helper()
	if err := s.Apply(Change{Clients, "refused", make([]byte, 30_000)}); !errors.Is(err, ErrRefused) {
		t.Errorf("a change: %v", err)
	}
	if h := s.Health(); !strings.Contains(h.Problem, why) {
		t.Errorf("health %+v, want %q", h, why)
	}
	if d := cmp.Diff(known, content(s)); d != "" {
		t.Errorf("what is known (-want +got):\n%s", d)
	}
}

// recovers wants that changes are kept again, by themselves, and after a reopen.
func recovers(t *testing.T, s *Store, known map[string]map[string]string) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := s.Apply(Change{Skills, "later", []byte("y")})
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	if h := s.Health(); h.Problem != "" {
		t.Errorf("health %+v", h)
	}
	want := map[string]map[string]string{Skills: {"later": "y"}}
	for bucket, all := range known {
		want[bucket] = all
	}
	closed(t, s)
	s = open(t, config(s.cfg.Dir))
	defer closed(t, s)
	if d := cmp.Diff(want, content(s)); d != "" {
		t.Errorf("after a reopen (-want +got):\n%s", d)
	}
}

func TestADiskThatTakesNothing(t *testing.T) {
	if !disktest.Inside(t) {
		return
	}
	known := map[string]map[string]string{Clients: {"hall": "h"}}
	for name, c := range map[string]struct {
		known, damaged bool // the store was there before, and is damaged
		readOnly       bool // or full
		why            string
	}{
		"full":               {known: true, why: "make room"},
		"full, new":          {why: "make room"},
		"read-only":          {known: true, readOnly: true, why: "read-only"},
		"read-only, new":     {readOnly: true, why: "read-only"},
		"read-only, damaged": {known: true, damaged: true, readOnly: true, why: "read-only"},
		"full, damaged":      {known: true, damaged: true, why: "make room"},
	} {
		t.Run(name, func(t *testing.T) {
			d := disktest.New(t, "size=1m")
			var want map[string]map[string]string
			if want = map[string]map[string]string{}; c.known {
				want = known
				s := open(t, config(d.Dir))
				apply(t, s, Change{Clients, "hall", []byte("h")})
				closed(t, s)
			}
			if c.damaged {
				damage(t, d)
			}
			if c.readOnly {
				d.ReadOnly(true)
			} else {
				d.Fill()
			}
			s := open(t, config(d.Dir))
			for i := 0; s.Health().Problem == "" && i < 100; i++ {
				// The file may have some room left in itself.
				if s.Apply(Change{Grants, fmt.Sprint(i), make([]byte, 20_000)}) == nil {
					want = content(s)
				}
			}
			refuses(t, s, c.why, want)
			if c.readOnly {
				d.ReadOnly(false)
			} else {
				d.Empty()
			}
			recovers(t, s, want)
		})
	}
}

func TestADiskThatGetsFull(t *testing.T) {
	if !disktest.Inside(t) {
		return
	}
	d := disktest.New(t, "size=1m")
	s := open(t, config(d.Dir))
	apply(t, s, Change{Clients, "hall", []byte("h")})
	d.Fill()
	for i := 0; ; i++ {
		if err := s.Apply(Change{Grants, fmt.Sprint(i), make([]byte, 20_000)}); err != nil {
			if !errors.Is(err, ErrRefused) || !errors.Is(err, syscall.ENOSPC) {
				t.Error(err)
			}
			break
		}
	}
	want := content(s)
	refuses(t, s, "make room", want)
	if _, err := s.Backup(); err == nil || s.Health().BackupProblem == "" {
		t.Errorf("a backup on a full disk: %v, %+v", err, s.Health())
	}
	d.Empty()
	recovers(t, s, want)
	if _, err := ReadBackup(filepath.Join(d.Dir, backupName)); err != nil {
		t.Error(err)
	}
}
