//go:build cgo && linux

package malgo

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of times in /proc: USER_HZ, which is 100 on every Linux port
// that Go has.
const clockTick = 10 * time.Millisecond

// threadTime is how long a thread of this process has run on a CPU.
func threadTime(tid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/stat", tid))
	if err != nil {
		return 0, err
	}
	return parseThreadTime(stat)
}

// parseThreadTime adds utime and stime, fields 14 and 15 of proc(5). The name, field
// 2, may contain anything, so counting starts behind its last parenthesis.
func parseThreadTime(stat []byte) (time.Duration, error) {
	_, rest, _ := bytes.Cut(stat, []byte("("))
	if end := bytes.LastIndexByte(rest, ')'); end >= 0 {
		if fields := bytes.Fields(rest[end+1:]); len(fields) > 12 {
			user, err1 := strconv.ParseInt(string(fields[11]), 10, 64)
			system, err2 := strconv.ParseInt(string(fields[12]), 10, 64)
			if err1 == nil && err2 == nil {
				return time.Duration(user+system) * clockTick, nil
			}
		}
	}
	return 0, fmt.Errorf("malgo: can't read the time of a thread from %q", stat)
}
