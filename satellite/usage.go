package satellite

import (
	"os"
	"time"

	"golang.org/x/sys/unix"

	"vapd/internal/procfs"
)

// usage measures what this process uses, from one look to the next.
type usage struct {
	at  time.Time
	cpu time.Duration
}

// look is the memory in bytes, and the share of one core in percent since the last
// look; since the start of the process at the first one. What can't be read is 0.
func (u *usage) look(started time.Time) (rss int64, cpuPercent float64) {
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) != nil {
		return procfs.Resident(os.Getpid()), 0
	}
	now, cpu := time.Now(), time.Duration(r.Utime.Nano()+r.Stime.Nano())
	if u.at.IsZero() {
		u.at = started
	}
	if d := now.Sub(u.at); d > 0 {
		cpuPercent = 100 * float64(cpu-u.cpu) / float64(d)
	}
	u.at, u.cpu = now, cpu
	return procfs.Resident(os.Getpid()), cpuPercent
}
