package doctor

import (
	"bufio"
	"context"
	"fmt"
	"io/fs"
)

// Memory checks how much memory is left.
type Memory struct {
	Root fs.FS // of the machine: os.DirFS("/")
}

// Name implements Check.
func (Memory) Name() string { return "memory" }

// What should be available, in bytes: a satellite takes 25 MB, an engine of the hub 60 MB.
const (
	memoryLow  = 64 << 20
	memoryNone = 16 << 20
)

const memoryRemedy = "see who takes it ('ps aux --sort -rss | head'); a Zero with 512 MB needs a system without desktop"

// Run implements Check.
func (m Memory) Run(context.Context) Finding {
	available, err := m.available()
	what := fmt.Sprintf("%d MB available", available>>20)
	switch {
	case err != nil:
		return Finding{State: Skipped, What: fmt.Sprintf("the kernel does not say how much memory there is: %v", err)}
	case available < memoryNone:
		return Finding{Bad, what, memoryRemedy}
	case available < memoryLow:
		return Finding{Warn, what, memoryRemedy}
	}
	return Finding{State: OK, What: what}
}

// available is MemAvailable of proc_meminfo(5), in bytes.
func (m Memory) available() (int64, error) {
	f, err := m.Root.Open("proc/meminfo")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kB int64
		if n, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kB); n == 1 {
			return kB << 10, nil
		}
	}
	return 0, fmt.Errorf("no MemAvailable in /proc/meminfo")
}
