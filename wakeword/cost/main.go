// Command cost measures what it costs to listen for one wake word: the processor time of
// features and model on this machine, beside that of TensorFlow Lite Micro and of
// TensorFlow Lite with XNNPACK, and the instructions that an ARM Cortex-A53 takes.
// 'make bench-wake' runs it; docs/wake-cost.md says how it counts.
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"vapd/audio"
	"vapd/internal/figure"
	"vapd/wakeword/pack"
)

const (
	recording = 60 * time.Second
	limit     = 15 * time.Minute // of all that is run
)

func main() {
	var o options
	flag.StringVar(&o.pack, "pack", "", "manifest of the wake word")
	flag.StringVar(&o.speech, "speech", "", "folder of recordings: a minute of them is heard")
	flag.StringVar(&o.python, "python", "", "folder of the Python packages of the other runtimes")
	flag.StringVar(&o.kernel, "kernel", "", "kernel of the emulated board")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := measure(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type options struct{ pack, speech, python, kernel string }

func measure(ctx context.Context, o options) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	p, err := pack.Open(o.pack)
	if err != nil {
		return err
	}
	pcm, err := speech(o.speech, audio.WakeRate.Frames(recording))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "vapd-cost-")
	if err != nil {
		return fmt.Errorf("cost: %w", err)
	}
	defer os.RemoveAll(dir)
	sound, err := binary.Append(nil, binary.LittleEndian, pcm)
	if err != nil {
		return fmt.Errorf("cost: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sound.pcm"), sound, 0o644); err != nil {
		return fmt.Errorf("cost: %w", err)
	}
	if err := compare(ctx, o, p, pcm, dir); err != nil {
		return err
	}
	return count(ctx, sound, o, dir)
}

// count prints the instructions on the board.
func count(ctx context.Context, sound []byte, o options, dir string) error {
	c, err := countOnBoard(ctx, o.kernel, o.pack, sound, dir)
	if err != nil {
		return err
	}
	all, spread := c.detector()
	perSecond := func(n uint64) float64 { return float64(n) / recording.Seconds() / 1e6 }
	fmt.Printf("a second of sound on a Cortex-A53: %.3f million instructions, of these %.3f for features; repetitions differ by %.4f %%\n",
		perSecond(all), perSecond(c["frontend"][0]), 100*spread)
	return printAll(figure.Figure{Name: "arm64_minstr_per_audio_s", Value: perSecond(all), Unit: "minstr/s"})
}

func printAll(figures ...figure.Figure) error {
	for _, f := range figures {
		if err := figure.Print(os.Stdout, f.Name, f.Value, f.Unit); err != nil {
			return err
		}
	}
	return nil
}
