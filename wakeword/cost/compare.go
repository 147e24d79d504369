package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"vapd/internal/figure"
	"vapd/wakeword/frontend"
	"vapd/wakeword/pack"
)

// Every runtime hears the recording rounds x passes times.
const (
	rounds = 5
	passes = 4
)

// times is the processor time of a pass over the recording, the fastest of all, by what
// was done: "frontend", "model" and "detector" (both, and judging the outputs) are ours.
type times map[string]time.Duration

func (t times) add(name string, d time.Duration) {
	if old, ok := t[name]; !ok || d < old {
		t[name] = d
	}
}

// The references.
const (
	microfrontend = "microfrontend"
	tflm          = "tflm"
	xnnpack       = "xnnpack"
)

// compare prints the processor times on this machine. Ours and those of others are
// measured by turns, since a machine is slower at times.
func compare(ctx context.Context, o options, p *pack.Pack, pcm []int16, dir string) error {
	t := make(times)
	var features []int8
	for range rounds {
		file := filepath.Join(dir, "features.i8")
		peers, err := runPeers(ctx, o.python, o.pack, filepath.Join(dir, "sound.pcm"), file, strconv.Itoa(passes))
		if err != nil {
			return err
		}
		for name, peer := range peers {
			t.add(name, peer.cpu)
		}
		if features, err = readFeatures(file); err != nil {
			return err
		}
		if err := check(p, pcm, features, peers); err != nil {
			return err
		}
		if err := t.listen(p, pcm, features); err != nil {
			return err
		}
	}
	_, m, err := parts(p)
	if err != nil {
		return err
	}
	n, inferences := len(features)/frontend.Channels, len(features)/len(m.Input())
	us := func(name string, n int) float64 { return float64(t[name].Nanoseconds()) / 1000 / float64(n) }
	fmt.Printf("a feature: %.2f us, microfrontend %.2f us\n", us("frontend", n), us(microfrontend, n))
	fmt.Printf("an inference: %.2f us, TensorFlow Lite Micro %.2f us, XNNPACK %.2f us\n",
		us("model", inferences), us(tflm, inferences), us(xnnpack, inferences))
	ratio := func(peer string) float64 { return float64(t["detector"]) / float64(t[microfrontend]+t[peer]) }
	return printAll(
		figure.Figure{Name: "frontend_us", Value: us("frontend", n), Unit: "us"},
		figure.Figure{Name: "model_us", Value: us("model", inferences), Unit: "us"},
		figure.Figure{Name: "runtime_vs_tflm_cpu", Value: ratio(tflm), Unit: "ratio"},
		figure.Figure{Name: "runtime_vs_xnnpack_cpu", Value: ratio(xnnpack), Unit: "ratio"},
	)
}

func readFeatures(file string) ([]int8, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("cost: %w", err)
	}
	features := make([]int8, len(data))
	for i, b := range data {
		features[i] = int8(b)
	}
	return features, nil
}
