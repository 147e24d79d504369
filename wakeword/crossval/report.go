package crossval

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"vapd/internal/figure"
	"vapd/wakeword/trial"
)

// Write shows the folds, with curve also what one cutoff for all of them gives, and the other
// words.
func (r *Result) Write(w io.Writer, curve bool) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(name, cutoff string, clean, noisy trial.Counts) {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%.2f\t%d\t%s\n", name, cutoff, trial.Percent(clean.Missed, clean.Said), trial.Percent(noisy.Missed, noisy.Said),
			clean.Hours, clean.Accepts, trial.Hourly(clean))
	}
	fmt.Fprintln(t, "fold\tcutoff\tfalse rejects\tat 10 dB\thours without\theard there\tfalse accepts an hour")
	for _, f := range r.Folds {
		line(fmt.Sprint(f.Number), fmt.Sprint(f.Frozen.Cutoff), f.Clean, f.Noisy)
	}
	line("all", "their own", r.Clean, r.Noisy)
	if curve {
		for _, cutoff := range []float64{0.5, 0.6, 0.7, 0.8, 0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.99, 0.996} {
			line("all", fmt.Sprint(cutoff), r.Curve.At(cutoff), r.NoisyCurve.At(cutoff))
		}
	}
	if c := r.Second; r.SecondFolds > 0 {
		left := c.First
		left.Accepts -= c.Removed
		fmt.Fprintf(t, "%d with a second look\t\t%s\t\t%.2f\t%d\t%s\n", r.SecondFolds, trial.Percent(c.First.Missed+c.Rejected, c.First.Said), left.Hours, left.Accepts, trial.Hourly(left))
	}
	fmt.Fprintln(t, "\nother words that woke it, at the folds' own cutoffs")
	for _, f := range r.CrossFires {
		fmt.Fprintf(t, "%s\t%d of %d\t%s\n", f.Word, f.Fired, f.Said, trial.Percent(f.Fired, f.Said))
	}
	return t.Flush()
}

// WriteFigures writes the figures of the word that comes with the program, whose cutoff is
// given.
func (r *Result) WriteFigures(w io.Writer, cutoff float64) error {
	shipped := r.Curve.At(cutoff)
	rate, _ := shipped.PerHour()
	frozen, _ := r.Clean.PerHour()
	var errs []error
	for _, f := range []struct {
		name  string
		value float64
		unit  string
	}{
		{"default_frr_clean_percent", 100 * r.Clean.FalseRejects(), "percent"},
		{"default_frr_10db_percent", 100 * r.Noisy.FalseRejects(), "percent"},
		{"default_fa_per_hour_reached", frozen, "per_hour"},
		{"default_frr_percent", 100 * shipped.FalseRejects(), "percent"},
		{"default_fa_per_hour", rate, "per_hour"},
		{"train_minutes", r.Minutes, "min"},
	} {
		errs = append(errs, figure.Print(w, f.name, f.value, f.unit))
	}
	if c := r.Second; r.SecondFolds > 0 {
		w95 := trial.Wilson(c.Rejected, c.Heard())
		_, err := fmt.Fprintf(w, "second look in %d folds: rejects %d of %d words that were heard (%.1f to %.1f %%), and removes %d of %d false accepts\n",
			r.SecondFolds, c.Rejected, c.Heard(), 100*w95.Low, 100*w95.High, c.Removed, c.First.Accepts)
		errs = append(errs, err, figure.Print(w, "second_look_frr_percent", 100*c.FalseRejects(), "percent"))
	}
	if r.SecondFolds == 0 {
		_, err := fmt.Fprintln(w, "second_look_frr_percent absent: there are no models that look again")
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
