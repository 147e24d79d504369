// Package figure is the format of measured figures: lines "figure NAME VALUE UNIT"
// on the standard output of whatever measures, and in build/figures/TARGET.txt.
package figure

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"vapd/internal/durable"
)

// Figure is one measured number.
type Figure struct {
	Name  string // "hotpath_allocs"
	Value float64
	Unit  string // "ms", "percent", "count"
}

// String is the figure's line, without its end.
func (f Figure) String() string {
	return "figure " + f.Name + " " + strconv.FormatFloat(f.Value, 'f', -1, 64) + " " + f.Unit
}

// Print writes the line of a figure to w, on a line of its own even where the
// framework of tests has written half a line before. Whoever measures prints the
// same name once; values are rounded to four significant digits.
func Print(w io.Writer, name string, value float64, unit string) error {
	f := Figure{name, round(value), unit}
	if err := f.check(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", f)
	return err
}

// round keeps four significant digits: no measurement here knows more.
func round(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64) // its own output
	return v
}

func (f Figure) check() error {
	if f.Name == "" || f.Unit == "" || strings.ContainsAny(f.Name+f.Unit, " \t\r\n") {
		return fmt.Errorf("figure: name %q and unit %q must be one word each", f.Name, f.Unit)
	}
	if math.IsNaN(f.Value) || math.IsInf(f.Value, 0) {
		return fmt.Errorf("figure: %s is %v: nothing was measured", f.Name, f.Value)
	}
	return nil
}

// Parse reads a line; ok is false when it is not that of a figure.
func Parse(line string) (f Figure, ok bool) {
	words := strings.Fields(line)
	if len(words) != 4 || words[0] != "figure" {
		return Figure{}, false
	}
	v, err := strconv.ParseFloat(words[2], 64)
	f = Figure{words[1], v, words[3]}
	return f, err == nil && f.check() == nil
}

// Set is the figures of one target, the last value of each name, in the order of
// their first.
type Set []Figure

// Add puts f in the place of an older one of its name, or at the end.
func (s *Set) Add(f Figure) {
	for i := range *s {
		if (*s)[i].Name == f.Name {
			(*s)[i] = f
			return
		}
	}
	*s = append(*s, f)
}

// String is the lines.
func (s Set) String() string {
	var b strings.Builder
	for _, f := range s {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

// Save writes the lines to dir/TARGET.txt as a whole, and makes dir.
func (s Set) Save(dir, target string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("figure: %w", err)
	}
	return durable.File{Path: filepath.Join(dir, target+".txt"), Mode: 0o644}.Save([]byte(s.String()))
}
