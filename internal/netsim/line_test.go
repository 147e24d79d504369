package netsim

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// arrival is what a line delivered, and when.
type arrival struct {
	After time.Duration
	Data  string
}

// deliver sends n datagrams, one each 10 ms, through a line, in simulated time.
func deliver(t *testing.T, how Impairment, seed uint64, n int) (got []arrival, counts Counts) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		l := newLine(how, seed, 0, func(_ int, data []byte) {
			got = append(got, arrival{time.Since(start), string(data)})
		})
		ctx, cancel := context.WithCancel(t.Context())
		go l.run(ctx)
		buf := make([]byte, 0, 16)
		for i := range n {
			buf = fmt.Appendf(buf[:0], "%d", i) // reused: a line has to copy it
			l.send(0, buf)
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		cancel()
		synctest.Wait()
		_, counts = l.status()
	})
	return got, counts
}

func order(got []arrival) string {
	var data []string
	for _, a := range got {
		data = append(data, a.Data)
	}
	return strings.Join(data, " ")
}

func TestLine(t *testing.T) {
	for name, c := range map[string]struct {
		how    Impairment
		check  func([]arrival) bool
		counts Counts
	}{
		"perfect":    {Impairment{}, func(a []arrival) bool { return order(a) == "0 1 2 3" && a[1].After == 10*time.Millisecond }, Counts{Received: 4, Delivered: 4, Bytes: 4}},
		"dead":       {Impairment{Loss: 1}, func(a []arrival) bool { return len(a) == 0 }, Counts{Received: 4, Lost: 4}},
		"delay":      {Impairment{Delay: 35 * time.Millisecond}, func(a []arrival) bool { return order(a) == "0 1 2 3" && a[3].After == 65*time.Millisecond }, Counts{Received: 4, Delivered: 4, Bytes: 4}},
		"duplicates": {Impairment{Duplicate: 1}, func(a []arrival) bool { return order(a) == "0 0 1 1 2 2 3 3" }, Counts{Received: 4, Delivered: 8, Duplicated: 4, Bytes: 8}},
		"jitter":     {Impairment{Delay: 50 * time.Millisecond, Jitter: 50 * time.Millisecond}, func(a []arrival) bool { return order(a) == "0 1 2 3" }, Counts{Received: 4, Delivered: 4, Bytes: 4}},
		"too big":    {Impairment{MTU: headers}, func(a []arrival) bool { return len(a) == 0 }, Counts{Received: 4, TooBig: 4}},
		"just fits":  {Impairment{MTU: headers + 1}, func(a []arrival) bool { return len(a) == 4 }, Counts{Received: 4, Delivered: 4, Bytes: 4}},
		"all held":   {Impairment{Reorder: 1}, func(a []arrival) bool { return order(a) == "0 1 2 3" && a[0].After == defaultHold }, Counts{Received: 4, Delivered: 4, Reordered: 4, Bytes: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			got, counts := deliver(t, c.how, 1, 4)
			if !c.check(got) {
				t.Errorf("%v", got)
			}
			if d := cmp.Diff(c.counts, counts); d != "" {
				t.Error(d)
			}
		})
	}
}

// A held datagram is overtaken, and nothing is lost by it.
func TestReordering(t *testing.T) {
	got, counts := deliver(t, Impairment{Reorder: 0.2}, 7, 50)
	if counts.Reordered == 0 || counts.Delivered != 50 {
		t.Fatalf("%+v", counts)
	}
	inversions := 0
	for i := 1; i < len(got); i++ {
		if len(got[i-1].Data) > len(got[i].Data) || (len(got[i-1].Data) == len(got[i].Data) && got[i-1].Data > got[i].Data) {
			inversions++
		}
	}
	if inversions == 0 {
		t.Errorf("%d were held and none overtaken: %s", counts.Reordered, order(got))
	}
}

func TestSeed(t *testing.T) {
	how := Impairment{Loss: 0.1, Burst: Burst{0.1, 0.3, 0.9}, Corrupt: 0.1, Unchecked: true, Rate: 3000, Duplicate: 0.1, Reorder: 0.1, Delay: 20 * time.Millisecond, Jitter: 15 * time.Millisecond}
	first, _ := deliver(t, how, 3, 200)
	again, _ := deliver(t, how, 3, 200)
	if d := cmp.Diff(first, again); d != "" {
		t.Errorf("one seed, two fates:\n%s", d)
	}
	other, _ := deliver(t, how, 4, 200)
	if cmp.Equal(first, other) {
		t.Error("two seeds, one fate")
	}
}

// fates draws the fates of n datagrams.
func fates(how Impairment, seed uint64, n int) (lost []bool) {
	l := luck{rng: rand.New(rand.NewPCG(seed, 2))}
	for range n {
		lost = append(lost, l.decide(how).lost)
	}
	return lost
}

func share(lost []bool) float64 {
	n := 0
	for _, l := range lost {
		if l {
			n++
		}
	}
	return float64(n) / float64(len(lost))
}

