package trial

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// WriteResults writes what was measured as tables: at the packs' own cutoffs, at cutoffs
// for the same number of false accepts an hour, and the words of others that woke them.
// With curve there is a line for each of some cutoffs as well.
func WriteResults(w io.Writer, results []Result, curve bool) error {
	out := &strings.Builder{}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "%s\tof a core\n", countsHeader)
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%.2f %%\n", countsRow(r.Pack, r.Counts), 100*r.Load)
	}
	if slices.ContainsFunc(results, func(r Result) bool { return r.Counts.Said > 0 && r.Counts.Hours > 0 }) {
		fmt.Fprintf(table, "\nfalse rejects with the cutoff for at most so many false accepts an hour\n")
		writeAtRates(table, results)
	}
	if curve {
		fmt.Fprintf(table, "\nfalse rejects, and false accepts an hour, at other cutoffs\n")
		writeCurves(table, results)
	}
	writeCrossFires(table, results)
	writeCascaded(table, results)
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nIn brackets: where the true value lies with 95 %% confidence, for voices, rooms and speech like these.\n")
	for _, r := range results {
		if r.LeftOut > 0 {
			fmt.Fprintf(out, "%s: %d recordings have the word beside others, or in the name of their set, and were left out\n", r.Pack, r.LeftOut)
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func writeAtRates(table io.Writer, results []Result) {
	rates := []float64{0, 0.5, 1, 2, 5, 10}
	fmt.Fprint(table, "pack")
	for _, rate := range rates {
		fmt.Fprintf(table, "\t%v", rate)
	}
	fmt.Fprintln(table)
	for _, r := range results {
		fmt.Fprint(table, r.Pack)
		for _, rate := range rates {
			n, ok := r.Curve.AtRate(rate)
			if !ok || n.Said == 0 {
				fmt.Fprint(table, "\t-")
				continue
			}
			fmt.Fprintf(table, "\t%.1f %% (%v)", 100*n.FalseRejects(), n.Cutoff)
		}
		fmt.Fprintln(table)
	}
}

func writeCurves(table io.Writer, results []Result) {
	fmt.Fprint(table, "cutoff")
	for _, r := range results {
		fmt.Fprintf(table, "\t%s\t", r.Pack)
	}
	fmt.Fprintln(table)
	for _, cutoff := range []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.998} {
		fmt.Fprintf(table, "%v", cutoff)
		for _, r := range results {
			n := r.Curve.At(cutoff)
			rate, _ := n.PerHour()
			fmt.Fprintf(table, "\t%.1f %%\t%.2f", 100*n.FalseRejects(), rate)
		}
		fmt.Fprintln(table)
	}
}

func writeCrossFires(table io.Writer, results []Result) {
	said, fired := 0, 0
	for _, r := range results {
		for _, c := range r.CrossFires {
			said, fired = said+c.Said, fired+c.Fired
		}
	}
	switch {
	case said == 0:
		return
	case fired == 0:
		fmt.Fprintf(table, "\n%d recordings of other words woke nothing\n", said)
		return
	}
	fmt.Fprintf(table, "\nother words that woke it, at its own cutoff\n")
	fmt.Fprintln(table, "pack\tword\tsaid\twoke\t")
	for _, r := range results {
		for _, c := range r.CrossFires {
			if c.Fired > 0 {
				fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\n", r.Pack, c.Word, c.Said, c.Fired, Percent(c.Fired, c.Said))
			}
		}
	}
}

// writeCascaded writes what a second look changed.
func writeCascaded(table io.Writer, results []Result) {
	if !slices.ContainsFunc(results, func(r Result) bool { return r.Second != nil }) {
		return
	}
	fmt.Fprintf(table, "\nwith a second look\npack\theard\trejected\tfalse rejects that it adds\tfalse accepts\tremoved\tleft an hour\n")
	for _, r := range results {
		if c := r.Second; c != nil {
			left := c.First
			left.Accepts -= c.Removed
			fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%d\t%d\t%s\n", r.Pack, c.Heard(), c.Rejected, Percent(c.Rejected, c.Heard()), c.First.Accepts, c.Removed, Hourly(left))
		}
	}
}

// value is a figure with its interval, in JSON.
type value struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// jsonResult is a Result for programs. What is not known is left out.
type jsonResult struct {
	Pack string `json:"pack"`
	Word string `json:"word"`
	Counts
	FalseRejects *value      `json:"false_rejects,omitempty"` // 0 to 1
	PerHour      *value      `json:"false_accepts_per_hour,omitempty"`
	CrossFires   []CrossFire `json:"cross_fires"`
	Curve        Curve       `json:"curve"`
	LeftOut      int         `json:"left_out"`
	Unread       []string    `json:"unread"`
	Load         float64     `json:"core_share"` // of one core, 0 to 1
	Second       *Cascaded   `json:"second_look,omitempty"`
}

// WriteJSON writes what was measured as a list of objects.
func WriteJSON(w io.Writer, results []Result) error {
	all := make([]jsonResult, len(results))
	for i, r := range results {
		j := jsonResult{
			Pack: r.Pack, Word: r.Word, Counts: r.Counts, CrossFires: append([]CrossFire{}, r.CrossFires...),
			Curve: r.Curve, LeftOut: r.LeftOut, Unread: []string{}, Load: r.Load, Second: r.Second,
		}
		if n := r.Counts; n.Said > 0 {
			i := Wilson(n.Missed, n.Said)
			j.FalseRejects = &value{n.FalseRejects(), i.Low, i.High}
		}
		if n := r.Counts; n.Hours > 0 {
			rate, i := n.PerHour()
			j.PerHour = &value{rate, i.Low, i.High}
		}
		for _, err := range r.Unread {
			j.Unread = append(j.Unread, err.Error())
		}
		all[i] = j
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(all)
}
