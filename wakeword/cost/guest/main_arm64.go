// Command guest is the only process of an emulated ARM board: it listens to a
// recording for a wake word, prints how many instructions that took, and powers off.
// Package cost puts it there.
//
// The board's folder / holds wake/, with one pack, and sound.pcm: mono samples of 16
// bits at 16 kHz, little-endian. It prints lines "count NAME INSTRUCTIONS":
//
//	loop       of 10,000,000 rounds of two instructions, so that the counter can be checked
//	detector   of all that a Detector does with the recording, a line for each repetition
//	frontend   of the features alone
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"

	"vapd/audio"
	"vapd/wakeword"
	"vapd/wakeword/frontend"
	"vapd/wakeword/pack"

	"golang.org/x/sys/unix"
)

const (
	loopRounds  = 10_000_000
	repetitions = 3
	second      = int(audio.WakeRate)
	step        = second / 100 // samples of a block
)

func main() {
	if err := run(); err != nil {
		fmt.Println("failed:", err)
	}
	if os.Getpid() == 1 {
		unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	}
}

func run() error {
	runtime.LockOSThread()
	packs, err := pack.Load("wake")
	if err != nil || len(packs) != 1 {
		return fmt.Errorf("%d packs, want one: %v", len(packs), err)
	}
	pcm, err := readPCM("sound.pcm")
	if err != nil {
		return err
	}
	c, err := newCounter()
	if err != nil {
		return err
	}
	if err := report("loop", c, 1, func(int) { spin(loopRounds) }); err != nil {
		return err
	}
	for range repetitions {
		d, err := wakeword.New([]wakeword.Word{{Pack: packs[0]}})
		if err != nil {
			return err
		}
		events := make([]wakeword.Event, 0, 1)
		err = report("detector", c, len(pcm)/second, func(n int) {
			for at := n * second; at < (n+1)*second; at += step {
				events = d.Process(audio.Pos{Epoch: 1, Frame: int64(at)}, pcm[at:at+step], events[:0])
			}
		})
		if err != nil {
			return err
		}
	}
	f, err := frontend.New(packs[0].Manifest.Micro.FeatureStepSize)
	if err != nil {
		return err
	}
	var feature frontend.Feature
	return report("frontend", c, len(pcm)/second, func(n int) {
		for rest := pcm[n*second:][:second]; len(rest) > 0; {
			taken, _ := f.Process(rest[:min(step, len(rest))], &feature)
			rest = rest[taken:]
		}
	})
}

// report does f n times and prints the instructions that it took. In between, uncounted,
// others may run, so that the scheduler has no reason to stop f.
func report(name string, c counter, n int, f func(n int)) error {
	if err := c.reset(); err != nil {
		return err
	}
	for i := range n {
		if err := c.during(func() { f(i) }); err != nil {
			return err
		}
		runtime.Gosched()
	}
	instructions, err := c.read()
	if err != nil {
		return err
	}
	fmt.Println("count", name, instructions)
	return nil
}

func readPCM(path string) ([]int16, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pcm := make([]int16, len(data)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
	}
	if len(pcm) == 0 {
		return nil, errors.New(path + " is empty")
	}
	return pcm, nil
}

// spin goes round n times, with two instructions each; n must be above 0.
func spin(n int)
