package store

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// inside says that this process has mounts of its own.
const inside = "VAPD_STORE_TEST_MOUNTS"

// withMounts runs the test in a process that has mounts of its own; it returns true there.
func withMounts(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Skipf("needs a mount namespace (CONFIG_USER_NS): %v", err)
	}
	t.Logf("%s", out)
	if err != nil {
		t.Error("it failed with mounts of its own")
	}
	return false
}

// disk is a small disk.
type disk struct {
	t   *testing.T
	dir string
}

func newDisk(t *testing.T) disk {
	t.Helper()
	d := disk{t, t.TempDir()}
	if err := syscall.Mount("store", d.dir, "tmpfs", 0, "size=1m,mode=700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return d
}

// fill leaves no room on the disk.
func (d disk) fill() {
	d.t.Helper()
	f, err := os.Create(filepath.Join(d.dir, "film"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatal(err)
	}
}

func (d disk) empty() {
	d.t.Helper()
	if err := os.Remove(filepath.Join(d.dir, "film")); err != nil {
		d.t.Fatal(err)
	}
}

func (d disk) readOnly(yes bool) {
	d.t.Helper()
	flags := uintptr(syscall.MS_REMOUNT)
	if yes {
		flags |= syscall.MS_RDONLY
	}
	if err := syscall.Mount("store", d.dir, "tmpfs", flags, ""); err != nil {
		d.t.Fatal(err)
	}
}

func (d disk) damage() {
	d.t.Helper()
	if err := os.Truncate(filepath.Join(d.dir, fileName), 5000); err != nil {
		d.t.Fatal(err)
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
	if !withMounts(t) {
		return
	}
	known := map[string]map[string]string{Clients: {"hall": "h"}}
	for name, c := range map[string]struct {
		known         bool // the store was there before
		before, after func(disk)
		why           string
	}{
		"full":               {true, disk.fill, disk.empty, "make room"},
		"full, new":          {false, disk.fill, disk.empty, "make room"},
		"read-only":          {true, func(d disk) { d.readOnly(true) }, func(d disk) { d.readOnly(false) }, "read-only"},
		"read-only, new":     {false, func(d disk) { d.readOnly(true) }, func(d disk) { d.readOnly(false) }, "read-only"},
		"read-only, damaged": {true, func(d disk) { d.damage(); d.readOnly(true) }, func(d disk) { d.readOnly(false) }, "read-only"},
		"full, damaged":      {true, func(d disk) { d.damage(); d.fill() }, disk.empty, "make room"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDisk(t)
			var want map[string]map[string]string
			if want = map[string]map[string]string{}; c.known {
				want = known
				s := open(t, config(d.dir))
				apply(t, s, Change{Clients, "hall", []byte("h")})
				closed(t, s)
			}
			c.before(d)
			s := open(t, config(d.dir))
			for i := 0; s.Health().Problem == "" && i < 100; i++ {
				// The file may have some room left in itself.
				if s.Apply(Change{Grants, fmt.Sprint(i), make([]byte, 20_000)}) == nil {
					want = content(s)
				}
			}
			refuses(t, s, c.why, want)
			c.after(d)
			recovers(t, s, want)
		})
	}
}

func TestADiskThatGetsFull(t *testing.T) {
	if !withMounts(t) {
		return
	}
	d := newDisk(t)
	s := open(t, config(d.dir))
	apply(t, s, Change{Clients, "hall", []byte("h")})
	d.fill()
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
	d.empty()
	recovers(t, s, want)
	if _, err := ReadBackup(filepath.Join(d.dir, backupName)); err != nil {
		t.Error(err)
	}
}