func TestShareOfLoss(t *testing.T) {
	for name, c := range map[string]struct {
		how  Impairment
		want float64
	}{
		"alone":       {Impairment{Loss: 0.1}, 0.1},
		"bursts":      {Impairment{Burst: Burst{Enter: 0.02, Leave: 0.2, Loss: 1}}, 0.02 / 0.22},
		"weak bursts": {Impairment{Burst: Burst{Enter: 0.02, Leave: 0.2, Loss: 0.5}}, 0.01 / 0.22},
	} {
		if got := share(fates(c.how, 1, 200_000)); math.Abs(got-c.want) > 0.005 {
			t.Errorf("%s: %v lost, want %v", name, got, c.want)
		}
	}
}

// A burst lasts 1/Leave datagrams; loss alone does not come in bursts.
func TestBurstLength(t *testing.T) {
	mean := func(how Impairment) float64 {
		lost, bursts := 0, 0
		all := fates(how, 3, 200_000)
		for i, l := range all {
			if l {
				lost++
				if i == 0 || !all[i-1] {
					bursts++
				}
			}
		}
		return float64(lost) / float64(bursts)
	}
	if got := mean(Impairment{Burst: Burst{Enter: 0.01, Leave: 0.1, Loss: 1}}); math.Abs(got-10) > 1 {
		t.Errorf("bursts of %v, want 10", got)
	}
	if got := mean(Impairment{Loss: 0.1}); math.Abs(got-1/0.9) > 0.05 {
		t.Errorf("without bursts, runs of %v", got)
	}
}

// What is changed for one datagram does not change the luck of the later ones.
func TestLuckIsIndependent(t *testing.T) {
	probability := rapid.Float64Range(0, 1)
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := luck{rng: rand.New(rand.NewPCG(seed, 0))}, luck{rng: rand.New(rand.NewPCG(seed, 0))}
		a.decide(Impairment{})
		d := b.decide(Impairment{
			Loss: probability.Draw(t, "loss"), Corrupt: probability.Draw(t, "corrupt"), Duplicate: 1, Reorder: 1,
			Burst: Burst{probability.Draw(t, "enter"), probability.Draw(t, "leave"), probability.Draw(t, "burst")},
			Delay: time.Millisecond, Jitter: time.Second,
		})
		for _, delay := range d.delays {
			if delay < 0 {
				t.Fatalf("delay %v", delay)
			}
		}
		if a.rng.Uint64() != b.rng.Uint64() {
			t.Fatal("the luck of the next datagram depends on the last one's")
		}
	})
}

// Corruption changes one byte and no more, or drops the datagram.
func TestCorruption(t *testing.T) {
	got, counts := deliver(t, Impairment{Corrupt: 0.5}, 1, 100)
	if counts.Corrupted < 30 || counts.Corrupted+counts.Delivered != 100 {
		t.Errorf("%+v", counts)
	}
	for _, a := range got {
		if strings.Trim(a.Data, "0123456789") != "" {
			t.Errorf("%q was delivered", a.Data)
		}
	}
	got, counts = deliver(t, Impairment{Corrupt: 1, Unchecked: true}, 1, 100)
	if counts.Corrupted != 100 || counts.Delivered != 100 {
		t.Errorf("%+v", counts)
	}
	for i, a := range got {
		want, changed := strconv.Itoa(i), 0
		for j := range want {
			if a.Data[j] != want[j] {
				changed++
			}
		}
		if len(a.Data) != len(want) || changed != 1 {
			t.Errorf("%q became %q", want, a.Data)
		}
	}
	decision{flips: 1}.corrupt(nil) // an empty datagram stays so
}

func TestRate(t *testing.T) {
	// 100 bytes a second: one byte takes 10 ms, and two digits take 20.
	got, counts := deliver(t, Impairment{Rate: 100, Queue: time.Hour}, 1, 14)
	if counts.Delivered != 14 || got[9].After != 100*time.Millisecond || got[13].After != 180*time.Millisecond {
		t.Errorf("%+v: %v", counts, got)
	}
	// Half of it goes through, and waits no longer than the queue is.
	got, counts = deliver(t, Impairment{Rate: 50, Queue: 30 * time.Millisecond}, 1, 10)
	if counts.Dropped != 4 || counts.Delivered != 6 {
		t.Errorf("%+v", counts)
	}
	for _, a := range got {
		n, _ := strconv.Atoi(a.Data)
		if wait := a.After - time.Duration(n)*10*time.Millisecond; wait > 30*time.Millisecond {
			t.Errorf("%s waited %v", a.Data, wait)
		}
	}
}

func TestQueueIsBounded(t *testing.T) {
	l := newLine(Impairment{Delay: time.Hour}, 0, 0, func(int, []byte) {})
	for range maxQueue {
		if fate := l.send(0, nil); fate != Passed {
			t.Fatal(fate)
		}
	}
	if fate := l.send(0, nil); fate != Dropped {
		t.Error(fate)
	}
}

func TestValidate(t *testing.T) {
	l := newLine(Impairment{}, 0, 0, func(int, []byte) {})
	for _, bad := range []Impairment{{Loss: 1.1}, {Reorder: -1}, {Duplicate: math.NaN()}, {Delay: -1}, {Jitter: -1}, {Hold: -1}, {Queue: -1}, {MTU: -1}, {Rate: -1}, {Corrupt: 2}, {Burst: Burst{Enter: 2}}, {Burst: Burst{Leave: -1}}, {Burst: Burst{Loss: 3}}} {
		if err := l.set(func(i *Impairment) { *i = bad }); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if how, _ := l.status(); how != (Impairment{}) {
		t.Errorf("a refused change was made: %+v", how)
	}
}
