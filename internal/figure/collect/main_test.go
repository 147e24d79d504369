package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCollect(t *testing.T) {
	for in, want := range map[string]struct {
		out  string
		good bool
	}{
		"Bench 1\nfigure a 1 ms\nok\nfigure b 2 mb\n": {"Bench 1\nok\nfigure a 1 ms\nfigure b 2 mb\n", true},
		"figure a 1 ms\n--- FAIL: BenchmarkX\nFAIL\n": {"--- FAIL: BenchmarkX\nFAIL\nfigure a 1 ms\n", false},
		"ok\n": {"ok\n", false},
	} {
		dir := t.TempDir()
		var out strings.Builder
		err := collect(strings.NewReader(in), &out, dir, "bench")
		if out.String() != want.out || (err == nil) != want.good {
			t.Errorf("%q: %q, %v", in, out.String(), err)
		}
		data, err := os.ReadFile(filepath.Join(dir, "bench.txt"))
		if err != nil || !strings.HasSuffix(want.out, string(data)) {
			t.Errorf("%q: file %q, %v", in, data, err)
		}
	}
}
