package trial

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"vapd/audio"
	"vapd/wakeword"
	"vapd/wakeword/train/corpus"
)

// Report tries every recording and writes what was heard in each, how fast it was, and with labels (or nil) a table of what was missed and what was heard
// for nothing. A recording that can't be read is named and left out.
func (t *Trial) Report(ctx context.Context, w io.Writer, recordings []string, labels corpus.Labels) error {
	tallies := t.Tallies()
	var length time.Duration
	silent, unread, unlabelled := 0, 0, 0
	for _, file := range recordings {
		if err := ctx.Err(); err != nil {
			return err
		}
		pcm, err := corpus.Read(file)
		if err != nil {
			unread++
			fmt.Fprintln(w, err)
			continue
		}
		events := t.Run(pcm)
		length += audio.WakeRate.Duration(int64(len(pcm)))
		label, labelled := labels.Of(file)
		if labelled {
			for i := range tallies {
				tallies[i].Add(label.Word, len(pcm), events)
			}
		} else {
			unlabelled++
		}
		if len(events) == 0 {
			silent++
		} else {
			writeEvents(w, file, events)
		}
	}
	fmt.Fprintf(w, "%d recordings, %v of sound; nothing was heard in %d", len(recordings)-unread, length.Round(time.Second/10), silent)
	if unread > 0 {
		fmt.Fprintf(w, "; %d can't be read", unread)
	}
	fmt.Fprintf(w, "\n%.0f times faster than the sound, for all words together\n", t.Speed())
	if labels == nil {
		return nil
	}
	if unlabelled > 0 {
		fmt.Fprintf(w, "%d recordings have no label and are not counted below\n", unlabelled)
	}
	return writeTallies(w, tallies)
}

func writeEvents(w io.Writer, file string, events []wakeword.Event) {
	fmt.Fprintln(w, file)
	for _, e := range events {
		what := "detected "
		if e.Kind == wakeword.NearMiss {
			what = "near miss"
		}
		fmt.Fprintf(w, "  %8.2f s  %s  %-16s %.3f of %.2f  (%.2f to %.2f s)\n", seconds(e.At), what, e.Word, e.Score, e.Cutoff, seconds(e.Start), seconds(e.End))
	}
}

func seconds(p audio.Pos) float64 { return float64(p.Frame) / float64(audio.WakeRate) }

func writeTallies(w io.Writer, tallies []Tally) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "%s\tnear misses\n", countsHeader)
	for _, t := range tallies {
		fmt.Fprintf(table, "%s\t%d\n", countsRow(t.Pack, t.Counts), t.NearMisses)
	}
	return table.Flush()
}

// countsHeader and countsRow are the columns of Counts in a table.
const countsHeader = "pack\tcutoff\tsaid\tmissed\tfalse rejects\thours without\theard there\tfalse accepts an hour"

func countsRow(pack string, n Counts) string {
	return fmt.Sprintf("%s\t%.2f\t%d\t%d\t%s\t%.2f\t%d\t%s", pack, n.Cutoff, n.Said, n.Missed,
		Percent(n.Missed, n.Said), n.Hours, n.Accepts, Hourly(n))
}

// Percent writes a proportion with its interval: "7.6 % (4.4 to 12.9)".
func Percent(k, n int) string {
	if n == 0 {
		return "-"
	}
	i := Wilson(k, n)
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*float64(k)/float64(n), 100*i.Low, 100*i.High)
}

// Hourly writes a rate with its interval: "0.96 (0.02 to 5.36)".
func Hourly(n Counts) string {
	if n.Hours == 0 {
		return "-"
	}
	rate, i := n.PerHour()
	return fmt.Sprintf("%.2f (%.2f to %.2f)", rate, i.Low, i.High)
}
