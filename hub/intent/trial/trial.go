package trial

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"text/tabwriter"
	"time"

	"vapd/hub/intent/nlu"
)

// Benchmark is the queries of the seven intents.
type Benchmark struct {
	small, full, validate map[string][]Query
}

// Load reads the benchmark from its folder.
func Load(dir string) (*Benchmark, error) {
	b := &Benchmark{make(map[string][]Query), make(map[string][]Query), make(map[string][]Query)}
	for _, name := range Names() {
		for file, to := range map[string]map[string][]Query{"train": b.small, "train_full": b.full, "validate": b.validate} {
			q, err := Read(dir, name, file)
			if err != nil {
				return nil, err
			}
			to[name] = q
		}
	}
	return b, nil
}

// Draw is queries to train on: n of the 300 of each intent, as seed draws them; all of
// the others where n is 0.
func (b *Benchmark) Draw(n int, seed uint64) map[string][]Query {
	if n == 0 {
		return b.full
	}
	out := make(map[string][]Query)
	random := rand.New(rand.NewPCG(seed, 2017))
	for _, name := range Names() {
		for _, i := range random.Perm(len(b.small[name]))[:n] {
			out[name] = append(out[name], b.small[name][i])
		}
	}
	return out
}

// skill is the skill that an intent is registered by: each has its own, so that none
// knows the values of another.
func skill(name string) string { return "org.snips." + name }

// set is an intent as a skill registers it. Entities are not strict, and have the values
// in the utterances alone.
func set(name string, queries []Query) nlu.Set {
	i, slots := Intent(name, queries)
	s := nlu.Set{Language: "en", Intents: []nlu.Intent{i}}
	for _, slot := range slots {
		s.Entities = append(s.Entities, nlu.Entity{Name: slot})
	}
	return s
}

// now is when the queries are said: their dates are not measured.
func now() time.Time { return time.Date(2017, 6, 1, 12, 0, 0, 0, time.UTC) }

