package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"vapd/internal/figure"
)

// idleTime is over how long the idle satellite is measured.
const idleTime = 10 * time.Second

// asked are the questions of Figures, which are asked in turn: each voice is wont to be
// understood with them.
func asked(i int) (voice, sentence string) {
	questions := [...][2]string{
		{"rms", "what time is it"},
		{"awb", "what day is it"},
		{"rms", "how long is left"},
		{"awb", "set a timer for five minutes"},
	}
	q := questions[i%len(questions)]
	return q[0], q[1]
}

// Figures asks the satellite n questions and writes the latencies, the memory of both
// processes, and the processor's share of an idle satellite to out, as package figure
// has them. It fails when a question is not answered.
func Figures(ctx context.Context, cfg Config, n int, out io.Writer) (err error) {
	w := newWatch(func(text string) { fmt.Fprintln(out, "note:", text) })
	house, err := cfg.open(ctx, w, Sound{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.Close()) }()
	var said []Utterance
	s := &stage{
		actor: house, watch: w, speak: newVoices(cfg.Dir).speak,
		spoken: func(string) {}, done: func(u Utterance) { said = append(said, u) },
	}
	if err := s.ready(ctx); err != nil {
		return err
	}
	if len(s.look().Words) == 0 {
		return errors.New("demo: figures need a wake word, and there is none in the folder of --pack")
	}
	m := measured{}
	for i := range n {
		voice, sentence := asked(i)
		if _, err := s.ask(ctx, voice, sentence); err != nil {
			return fmt.Errorf("demo: %q in the voice %s: %w", sentence, voice, err)
		}
		satellite, hub := house.Resident()
		m.satellite, m.hub = max(m.satellite, satellite), max(m.hub, hub)
	}
	if m.idle, err = house.Idle(ctx, idleTime); err != nil {
		return err
	}
	m.said = said
	if err := WriteTable(out, said); err != nil {
		return err
	}
	return m.print(out)
}

// measured is what Figures found.
type measured struct {
	said           []Utterance
	satellite, hub int64   // bytes, the most that was seen
	idle           float64 // percent of one core
}

func (m measured) print(out io.Writer) error {
	var word, answer []float64
	understood := 0
	for _, u := range m.said {
		word, answer = append(word, u.WordToFragment), append(answer, u.SpeechToAnswer)
		if sameWords(u.Heard, u.Said) {
			understood++
		}
	}
	fmt.Fprintf(out, "%d of %d understood\n", understood, len(m.said))
	for _, f := range []figure.Figure{
		{Name: "word_end_to_fragment_ms_p95", Value: percentile(word, 95), Unit: "ms"},
		{Name: "answer_ms_p50", Value: percentile(answer, 50), Unit: "ms"},
		{Name: "answer_ms_p95", Value: percentile(answer, 95), Unit: "ms"},
		{Name: "satellite_rss_mb", Value: megabytes(m.satellite), Unit: "MB"},
		{Name: "satellite_idle_cpu_percent", Value: m.idle, Unit: "%"},
		{Name: "hub_rss_mb", Value: megabytes(m.hub), Unit: "MB"},
	} {
		if err := figure.Print(out, f.Name, f.Value, f.Unit); err != nil {
			return err
		}
	}
	return nil
}

// percentile is the smallest value that p percent of all values do not exceed (nearest
// rank); NaN when a value is not known.
func percentile(values []float64, p float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	if len(sorted) == 0 || math.IsNaN(sorted[0]) { // NaN sorts first
		return math.NaN()
	}
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(rank, 1)-1]
}
