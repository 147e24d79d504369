package wakeword

import (
	"runtime"
	"testing"
	"time"

	"vapd/audio"
	"vapd/internal/sharedtest"
	"vapd/wakeword/pack"

	"golang.org/x/sys/unix"
)

// BenchmarkHotPath is one step of 10 ms of the whole path from samples to judgement,
// with one model. cpu-% is processor time by time of sound, of one core.
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

	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	b.ReportAllocs()
	began := threadTime(b)
	for b.Loop() {
		at := int(pos.Frame) % len(pcm)
		events = d.Process(pos, pcm[at:at+step], events[:0])
		pos = pos.Add(step)
	}
	used := threadTime(b) - began
	b.ReportMetric(100*used.Seconds()/audio.WakeRate.Duration(pos.Frame).Seconds(), "cpu-%")
}

// threadTime is the processor time of this thread, which other programs do not change.
func threadTime(b *testing.B) time.Duration {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
