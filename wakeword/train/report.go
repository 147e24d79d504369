package train

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"path/filepath"
	"slices"

	"vapd/audio"
	"vapd/audio/wav"
	"vapd/wakeword"
	"vapd/wakeword/train/augment"
	"vapd/wakeword/train/corpus"
	"vapd/wakeword/trial"
)

// ReportFile is the name of the report in the folder of the pack.
const ReportFile = "report.html"

//go:embed report.html
var reportHTML string

// What the report has of sound, so that it stays below some megabytes.
const (
	mostClips   = 20                          // missed, and as many heard
	longestClip = 5 * int(audio.WakeRate) / 2 // samples of one
)

// page is what the report shows.
type page struct {
	Word                  string
	Cutoff, PerHour       float64
	Lowest                float64 // cutoff that may be chosen
	Reached               bool
	FromText              bool
	Figures               []figure
	Curve, Loss           *chart
	Noisy                 bool
	Rows                  []row
	Missed, Heard         []sample
	MoreMissed, MoreHeard int
	CrossFires            []trial.CrossFire
	Data                  []amount
	Seed                  uint64
	Size                  string
}

type figure struct{ Name, Value, Interval string }

type row struct {
	Cutoff                  float64
	Rejects, Noisy, PerHour string
}

type amount struct{ Name, Train, Test string }

// sample is a clip to listen to.
type sample struct {
	Name, What string
	Sound      template.URL // WAV, as data
	score      float64
}

// report writes the report.
func (r *run) report(ctx context.Context, result *Result) error {
	p := r.page(result)
	if err := r.mistakes(ctx, result, p); err != nil {
		return err
	}
	t, err := template.New("report").Parse(reportHTML)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return r.save(filepath.Join(r.cfg.Out, ReportFile), out.Bytes())
}

func (r *run) page(result *Result) *page {
	n := result.Chosen
	rate, per := n.PerHour()
	p := &page{
		Word: r.cfg.Word, Cutoff: n.Cutoff, PerHour: r.cfg.Recipe.PerHour, Reached: result.Reached,
		Lowest: r.lowest(), FromText: r.fromText,
		Curve: curveChart(result.Clean, result.Noisy, n), Loss: lossChart(result.Losses), Noisy: len(result.Noisy) > 0,
		CrossFires: result.CrossFires, Seed: r.cfg.Seed,
		Size: fmt.Sprintf("%d products every %d ms, %d steps of %d examples.", r.cfg.Recipe.Net.Products(), 10*r.cfg.Recipe.Net.Stride, r.cfg.Recipe.Steps, r.cfg.Recipe.Batch),
	}
	p.Figures = append(p.Figures, rejects("false rejects", n))
	if p.Noisy {
		p.Figures = append(p.Figures, rejects("with noise 10 dB below the voice", result.Noisy.At(n.Cutoff)))
	}
	p.Figures = append(p.Figures, figure{"false accepts an hour", fmt.Sprintf("%.2f", rate), fmt.Sprintf("(%.2f to %.2f), %d in %.2f h", per.Low, per.High, n.Accepts, n.Hours)})
	for _, cutoff := range []float64{0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99} {
		n := result.Clean.At(cutoff)
		rate, _ := n.PerHour()
		row := row{Cutoff: cutoff, Rejects: percent(n.FalseRejects()), PerHour: fmt.Sprintf("%.2f", rate)}
		if p.Noisy {
			row.Noisy = percent(result.Noisy.At(cutoff).FalseRejects())
		}
		p.Rows = append(p.Rows, row)
	}
	count := func(name string, train, test []corpus.Clip) {
		p.Data = append(p.Data, amount{name, fmt.Sprint(len(train)), fmt.Sprint(len(test))})
	}
	count("recordings of the word", r.train.Positives, r.test.Positives)
	count("of other words", r.train.Others, r.test.Others)
	count("of other speech and sounds", r.train.Negatives, r.test.Negatives)
	count("of noise", r.train.Noise, r.test.Noise)
	if r.cfg.Speaker != nil {
		p.Data = append(p.Data, amount{"phrases that sound like it, each said by voices", fmt.Sprintf("%d × %d", len(r.cfg.Phrases), len(r.cfg.Speaker.Voices())), "0"})
	}
	return p
}

func rejects(name string, n trial.Counts) figure {
	w := trial.Wilson(n.Missed, n.Said)
	return figure{name, percent(n.FalseRejects()), fmt.Sprintf("(%.1f to %.1f), %d of %d", 100*w.Low, 100*w.High, n.Missed, n.Said)}
}

func percent(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// mistakes listens to the validation part once more, clip by clip, for what went wrong.
func (r *run) mistakes(ctx context.Context, result *Result, p *page) error {
	t, err := trial.New([]wakeword.Word{{Pack: result.Pack}})
	if err != nil {
		return err
	}
	clips := slices.Concat(r.test.Positives, r.test.Others, r.test.Negatives)
	for i, c := range clips {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		pcm, err := corpus.Read(c.Path)
		if err != nil {
			return err
		}
		said := i < len(r.test.Positives)
		events := t.Run(pcm)
		if said {
			if !slices.ContainsFunc(events, func(e wakeword.Event) bool { return e.Kind == wakeword.Detected }) {
				score := 0.0
				for _, e := range events {
					score = max(score, e.Score)
				}
				p.Missed = append(p.Missed, sample{Name: c.Name, What: fmt.Sprintf("%.2f of %v at most", score, result.Chosen.Cutoff), Sound: sound(pcm, augment.Loudest(augment.Floats(pcm)).To), score: -score})
			}
		} else {
			for _, e := range events {
				what := "nearly: "
				if e.Kind == wakeword.Detected {
					what = "woke it: "
				}
				at := e.At.Frame
				p.Heard = append(p.Heard, sample{Name: c.Name, What: fmt.Sprintf("%s%.2f of %v at %.1f s", what, e.Score, result.Chosen.Cutoff, float64(at)/float64(audio.WakeRate)), Sound: sound(pcm, int(at)), score: e.Score})
			}
		}
		p.Missed, p.MoreMissed = worst(p.Missed, p.MoreMissed)
		p.Heard, p.MoreHeard = worst(p.Heard, p.MoreHeard)
		r.progress(float64(i+1)/float64(len(clips)), "")
	}
	return nil
}

// worst keeps the highest scores, and counts what it drops.
func worst(s []sample, dropped int) ([]sample, int) {
	slices.SortStableFunc(s, func(a, b sample) int { return cmp.Compare(b.score, a.score) })
	if len(s) > mostClips {
		dropped += len(s) - mostClips
		s = s[:mostClips]
	}
	return s, dropped
}

// sound is a clip around a place, mostly what comes before it.
func sound(pcm []int16, at int) template.URL {
	to := max(0, min(len(pcm), at+longestClip/5))
	from := max(0, min(at-longestClip*4/5, len(pcm)-longestClip))
	var data bytes.Buffer
	if err := wav.Write(&data, audio.Format{Rate: audio.WakeRate, Channels: 1}, pcm[min(from, to):to]); err != nil {
		return ""
	}
	return template.URL("data:audio/wav;base64," + base64.StdEncoding.EncodeToString(data.Bytes()))
}
