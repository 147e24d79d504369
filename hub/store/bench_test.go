package store

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"vapd/internal/figure"
)

// many are the records of n clients, each as large as one with a key and a token.
func many(n int) []Change {
	changes := make([]Change, n)
	for i := range changes {
		changes[i] = Change{Clients, fmt.Sprintf("org.example.satellite.%08d", i), []byte(strings.Repeat("x", 350))}
	}
	return changes
}

func filled(b *testing.B, n int) (Config, *Store) {
	b.Helper()
	cfg := config(b.TempDir())
	s := open(b, cfg)
	apply(b, s, many(n)...)
	return cfg, s
}

// BenchmarkApply is one change, on the disk.
func BenchmarkApply(b *testing.B) {
	_, s := filled(b, 10_000)
	one := many(1)
	for b.Loop() {
		apply(b, s, one...)
	}
}

// BenchmarkApply1000 is a thousand changes at once.
func BenchmarkApply1000(b *testing.B) {
	_, s := filled(b, 10_000)
	thousand := many(1000)
	for b.Loop() {
		apply(b, s, thousand...)
	}
}

// BenchmarkOpen is the start with 10,000 clients, with the check in its own process.
func BenchmarkOpen(b *testing.B) {
	cfg, s := filled(b, 10_000)
	closed(b, s)
	cfg.Check = inChild
	for b.Loop() {
		s, err := Open(b.Context(), cfg)
		if err != nil {
			b.Fatal(err)
		}
		closed(b, s)
	}
}

// BenchmarkBackup is a backup of 10,000 clients.
func BenchmarkBackup(b *testing.B) {
	_, s := filled(b, 10_000)
	for b.Loop() {
		mustBackup(b, s)
	}
}

// BenchmarkKillLoop kills a process that writes, 200 times, and counts what was lost of
// what was acknowledged.
func BenchmarkKillLoop(b *testing.B) {
	lost, of := 0, 0
	for b.Loop() {
		l, n := killLoop(b, b.TempDir(), 200, 2)
		lost, of = lost+l, of+n
	}
	b.ReportMetric(float64(of), "acknowledged")
	if err := figure.Print(os.Stdout, "kill_loop_lost", float64(lost), "count"); err != nil {
		b.Fatal(err)
	}
}
