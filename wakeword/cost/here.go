package main

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"runtime"
	"time"

	"vapd/audio"
	"vapd/wakeword"
	"vapd/wakeword/frontend"
	"vapd/wakeword/pack"
	"vapd/wakeword/tflite"

	"golang.org/x/sys/unix"
)

const step = int(audio.WakeRate) / 100 // samples of a block

// listen measures ours: features and detector with pcm, the model with features.
func (t times) listen(p *pack.Pack, pcm []int16, features []int8) error {
	f, m, err := parts(p)
	if err != nil {
		return err
	}
	d, err := wakeword.New([]wakeword.Word{{Pack: p}})
	if err != nil {
		return err
	}
	events, epoch := make([]wakeword.Event, 0, 1), uint32(0)
	for name, run := range map[string]func(){
		"frontend": func() { extract(f, pcm, func(*frontend.Feature) {}) },
		"model":    func() { infer(m, features, func(uint8) {}) },
		"detector": func() {
			epoch++
			for at := 0; at+step <= len(pcm); at += step {
				events = d.Process(audio.Pos{Epoch: epoch, Frame: int64(at)}, pcm[at:at+step], events[:0])
			}
		},
	} {
		for range passes {
			taken, err := cpuTime(run)
			if err != nil {
				return err
			}
			t.add(name, taken)
		}
	}
	return nil
}

func parts(p *pack.Pack) (*frontend.Frontend, *tflite.Model, error) {
	f, err := frontend.New(p.Manifest.Micro.FeatureStepSize)
	if err != nil {
		return nil, nil, err
	}
	m, err := p.NewModel()
	return f, m, err
}

// check compares what we make of pcm and of features with what the references made.
func check(p *pack.Pack, pcm []int16, features []int8, peers map[string]peer) error {
	f, m, err := parts(p)
	if err != nil {
		return err
	}
	sum := sha256.New()
	extract(f, pcm, func(feature *frontend.Feature) {
		_ = binary.Write(sum, binary.LittleEndian, feature) // to memory
	})
	if got, want := hex.EncodeToString(sum.Sum(nil)), peers[microfrontend].output; got != want {
		return fmt.Errorf("cost: the features have the sum %s, those of the reference %s", got, want)
	}
	var out []byte
	infer(m, features, func(v uint8) { out = append(out, v) })
	if err := near(out, peers[tflm].output, 0); err != nil {
		return fmt.Errorf("cost: TensorFlow Lite Micro: %w", err)
	}
	// XNNPACK rounds in another way: by how much the golden vectors show.
	if err := near(out, peers[xnnpack].output, 24); err != nil {
		return fmt.Errorf("cost: XNNPACK: %w", err)
	}
	return nil
}

// near compares outputs with those of another runtime.
func near(out []byte, other string, tolerance int) error {
	want, err := hex.DecodeString(other)
	if err != nil || len(want) != len(out) {
		return fmt.Errorf("%d outputs, ours are %d: %v", len(want), len(out), err)
	}
	for i, v := range out {
		if d := int(v) - int(want[i]); max(d, -d) > tolerance {
			return fmt.Errorf("output %d is %d, ours %d", i, want[i], v)
		}
	}
	return nil
}

func extract(f *frontend.Frontend, pcm []int16, take func(*frontend.Feature)) {
	f.Reset()
	var feature frontend.Feature
	for len(pcm) > 0 {
		taken, ok := f.Process(pcm, &feature)
		if pcm = pcm[taken:]; ok {
			take(&feature)
		}
	}
}

func infer(m *tflite.Model, features []int8, take func(uint8)) {
	m.Reset()
	for n := len(m.Input()); len(features) >= n; features = features[n:] {
		copy(m.Input(), features)
		take(m.Invoke())
	}
}

// cpuTime is the processor time that f takes.
func cpuTime(f func()) (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	began, err := threadTime()
	if err != nil {
		return 0, err
	}
	f()
	ended, err := threadTime()
	return ended - began, err
}

func threadTime() (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0, fmt.Errorf("cost: reading the thread's processor time: %w", err)
	}
	return time.Duration(t.Nano()), nil
}