// Learn trains a model on queries.
func Learn(queries map[string][]Query, seed uint64) (*nlu.Model, error) {
	m := nlu.New(nlu.Config{Now: now, Seed: seed})
	for _, name := range Names() {
		if err := m.Replace(skill(name), []nlu.Set{set(name, queries[name])}); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// Measured is how well a model understands test queries.
type Measured struct {
	Slots    map[string]Score // by intent, which is given
	Accuracy float64          // of intents; a query that is rejected is wrong
	Rejected float64          // of queries, those that are taken for none
}

// F1 is the mean over the intents of their means over slots.
func (m Measured) F1() float64 {
	sum := 0.0
	for _, name := range Names() {
		sum += m.Slots[name].F1()
	}
	return sum / float64(len(Names()))
}

// Measure tries a model on queries.
func Measure(m *nlu.Model, queries map[string][]Query) Measured {
	out := Measured{Slots: make(map[string]Score)}
	right, rejected, all := 0, 0, 0
	for _, name := range Names() {
		out.Slots[name] = Rate(queries[name], func(text string) []nlu.Filled { return m.Slots(text, "en", skill(name), name) })
		for _, q := range queries[name] {
			all++
			switch r := m.Parse(q.Text(), "en"); {
			case len(r.Intents) == 0:
				rejected++
			case r.Intents[0].Intent == name:
				right++
			}
		}
	}
	out.Accuracy, out.Rejected = float64(right)/float64(all), float64(rejected)/float64(all)
	return out
}

// Accepted leaves each intent out once: it is the share of that intent's queries which
// are taken for one of the other six. The model is as before at the end.
func Accepted(m *nlu.Model, train, queries map[string][]Query) (float64, error) {
	accepted, all := 0, 0
	for _, name := range Names() {
		m.Remove(skill(name))
		for _, q := range queries[name] {
			all++
			if len(m.Parse(q.Text(), "en").Intents) > 0 {
				accepted++
			}
		}
		if err := m.Replace(skill(name), []nlu.Set{set(name, train[name])}); err != nil {
			return 0, err
		}
	}
	return float64(accepted) / float64(all), nil
}

// Size is one size of the training data, measured.
type Size struct {
	Name     string
	Draws    []Measured
	Accepted float64 // of intents that were left out
	Took     time.Duration
}

// Mean is the mean of a figure over draws.
func (s Size) Mean(f func(Measured) float64) float64 {
	sum := 0.0
	for _, d := range s.Draws {
		sum += f(d)
	}
	return sum / float64(len(s.Draws))
}

// Run measures one size with seeds 1 to draws, on the test queries. n is the queries of
// an intent; 0 is all. model is the last one that was trained.
func (b *Benchmark) Run(name string, n, draws int) (s Size, model *nlu.Model, err error) {
	s.Name = name
	for seed := range uint64(draws) {
		train := b.Draw(n, seed+1)
		began := time.Now()
		if model, err = Learn(train, seed+1); err != nil {
			return s, nil, err
		}
		s.Took += time.Since(began) / time.Duration(draws)
		s.Draws = append(s.Draws, Measure(model, b.validate))
		a, err := Accepted(model, train, b.validate)
		if err != nil {
			return s, nil, err
		}
		s.Accepted += a / float64(draws)
	}
	return s, model, nil
}

// published is the macro F1 of others, with 10, 20, 50, 70 queries an intent and with
// about 2,000, by the metrics files of the benchmark.
func published() [][]string {
	return [][]string{
		{"Snips", "0.512", "0.599", "0.734", "0.771", "0.916"},
		{"api.ai", "0.513", "0.583", "0.638", "0.678", ""},
		{"Luis", "0.296", "0.409", "0.567", "0.615", ""},
		{"Wit", "0.349", "0.412", "0.544", "0.606", ""},
		{"Alexa", "", "", "", "0.549", ""},
	}
}

// Table writes what was measured beside what others published.
func Table(w io.Writer, sizes []Size) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	header, ours := "slots, macro F1", "vapd"
	for _, s := range sizes {
		header += "\t" + s.Name
		ours += fmt.Sprintf("\t%.3f", s.Mean(Measured.F1))
	}
	fmt.Fprintln(t, header)
	fmt.Fprintln(t, ours)
	for _, row := range published() {
		for i, cell := range row {
			if i > 0 {
				cell = "\t" + cell
			}
			fmt.Fprint(t, cell)
		}
		fmt.Fprintln(t)
	}
	rows := []struct {
		name string
		of   func(s Size) string
	}{
		{"intents right", func(s Size) string {
			return fmt.Sprintf("%.3f", s.Mean(func(m Measured) float64 { return m.Accuracy }))
		}},
		{"rejected though known", func(s Size) string {
			return fmt.Sprintf("%.3f", s.Mean(func(m Measured) float64 { return m.Rejected }))
		}},
		{"accepted though left out", func(s Size) string { return fmt.Sprintf("%.3f", s.Accepted) }},
		{"trained in", func(s Size) string { return s.Took.Round(10 * time.Millisecond).String() }},
	}
	for _, name := range Names() {
		rows = append(rows, struct {
			name string
			of   func(s Size) string
		}{"F1 " + name, func(s Size) string {
			return fmt.Sprintf("%.3f", s.Mean(func(m Measured) float64 { return m.Slots[name].F1() }))
		}})
	}
	fmt.Fprintln(t)
	for _, r := range rows {
		fmt.Fprint(t, r.name)
		for _, s := range sizes {
			fmt.Fprint(t, "\t"+r.of(s))
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

// Thousand is how long a skill of 1,000 utterances takes until it is in use beside
// seven others: the least of some times, as other programs run as well.
func (b *Benchmark) Thousand(times int) (time.Duration, error) {
	m, err := Learn(b.Draw(70, 1), 1)
	if err != nil {
		return 0, err
	}
	var thousand nlu.Set
	thousand.Language = "en"
	entities := make(map[string]bool)
	for i, name := range Names() {
		n := 1000 / len(Names())
		if i == 0 {
			n += 1000 % len(Names())
		}
		s := set(name, b.full[name][:n])
		s.Intents[0].Name = "my" + name
		thousand.Intents = append(thousand.Intents, s.Intents...)
		for _, e := range s.Entities {
			if !entities[e.Name] {
				entities[e.Name] = true
				thousand.Entities = append(thousand.Entities, e)
			}
		}
	}
	var took []time.Duration
	for range times {
		began := time.Now()
		if err := m.Replace("org.vapd.thousand", []nlu.Set{thousand}); err != nil {
			return 0, err
		}
		took = append(took, time.Since(began))
	}
	return slices.Min(took), nil
}

// Parsing is how long a test query takes: for each the least of some times, as other
// programs run as well, and the mean over all.
func (b *Benchmark) Parsing(m *nlu.Model, times int) time.Duration {
	total, n := time.Duration(0), 0
	for _, name := range Names() {
		for _, q := range b.validate[name] {
			text := q.Text()
			var took []time.Duration
			for range times {
				began := time.Now()
				m.Parse(text, "en")
				took = append(took, time.Since(began))
			}
			total += slices.Min(took)
			n++
		}
	}
	return total / time.Duration(n)
}
