package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"vapd/internal/disktest"
)

func TestClock(t *testing.T) {
	yes := func() (bool, error) { return true, nil }
	// set is a clock that is set by some time while it is watched.
	set := func(by time.Duration) func() time.Time {
		looks := 0
		return func() time.Time {
			looks++
			return time.Now().Add(time.Duration(looks-1) * by)
		}
	}
	for name, c := range map[string]struct {
		clock        Clock
		state        State
		what, remedy string
	}{
		"well":           {Clock{Now: set(0), Synchronised: yes}, OK, "kept right", ""},
		"1970":           {Clock{Now: func() time.Time { return time.Unix(100, 0) }, Synchronised: yes}, Bad, "1970-01-01", "timedatectl"},
		"nobody sets it": {Clock{Now: set(0), Synchronised: func() (bool, error) { return false, nil }}, Warn, "nobody", "systemd-timesyncd"},
		"set forward":    {Clock{Now: set(time.Hour), Synchronised: yes}, Warn, "jumped by 1h", "one program alone"},
		"set back":       {Clock{Now: set(-time.Minute), Synchronised: yes}, Warn, "jumped by -1m", "one program alone"},
		"kernel silent":  {Clock{Now: set(0), Synchronised: func() (bool, error) { return false, errors.New("no") }}, Skipped, "no", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(30 * 365 * 24 * time.Hour) // synctest begins in 2000
				expect(t, c.clock.Run(t.Context()), c.state, c.what, c.remedy)
			})
		})
	}
	t.Run("the kernel's answer", func(t *testing.T) {
		if f := (Clock{}).Run(t.Context()); f.State == Bad || f.What == "" {
			t.Errorf("%+v", f)
		}
	})
}

func TestMemory(t *testing.T) {
	for name, c := range map[string]struct {
		meminfo      string
		state        State
		what, remedy string
	}{
		"well":   {"MemTotal: 1 kB\nMemAvailable:  512000 kB\n", OK, "500 MB", ""},
		"little": {"MemAvailable:  40960 kB\n", Warn, "40 MB", "ps aux"},
		"none":   {"MemAvailable:  4096 kB\n", Bad, "4 MB", "ps aux"},
		"odd":    {"MemAvailable: lots\n", Skipped, "no MemAvailable", ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := fstest.MapFS{"proc/meminfo": {Data: []byte(c.meminfo)}}
			expect(t, Memory{root}.Run(t.Context()), c.state, c.what, c.remedy)
		})
	}
	expect(t, Memory{fstest.MapFS{}}.Run(t.Context()), Skipped, "not", "")
	if f := (Memory{os.DirFS("/")}).Run(t.Context()); !strings.Contains(f.What, "MB available") {
		t.Errorf("this machine: %+v", f)
	}
}

func TestPort(t *testing.T) {
	addr := netip.MustParseAddrPort("127.0.0.1:0")
	held, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	taken := held.LocalAddr().(*net.UDPAddr).AddrPort()
	expect(t, Port{addr, "listen"}.Run(t.Context()), OK, "free", "")
	expect(t, Port{taken, "listen"}.Run(t.Context()), Bad, fmt.Sprintf("(process %d)", os.Getpid()), "another listen")
	expect(t, Port{netip.MustParseAddrPort("192.0.2.1:5683"), "listen"}.Run(t.Context()), Bad, "192.0.2.1", "ip addr")
}

func TestDiskModes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	expect(t, Disk{dir}.Run(t.Context()), OK, "first start", "")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokens.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	expect(t, Disk{dir}.Run(t.Context()), OK, "free", "")
	for mode, want := range map[os.FileMode]struct {
		state        State
		what, remedy string
	}{0o755: {Bad, "read tokens.json", "chmod 700"}, 0o711: {Bad, "read tokens.json", "chmod 600"}} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		expect(t, Disk{dir}.Run(t.Context()), want.state, want.what, want.remedy)
	}
	if err := os.Chmod(filepath.Join(dir, "tokens.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect(t, Disk{dir}.Run(t.Context()), Warn, "other users can list", "chmod 700")
	expect(t, Disk{filepath.Join(dir, "tokens.json")}.Run(t.Context()), Bad, "not a folder", "state_dir")
	if left, err := filepath.Glob(filepath.Join(dir, ".doctor*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestDiskFullAndReadOnly(t *testing.T) {
	if !disktest.Inside(t) {
		return
	}
	disk := disktest.New(t, "size=8m,nr_inodes=50")
	dir := disk.Dir
	expect(t, Disk{dir}.Run(t.Context()), Warn, "8 MB free", "make room")
	expect(t, Disk{filepath.Join(dir, "a", "b")}.Run(t.Context()), Warn, "8 MB free", "make room")
	disk.Fill()
	expect(t, Disk{dir}.Run(t.Context()), Bad, "nothing can be kept", "make room")
	disk.Empty()
	for i := range 50 { // until there is no inode left
		if os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), nil, 0o600) != nil {
			break
		}
	}
	expect(t, Disk{dir}.Run(t.Context()), Bad, "no more files", "make room")
	disk.ReadOnly(true)
	expect(t, Disk{dir}.Run(t.Context()), Bad, "read-only", "remount")
}

// fakeDev names a folder of devices, in the process of somebody else.
const fakeDev = "VAPD_DOCTOR_TEST_DEV"

// Devices of another user's group are named with the group that helps.
func TestDevices(t *testing.T) {
	if os.Getenv(fakeDev) == "" && os.Geteuid() == 0 {
		asNobody(t)
		return
	}
	dev := os.Getenv(fakeDev)
	if dev == "" {
		dev = fakeDevices(t)
	}
	if info, err := os.Stat(filepath.Join(dev, "spidev0.0")); err != nil || info.Mode().Perm() != 0 {
		t.Fatalf("the device that is shut: %v, %v", info, err)
	}
	d := Devices{dev, []string{"snd/pcm*", "spidev*", "gpiochip*"}}
	expect(t, d.Run(t.Context()), Bad, "may not use "+dev+"/spidev0.0", "usermod -aG")
	d.Patterns = []string{"snd/pcm*"}
	expect(t, d.Run(t.Context()), OK, "1 may be used", "")
	d.Patterns = []string{"gpiochip*"}
	expect(t, d.Run(t.Context()), Skipped, "none", "")
}

func fakeDevices(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vapd-doctor-") // where others may look
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	for name, mode := range map[string]os.FileMode{"snd/pcmC0D0c": 0o666, "spidev0.0": 0} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// asNobody runs the test as a user to whom modes mean something.
func asNobody(t *testing.T) {
	t.Helper()
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	dev := fakeDevices(t)
	copied := filepath.Join(dev, "test") // the test binary itself may lie where nobody gets to
	if err := os.WriteFile(copied, program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(copied, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.Background(), copied, "-test.run=^TestDevices$", "-test.v")
	cmd.Env, cmd.Dir = append(os.Environ(), fakeDev+"="+dev), dev
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
