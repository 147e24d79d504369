package audio

import (
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func mono(frames int) *Ring { return NewRing(Format{Rate: WakeRate, Channels: 1}, frames) }

func ramp(from, n int) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(from + i)
	}
	return s
}

func TestRingReadsWhatWasWritten(t *testing.T) {
	r := NewRing(Format{Rate: WakeRate, Channels: 2}, 4)
	rd := r.NewReader()
	defer rd.Close()
	r.Write([]int16{1, 2, 3, 4})
	dst := make([]int16, 5) // an odd buffer takes whole frames only
	at, n, lost := rd.Read(dst)
	if at != (Pos{1, 0}) || n != 2 || lost != 0 || dst[3] != 4 {
		t.Fatalf("got %v n=%d lost=%d %v", at, n, lost, dst)
	}
	if _, n, _ = rd.Read(dst); n != 0 {
		t.Fatalf("nothing was written, got %d frames", n)
	}
}

func TestRingCountsWhatWasOverwritten(t *testing.T) {
	r := mono(8)
	rd := r.NewReader()
	defer rd.Close()
	r.Write(ramp(0, 20)) // more than the ring holds in one write
	dst := make([]int16, 8)
	at, n, lost := rd.Read(dst)
	if at.Frame != 12 || n != 8 || lost != 12 || dst[0] != 12 || dst[7] != 19 {
		t.Fatalf("got at=%v n=%d lost=%d %v", at, n, lost, dst)
	}
}

func TestRingResetSkipsToTheNewEpoch(t *testing.T) {
	r := mono(8)
	rd := r.NewReader()
	defer rd.Close()
	r.Write(ramp(0, 3))
	old := r.Head()
	r.Reset()
	r.Write(ramp(50, 2))
	if rd.Seek(old) {
		t.Fatal("a position of an ended epoch was taken")
	}
	dst := make([]int16, 8)
	at, n, lost := rd.Read(dst)
	if at != (Pos{2, 0}) || n != 2 || lost != 3 || dst[0] != 50 {
		t.Fatalf("got at=%v n=%d lost=%d %v", at, n, lost, dst)
	}
}

func TestRingSeekReadsThePast(t *testing.T) {
	r := mono(8)
	r.Write(ramp(0, 6))
	rd := r.NewReader()
	defer rd.Close()
	if !rd.Seek(r.Head().Add(-4)) || rd.Behind() != 4 {
		t.Fatal("seek to four frames back failed")
	}
	dst := make([]int16, 8)
	if at, n, lost := rd.Read(dst); at.Frame != 2 || n != 4 || lost != 0 || dst[0] != 2 {
		t.Fatalf("got at=%v n=%d lost=%d %v", at, n, lost, dst)
	}
}

func TestRingRingsTheBellOncePerUnreadWrite(t *testing.T) {
	r := mono(8)
	rd := r.NewReader()
	r.Write(ramp(0, 1))
	r.Write(ramp(0, 1)) // must not wait for a reader
	<-rd.Ready()
	rd.Close()
	r.Write(ramp(0, 1))
	select {
	case <-rd.Ready():
		t.Fatal("a closed reader's bell rang")
	default:
	}
}

// Every frame is the low half of its own index, so a reader sees by itself whether
// what it got is what the position says, whatever the writer does meanwhile.
func TestRingUnderARunningWriter(t *testing.T) {
	const total = 200_000
	r := mono(512)
	var readers sync.WaitGroup
	for range 3 {
		rd := r.NewReader()
		readers.Go(func() {
			defer rd.Close()
			var seen int64
			dst := make([]int16, 160)
			for seen < total {
				at, n, lost := rd.Read(dst)
				if seen += lost; n == 0 {
					if lost == 0 {
						<-rd.Ready()
					}
					continue
				}
				for i := range n {
					if want := int16(at.Frame + int64(i)); dst[i] != want {
						t.Errorf("frame %d is %d, want %d", at.Frame+int64(i), dst[i], want)
						return
					}
				}
				if at.Frame != seen {
					t.Errorf("read at %d, want %d", at.Frame, seen)
					return
				}
				seen = at.Frame + int64(n)
			}
		})
	}
	for from := 0; from < total; from += 100 {
		r.Write(ramp(from, 100))
	}
	readers.Wait()
}

func TestRingModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		capacity := rapid.IntRange(1, 20).Draw(t, "capacity")
		r := mono(capacity)
		rd := r.NewReader()
		var written, read int64
		dst := make([]int16, 32)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "write") {
				n := rapid.IntRange(0, 30).Draw(t, "n")
				r.Write(ramp(int(written), n))
				written += int64(n)
				continue
			}
			k := rapid.IntRange(0, 32).Draw(t, "k")
			at, n, lost := rd.Read(dst[:k])
			if want := max(0, written-int64(capacity)-read); lost != want {
				t.Fatalf("lost %d, want %d", lost, want)
			}
			read += lost
			if at.Frame != read || int64(n) != min(int64(k), written-read) {
				t.Fatalf("read %d frames at %d, want %d at %d", n, at.Frame, min(int64(k), written-read), read)
			}
			for i := range n {
				if dst[i] != int16(read+int64(i)) {
					t.Fatalf("frame %d is %d", read+int64(i), dst[i])
				}
			}
			read += int64(n)
		}
	})
}

func TestRingAllocatesNothing(t *testing.T) {
	r := mono(1600)
	rd := r.NewReader()
	defer rd.Close()
	in, out := ramp(0, 160), make([]int16, 160)
	if a := testing.AllocsPerRun(100, func() { r.Write(in); rd.Read(out) }); a != 0 {
		t.Fatalf("%v allocations per block", a)
	}
}
