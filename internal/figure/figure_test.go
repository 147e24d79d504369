package figure

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestPrint(t *testing.T) {
	for _, c := range []struct {
		name  string
		value float64
		unit  string
		want  string
	}{
		{"hotpath_allocs", 0, "count", "\nfigure hotpath_allocs 0 count\n"},
		{"answer_ms_p95", 812.3456, "ms", "\nfigure answer_ms_p95 812.3 ms\n"},
		{"big", 12345678, "bytes", "\nfigure big 12350000 bytes\n"},
		{"small", 0.000012345, "s", "\nfigure small 0.00001234 s\n"},
		{"two words", 1, "ms", ""},
		{"unit", 1, "", ""},
		{"nothing", math.NaN(), "ms", ""},
		{"nothing", math.Inf(1), "ms", ""},
	} {
		var b strings.Builder
		err := Print(&b, c.name, c.value, c.unit)
		if b.String() != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", c.name, b.String(), err)
		}
	}
}

func TestParse(t *testing.T) {
	for line, want := range map[string]bool{
		"figure x 1.5 ms":      true,
		"figure x 1e3 ms\n":    true,
		"figure x ms":          false,
		"figure x 1.5 ms more": false,
		"figure x NaN ms":      false,
		"figures x 1 ms":       false,
		"BenchmarkX 1 ms":      false,
	} {
		if _, ok := Parse(line); ok != want {
			t.Errorf("%q: %v", line, ok)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		f := Figure{"x", rapid.Float64().Draw(t, "value"), "ms"}
		if got, ok := Parse(f.String()); !ok || got != f {
			t.Fatalf("%v became %v, %v", f, got, ok)
		}
	})
}

func TestSet(t *testing.T) {
	var s Set
	s.Add(Figure{"a", 1, "ms"})
	s.Add(Figure{"b", 2, "ms"})
	s.Add(Figure{"a", 3, "ms"})
	dir := filepath.Join(t.TempDir(), "build", "figures")
	if err := s.Save(dir, "bench"); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, "bench.txt"))
	if want := "figure a 3 ms\nfigure b 2 ms\n"; string(data) != want || err != nil {
		t.Errorf("%q, %v", data, err)
	}
}
