// Package sharedtest finds the reference data (golden vectors, models, recordings)
// that lies beside a checkout and is not part of it.
package sharedtest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Dir is the folder of the reference data: $VAPD_SHARED, or "shared" beside the
// checkout. ok is false where there is none.
func Dir() (dir string, ok bool) {
	dir = os.Getenv("VAPD_SHARED")
	if dir == "" {
		_, file, _, _ := runtime.Caller(0)
		dir = filepath.Join(filepath.Dir(file), "..", "..", "..", "shared")
	}
	info, err := os.Stat(filepath.Join(dir, "golden"))
	return dir, err == nil && info.IsDir()
}

// Path joins elem to the folder of the reference data. The test is skipped, with
// the reason, where there is none.
func Path(tb testing.TB, elem ...string) string {
	tb.Helper()
	dir, ok := Dir()
	if !ok {
		tb.Skipf("no reference data at %s: put it beside the checkout or set VAPD_SHARED", dir)
	}
	return filepath.Join(append([]string{dir}, elem...)...)
}
