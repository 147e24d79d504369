// Package metricstest reads measurements as Prometheus' own library for Python does.
package metricstest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Requirement is the pinned package, as pip names it.
const Requirement = "prometheus_client==0.22.1"

// check parses the text format and holds names to Prometheus' conventions.
const check = `
import sys
from prometheus_client.parser import text_fd_to_metric_families
families = list(text_fd_to_metric_families(sys.stdin))
assert families, "there is nothing"
names = [f.name for f in families]
assert len(names) == len(set(names)), "a family is written twice"
for f in families:
    assert f.documentation, f.name + " has no help"
    assert f.type in ("counter", "gauge", "histogram"), f.name + " is " + f.type
    for s in f.samples:
        assert f.type != "counter" or s.name.endswith("_total"), s.name + " is a counter without _total"
    series = [(s.name, tuple(sorted(s.labels.items()))) for s in f.samples]
    assert len(series) == len(set(series)), f.name + " has a series twice"
`

// Check fails the test when text is not what Prometheus reads, or where the library is
// not installed.
func Check(tb testing.TB, text []byte) {
	tb.Helper()
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "..", "..", "..", "build", "python")
	if _, err := os.Stat(filepath.Join(dir, "prometheus_client", "parser.py")); err != nil {
		tb.Fatalf("the Python package prometheus_client is not there: run"+
			" python3 -m pip install --target build/python %s (or make test)", Requirement)
	}
	cmd := exec.CommandContext(tb.Context(), "python3", "-c", check)
	cmd.Env = append(os.Environ(), "PYTHONPATH="+dir, "PYTHONDONTWRITEBYTECODE=1")
	cmd.Stdin = bytes.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil {
		tb.Errorf("%v: %s", err, out)
	}
}
