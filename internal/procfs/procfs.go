// Package procfs reads what Linux tells of a process (proc(5)).
package procfs

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Resident is the memory in bytes that a process has in use; 0 when there is no such
// process.
func Resident(pid int) int64 {
	var size, resident int64
	if _, err := fmt.Sscan(read(pid, "statm"), &size, &resident); err != nil {
		return 0
	}
	return resident * int64(os.Getpagesize())
}

// tick is the unit of processor time in /proc: 1/100 s on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// Processor is the processor time that a process has used, in steps of 10 ms; 0 when
// there is no such process.
func Processor(pid int) time.Duration {
	// The name of the program, in brackets, may have spaces and brackets in it.
	stat := read(pid, "stat")
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, err := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	if err != nil || err2 != nil {
		return 0
	}
	return time.Duration(user+system) * tick
}

func read(pid int, name string) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
	if err != nil {
		return ""
	}
	return string(data)
}
