package wakeword

import (
	"os"
	"runtime"
	"testing"
	"time"

	"vapd/audio"
	"vapd/internal/figure"
	"vapd/internal/sharedtest"
	"vapd/wakeword/pack"

	"golang.org/x/sys/unix"
)

// BenchmarkHotPath is one step of 10 ms of the whole path from samples to judgement,
// with one model. The processor's share is of one core.
func BenchmarkHotPath(b *testing.B) {
	p, err := pack.Open(sharedtest.Path(b, "models", "okay_nabu.json"))
	if err != nil {
		b.Fatal(err)
	}
	d, err := New([]Word{{Pack: p}})
	if err != nil {
		b.Fatal(err)
	}
	const step = 160
	pcm := readWAV(b, sharedtest.Path(b, "golden", "wake", "okay_nabu.wav"))
	pcm = pcm[:len(pcm)/step*step]
	pos, events := audio.Pos{Epoch: 1}, make([]Event, 0, 1)

	allocs := testing.AllocsPerRun(1000, func() {
		events = d.Process(pos, pcm[:step], events[:0])
		pos = pos.Add(step)
	})
	began := pos.Frame
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	used := -threadTime(b)
	for b.Loop() {
		at := int(pos.Frame) % len(pcm)
		events = d.Process(pos, pcm[at:at+step], events[:0])
		pos = pos.Add(step)
	}
	used += threadTime(b)
	sound := audio.WakeRate.Duration(pos.Frame - began)
	for _, err := range []error{
		figure.Print(os.Stdout, "hotpath_allocs", allocs, "per_10ms"),
		figure.Print(os.Stdout, "hotpath_cpu_percent", 100*used.Seconds()/sound.Seconds(), "%"),
	} {
		if err != nil {
			b.Error(err)
		}
	}
}

// threadTime is the processor time of this thread, which other programs do not change.
func threadTime(b *testing.B) time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
