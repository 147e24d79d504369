// Package metrics writes measurements in Prometheus' text format, version 0.0.4
// (prometheus.io/docs/instrumenting/exposition_formats), and serves them by HTTP without
// net/http, which would add megabytes to a satellite.
package metrics

import (
	"bufio"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Type is what the values of a Family are.
type Type string

// Types.
const (
	Counter Type = "counter" // only grows, since the start
	Gauge   Type = "gauge"
	// histogram is made by Histogram.Family.
	histogram Type = "histogram"
)

// Label tells samples of one family apart.
type Label struct{ Name, Value string }

// Sample is one value.
type Sample struct {
	Labels []Label
	Value  float64
	suffix string // of a histogram: "_bucket", "_sum", "_count"
}

// Family is the samples of one name. Names begin with "vapd_", have their unit at the
// end ("_seconds", "_bytes"), and those of counters "_total" after it.
type Family struct {
	Name, Help string
	Type       Type
	Samples    []Sample
}

// One is a family of one sample.
func One(kind Type, name, help string, value float64) Family {
	return Family{Name: name, Help: help, Type: kind, Samples: []Sample{{Value: value}}}
}

// By is a family with a sample for each value of one label, in their order.
func By(kind Type, name, help, label string, values map[string]float64) Family {
	f := Family{Name: name, Help: help, Type: kind}
	for of, v := range values {
		f.Samples = append(f.Samples, Sample{Labels: []Label{{label, of}}, Value: v})
	}
	slices.SortFunc(f.Samples, func(a, b Sample) int { return strings.Compare(a.Labels[0].Value, b.Labels[0].Value) })
	return f
}

// Tally counts by a few words that the program itself makes. Make it with NewTally; any
// goroutine may use it.
type Tally struct {
	mu     sync.Mutex
	counts map[string]float64
}

// mostWords bounds a Tally: what comes after is counted as "other".
const mostWords = 32

// NewTally makes a Tally. Words that are known beforehand are shown from the start, with 0.
func NewTally(words ...string) *Tally {
	t := &Tally{counts: make(map[string]float64)}
	for _, w := range words {
		t.counts[w] = 0
	}
	return t
}

// Add counts word.
func (t *Tally) Add(word string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, known := t.counts[word]; !known && len(t.counts) >= mostWords {
		word = "other"
	}
	t.counts[word]++
}

// Family is the counts so far.
func (t *Tally) Family(name, help, label string) Family {
	t.mu.Lock()
	defer t.mu.Unlock()
	return By(Counter, name, help, label, t.counts)
}

// Traffic is what went through a socket, in datagrams.
type Traffic struct {
	Sent, Received, Retransmitted, Duplicates, Malformed, Dropped uint64
}

// Sockets are the counters of sockets by name.
func Sockets(prefix string, sockets map[string]Traffic) []Family {
	count := func(name, help string, of func(Traffic) uint64) Family {
		values := make(map[string]float64, len(sockets))
		for socket, t := range sockets {
			values[socket] = float64(of(t))
		}
		return By(Counter, prefix+name, help, "socket", values)
	}
	return []Family{
		count("_sent_datagrams_total", "Datagrams sent.", func(t Traffic) uint64 { return t.Sent }),
		count("_received_datagrams_total", "Datagrams received.", func(t Traffic) uint64 { return t.Received }),
		count("_retransmitted_datagrams_total", "Datagrams sent again.", func(t Traffic) uint64 { return t.Retransmitted }),
		count("_duplicate_datagrams_total", "Datagrams received again.", func(t Traffic) uint64 { return t.Duplicates }),
		count("_malformed_datagrams_total", "Datagrams that were no CoAP.", func(t Traffic) uint64 { return t.Malformed }),
		count("_dropped_datagrams_total", "Datagrams dropped for lack of room.", func(t Traffic) uint64 { return t.Dropped }),
	}
}

// Write writes families, which must have different names.
func Write(w io.Writer, families []Family) error {
	out := bufio.NewWriter(w)
	for _, f := range families {
		_, _ = out.WriteString("# HELP " + f.Name + " " + escape(f.Help, false) + "\n# TYPE " + f.Name + " " + string(f.Type) + "\n")
		for _, s := range f.Samples {
			_, _ = out.WriteString(f.Name + s.suffix + labels(s.Labels) + " " + number(s.Value) + "\n")
		}
	}
	return out.Flush() // has the first error
}

func labels(all []Label) string {
	if len(all) == 0 {
		return ""
	}
	var b strings.Builder
	for i, l := range all {
		b.WriteString(map[bool]string{true: "{", false: ","}[i == 0])
		b.WriteString(l.Name + `="` + escape(l.Value, true) + `"`)
	}
	return b.String() + "}"
}

// escape escapes the text of a help or, with quote, the value of a label. What is no
// UTF-8 becomes U+FFFD.
func escape(s string, quote bool) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(s)
	if quote {
		s = strings.ReplaceAll(s, `"`, `\"`)
	}
	return s
}

func number(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "+Inf"
	case math.IsInf(v, -1):
		return "-Inf"
	}
	return strconv.FormatFloat(v, 'g', -1, 64) // NaN is "NaN"
}

// Histogram counts how often something took how long. Make it with NewHistogram; any
// goroutine may use it.
type Histogram struct {
	bounds []float64 // upper ones, growing

	mu     sync.Mutex
	counts []uint64 // by bucket; the last one is for what is above all bounds
	sum    float64
}

// NewHistogram makes a Histogram with buckets up to these bounds, which grow.
func NewHistogram(bounds ...float64) *Histogram {
	return &Histogram{bounds: bounds, counts: make([]uint64, len(bounds)+1)}
}

// Latency makes a Histogram for what a person waits for, in seconds.
func Latency() *Histogram {
	return NewHistogram(0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2.5, 5)
}

// Observe counts v.
func (h *Histogram) Observe(v float64) {
	i, _ := slices.BinarySearch(h.bounds, v)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[i]++
	h.sum += v
}

// Family is the histogram so far.
func (h *Histogram) Family(name, help string) Family {
	h.mu.Lock()
	defer h.mu.Unlock()
	f := Family{Name: name, Help: help, Type: histogram}
	total := uint64(0)
	for i, n := range h.counts {
		total += n
		le := "+Inf"
		if i < len(h.bounds) {
			le = number(h.bounds[i])
		}
		f.Samples = append(f.Samples, Sample{Labels: []Label{{"le", le}}, Value: float64(total), suffix: "_bucket"})
	}
	f.Samples = append(f.Samples, Sample{Value: h.sum, suffix: "_sum"}, Sample{Value: float64(total), suffix: "_count"})
	return f
}
