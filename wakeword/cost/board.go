package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"vapd/wakeword/pack"
)

// counts are the instructions that the guest counted, by what it counted them for.
type counts map[string][]uint64

// What the guest's check of its counter has to give: 10,000,000 rounds of two
// instructions, and a few more around them: 316 to start and stop the counter, and some
// 370 at each of the kernel's 250 ticks a second.
const (
	loopInstructions = 20_000_000
	loopSlack        = 5_000
)

// maxSpread is by what part repetitions may differ.
const maxSpread = 1e-4

// countOnBoard boots a board with an ARM Cortex-A53 that QEMU emulates at one
// instruction a nanosecond, has it listen to a sound, and returns what it counted. dir
// is for files.
func countOnBoard(ctx context.Context, kernel, packFile string, sound []byte, dir string) (counts, error) {
	guest := filepath.Join(dir, "guest")
	build := exec.CommandContext(ctx, "go", "build", "-o", guest, "vapd/wakeword/cost/guest")
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cost: compiling the guest: %w\n%s", err, out)
	}
	program, err := os.ReadFile(guest)
	if err != nil {
		return nil, fmt.Errorf("cost: %w", err)
	}
	var root archive
	root.add("init", 0o755, program)
	root.add("sound.pcm", 0o644, sound)
	root.folder("wake")
	_, err = pack.Add(dir, packFile, func(path string, data []byte) error {
		root.add("wake/"+filepath.Base(path), 0o644, data)
		return nil
	})
	if err != nil {
		return nil, err
	}
	initramfs := filepath.Join(dir, "initramfs.cpio")
	if err := os.WriteFile(initramfs, root.bytes(), 0o644); err != nil {
		return nil, fmt.Errorf("cost: %w", err)
	}
	// shift=0 counts instructions exactly, and lets a guest's nanosecond be one. Signals
	// that stop a goroutine would be counted as well: what the kernel does not know
	// becomes the environment of the guest.
	out, err := exec.CommandContext(ctx, "qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a53",
		"-icount", "shift=0,sleep=off", "-m", "512", "-nographic", "-nic", "none", "-no-reboot",
		"-kernel", kernel, "-initrd", initramfs, "-append", "console=ttyAMA0 quiet panic=-1 GODEBUG=asyncpreemptoff=1").CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return nil, fmt.Errorf("cost: %w: install the package qemu-system-arm", err)
	}
	if err != nil {
		return nil, fmt.Errorf("cost: running qemu-system-aarch64: %w\n%s", err, out)
	}
	return parseCounts(out)
}

// parseCounts reads what the guest printed, and checks that it counted right.
func parseCounts(out []byte) (counts, error) {
	c := make(counts)
	for line := range bytes.Lines(out) {
		words := strings.Fields(string(line))
		if len(words) != 3 || words[0] != "count" {
			continue
		}
		n, err := strconv.ParseUint(words[2], 10, 64)
		if err != nil {
			return nil, fmt.Errorf("cost: the guest wrote %q", line)
		}
		c[words[1]] = append(c[words[1]], n)
	}
	if len(c["loop"]) == 0 || len(c["detector"]) == 0 || len(c["frontend"]) == 0 {
		return nil, fmt.Errorf("cost: the guest did not finish:\n%s", out)
	}
	if n := c["loop"][0]; n < loopInstructions || n > loopInstructions+loopSlack {
		return nil, fmt.Errorf("cost: the guest counted %d instructions for a loop of %d: this QEMU's counter is not exact", n, loopInstructions)
	}
	if mean, spread := c.detector(); spread > maxSpread {
		return nil, fmt.Errorf("cost: the guest counted %v, %.3f %% of %d apart: measure again", c["detector"], 100*spread, mean)
	}
	return c, nil
}

// detector is the mean of all repetitions, and by what part of it they differ.
func (c counts) detector() (mean uint64, spread float64) {
	all := c["detector"]
	var sum uint64
	for _, n := range all {
		sum += n
	}
	mean = sum / uint64(len(all))
	return mean, float64(slices.Max(all)-slices.Min(all)) / float64(mean)
}
