package timer

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// SystemClock is the machine's clock.
type SystemClock struct{ boot string }

// NewSystemClock reads the identity of this boot from the kernel.
func NewSystemClock() (*SystemClock, error) {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil, fmt.Errorf("timer: reading the boot's identity: %w (is /proc mounted?)", err)
	}
	return &SystemClock{strings.TrimSpace(string(id))}, nil
}

// Wall is the wall time. Without its monotonic part, since by that alone two times are
// compared, and a step of the clock would not be seen.
func (c *SystemClock) Wall() time.Time { return time.Now().Round(0) }

// Uptime is the time since boot, from CLOCK_BOOTTIME.
func (c *SystemClock) Uptime() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts) != nil {
		return 0 // can't happen since Linux 2.6.39
	}
	return time.Duration(ts.Nano())
}

// BootID is the kernel's random identity of this boot.
func (c *SystemClock) BootID() string { return c.boot }

var _ Clock = (*SystemClock)(nil)
