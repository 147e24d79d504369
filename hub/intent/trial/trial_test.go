package trial

import (
	"os"
	"testing"
	"time"

	"vapd/internal/figure"
	"vapd/internal/sharedtest"
)

func benchmark(tb testing.TB) *Benchmark {
	tb.Helper()
	b, err := Load(sharedtest.Path(tb, "nlu", "snips-2017-06"))
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// BenchmarkNLU measures what docs/understanding.md says.
func BenchmarkNLU(b *testing.B) {
	data := benchmark(b)
	var sizes []Size
	for _, n := range []struct {
		name         string
		queries, run int
	}{{"10", 10, 3}, {"20", 20, 3}, {"50", 50, 3}, {"70", 70, 3}, {"full", 0, 1}} {
		s, m, err := data.Run(n.name, n.queries, n.run)
		if err != nil {
			b.Fatal(err)
		}
		sizes = append(sizes, s)
		if n.queries != 70 && n.queries != 0 {
			continue
		}
		show(b, "slot_f1_"+n.name, s.Mean(Measured.F1), "ratio")
		show(b, "intent_accuracy_"+n.name, s.Mean(func(m Measured) float64 { return m.Accuracy }), "ratio")
		if n.queries == 0 {
			show(b, "parse_us", float64(data.Parsing(m, 5))/float64(time.Microsecond), "us")
			show(b, "none_accept_percent", 100*s.Accepted, "percent")
			show(b, "none_false_reject_percent", 100*s.Mean(func(m Measured) float64 { return m.Rejected }), "percent")
		}
	}
	took, err := data.Thousand(5)
	if err != nil {
		b.Fatal(err)
	}
	show(b, "train_1000_ms", float64(took)/float64(time.Millisecond), "ms")
	if err := Table(os.Stdout, sizes); err != nil {
		b.Fatal(err)
	}
}

func show(b *testing.B, name string, value float64, unit string) {
	b.Helper()
	if err := figure.Print(os.Stdout, name, value, unit); err != nil {
		b.Fatal(err)
	}
}
