//go:build soak && !vapd_satellite && !race

package main

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"vapd/internal/procfs"
)

// footprint is what a process holds.
type footprint struct {
	resident    int64 // bytes
	descriptors int
}

func (f footprint) String() string {
	return fmt.Sprintf("%.1f MB, %d descriptors", float64(f.resident)/1e6, f.descriptors)
}

func footprintOf(t *testing.T, p *daemonProcess) footprint {
	t.Helper()
	pid := p.cmd.Process.Pid
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return footprint{procfs.Resident(pid), len(files)}
}

// A hub and a satellite, real processes over real UDP, do as much as they can for minutes
// on end, and are no larger at the end than after the first minutes.
func TestSteadyUnderLoad(t *testing.T) {
	const (
		warm, long = 3, 12 // minutes
		moreMemory = 4 << 20
		moreFiles  = 8 // connections to the control sockets, at the moment
	)
	m := newMortals(t, 1)
	deeds := []deed{&timing{m: m}, volumes(m), mutes(m), &rekeying{m: m}}
	var wg sync.WaitGroup
	end := time.Now().Add(long * time.Minute)
	for _, d := range deeds {
		wg.Go(func() {
			for time.Now().Before(end) {
				_ = d.once(t.Context()) // a turn ends with the key that it was begun with
			}
		})
	}
	var hub, satellite footprint
	for minute := 1; minute <= long; minute++ {
		time.Sleep(time.Minute)
		nowHub, nowSatellite := footprintOf(t, m.hub), footprintOf(t, m.sat)
		t.Logf("minute %d: hub %v; satellite %v", minute, nowHub, nowSatellite)
		if minute == warm {
			hub, satellite = nowHub, nowSatellite
		}
		if minute <= warm {
			continue
		}
		for _, f := range [][2]footprint{{hub, nowHub}, {satellite, nowSatellite}} {
			if f[1].resident > f[0].resident+moreMemory || f[1].descriptors > f[0].descriptors+moreFiles {
				t.Errorf("grown from %v to %v", f[0], f[1])
			}
		}
	}
	wg.Wait()
	done := 0
	for _, d := range deeds {
		done += d.acknowledged()
	}
	t.Logf("%d things done", done)
	m.settled()
	m.works()
	m.intact()
}
