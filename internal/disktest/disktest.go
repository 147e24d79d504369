// Package disktest gives tests small disks that can be full or read-only.
package disktest

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// inside says that this process has mounts of its own.
const inside = "VAPD_DISKTEST_INSIDE"

// Inside runs the test once more, in a process that has mounts of its own, and fails it
// when it fails there. It is true in that process. A test that wants a Disk begins with:
//
//	if !disktest.Inside(t) {
//		return
//	}
func Inside(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inside) != "" {
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
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

// Disk is a small disk, for a test that is Inside.
type Disk struct {
	Dir string
	t   *testing.T
}

// New makes a Disk with options of tmpfs(5) ("size=1m"). It ends with the test.
func New(t *testing.T, options string) Disk {
	t.Helper()
	d := Disk{t.TempDir(), t}
	if err := syscall.Mount("disktest", d.Dir, "tmpfs", 0, options+",mode=700"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.Dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d Disk) film() string { return filepath.Join(d.Dir, "film") }

// Fill leaves no room on the disk.
func (d Disk) Fill() {
	d.t.Helper()
	f, err := os.Create(d.film())
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

// Empty takes back what Fill did.
func (d Disk) Empty() {
	d.t.Helper()
	if err := os.Remove(d.film()); err != nil {
		d.t.Fatal(err)
	}
}

// ReadOnly makes the disk read-only, or writable again.
func (d Disk) ReadOnly(yes bool) {
	d.t.Helper()
	flags := uintptr(syscall.MS_REMOUNT)
	if yes {
		flags |= syscall.MS_RDONLY
	}
	if err := syscall.Mount("disktest", d.Dir, "tmpfs", flags, ""); err != nil {
		d.t.Fatal(err)
	}
}
