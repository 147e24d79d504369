package conformance

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vapd/internal/figure"
)

var update = flag.Bool("update", false, "write docs/conformance.md")

// parallel is how many cells run at a time: they wait for timers far more than they
// compute.
const parallel = 32

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", fmt.Sprint(parallel)) // exists
	goleak.VerifyTestMain(m)
}

// limit bounds one attempt at a cell.
const limit = 2 * time.Minute

func rows() []row {
	return slices.Concat(coreRows(), blockRows(), observeRows(), linkRows(), dtlsRows())
}

// pairs starts what all cells share; stop ends it.
func pairs(dir string) (ps []pair, stop func(), err error) {
	c, err := buildLibcoap(dir)
	if err != nil {
		return nil, nil, err
	}
	a, stop, err := startAiocoap()
	if err != nil {
		return nil, nil, err
	}
	return []pair{
		{name: "libcoap to vapd", client: c, server: vapd{}},
		{name: "vapd to libcoap", client: vapd{}, server: c},
		{name: "libcoap to vapd, 10 % loss", client: c, server: vapd{}, loss: 0.1},
		{name: "vapd to libcoap, 10 % loss", client: vapd{}, server: c, loss: 0.1},
		{name: "aiocoap to vapd", client: a, server: vapd{}},
		{name: "vapd to aiocoap", client: vapd{}, server: a},
	}, stop, nil
}

// attempt tries a cell, with loss up to three times.
func attempt(ctx context.Context, r row, p pair) outcome {
	for seed := uint64(1); ; seed++ {
		once, cancel := context.WithTimeout(ctx, limit)
		o := excuse(try(once, r, p, seed))
		cancel()
		if p.loss == 0 || r.lossy || seed == 3 || o.String() != "fail" {
			return o
		}
	}
}

// TestConformance tries every row with every pair, and compares the outcomes with those
// of the page.
func TestConformance(t *testing.T) {
	ps, stop, err := pairs(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	text, err := os.ReadFile(page)
	if err != nil && !*update {
		t.Fatal(err)
	}
	said := committed(text, ps)
	rs := make(results)
	var mu sync.Mutex
	t.Run("rows", func(t *testing.T) {
		for _, p := range ps {
			for _, r := range rows() {
				t.Run(r.name+"/"+p.name, func(t *testing.T) {
					t.Parallel()
					o := attempt(t.Context(), r, p)
					mu.Lock()
					rs[[2]string{r.name, p.name}] = o
					mu.Unlock()
					report(t, o, said[[2]string{r.name, p.name}])
				})
			}
		}
	})
	if *update && len(rs) == len(ps)*len(rows()) {
		if err := write(rs, ps); err != nil {
			t.Error(err)
		}
	}
}

// report fails the test where the page says something else.
func report(t *testing.T, o outcome, said string) {
	complain := t.Errorf
	if *update || o.String() == said {
		complain = t.Logf
	}
	switch o.String() {
	case "fail":
		complain("%s\non the wire:\n%s", strings.Join(o.problems, "\n"), o.log)
	case "n/a":
		complain("n/a: %s", o.na)
	case "pass":
		if said != "pass" {
			complain("it passes, and the page says %q: run the test with -update", said)
		}
	}
}

// BenchmarkConformance tries every row once and prints how many pass.
func BenchmarkConformance(b *testing.B) {
	for b.Loop() {
		ps, stop, err := pairs(b.TempDir())
		if err != nil {
			b.Fatal(err)
		}
		pass, total := all(b.Context(), ps).count(ps)
		stop()
		if err := figure.Print(os.Stdout, "conformance_pass", float64(pass), "rows"); err != nil {
			b.Fatal(err)
		}
		if err := figure.Print(os.Stdout, "conformance_total", float64(total), "rows"); err != nil {
			b.Fatal(err)
		}
	}
}

// all tries every cell.
func all(ctx context.Context, ps []pair) results {
	rs := make(results)
	room := make(chan struct{}, parallel)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, p := range ps {
		for _, r := range rows() {
			wg.Go(func() {
				room <- struct{}{}
				defer func() { <-room }()
				o := attempt(ctx, r, p)
				mu.Lock()
				rs[[2]string{r.name, p.name}] = o
				mu.Unlock()
			})
		}
	}
	wg.Wait()
	return rs
}
