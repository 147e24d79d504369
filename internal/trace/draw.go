package trace

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// width is that of the drawn time line, in cells.
const width = 32

// Draw draws t for people: a line a step, with the time since the first one, the time
// since the one before, and its place on a line from the first to the last.
func Draw(w io.Writer, t Trace) error {
	if len(t.Steps) == 0 {
		return nil
	}
	first, last := t.Steps[0].At, t.Steps[len(t.Steps)-1].At
	result := t.Result
	if result == "" {
		result = "goes on"
	}
	_, err := fmt.Fprintf(w, "%q  session %d, turn %d: %s, %s\n", t.Client, t.Session, t.Turn, first.Local().Format(time.DateTime), result)
	before := first
	for _, s := range t.Steps {
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "%9s  %9s  %-9s  %-23s  %s\n",
			milliseconds(s.At.Sub(first)), "+"+milliseconds(s.At.Sub(before)), s.Side, s.Name, line(s.At.Sub(first), last.Sub(first)))
		before = s.At
	}
	if t.ClockSeconds != nil && err == nil {
		_, err = fmt.Fprintf(w, "  the satellite's clock is %+.3f s from the hub's\n", *t.ClockSeconds)
	}
	return err
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

// line is a line with a mark at a share of all.
func line(at, all time.Duration) string {
	cell := 0
	if all > 0 {
		cell = int(float64(at) / float64(all) * (width - 1))
	}
	return strings.Repeat("·", cell) + "█" + strings.Repeat("·", width-1-cell)
}
