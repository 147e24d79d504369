package load

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Report is what a run of satellites against a hub came to.
type Report struct {
	Hub                 string
	Secured             bool
	Satellites, Talking int
	Connected           int // at the end
	Garbage             int // datagrams a second
	Measure             *Measure
	// Of the hub's process, when it is our own: its memory, how much of that came with
	// the satellites, and how much of one processor it used; 0 otherwise.
	Resident, Grown int64
	Processor       float64
}

// Print writes r for people.
func (r *Report) Print(w io.Writer) error {
	p := printer{w: w}
	m := r.Measure
	way := "CoAP"
	if r.Secured {
		way = "CoAP over DTLS"
	}
	p.f("hub at %s, %s: %d of %d satellites connected, %d talking", r.Hub, way, r.Connected, r.Satellites, r.Talking)
	if r.Garbage > 0 {
		p.f(", %d garbage datagrams/s", r.Garbage)
	}
	p.f("\n%.1f s: %.0f fragments/s, %d utterances, %d answered\n", m.Took.Seconds(),
		float64(m.Fragments.Count())/m.Took.Seconds(), m.Utterances.Load(), m.Answered.Load())
	for _, t := range m.times() {
		if t.h.Count() > 0 {
			p.f("\n%s\n%s", t.name, t.h)
		}
	}
	if m.Errors.Total() > 0 {
		p.f("\nerrors\n%s", &m.Errors)
	}
	if r.Resident > 0 {
		p.f("\nthe hub: %.1f MB, %.1f kB more for each satellite; %.0f %% of a processor\n",
			float64(r.Resident)/1e6, float64(r.Grown)/1000/float64(max(r.Satellites, 1)), 100*r.Processor)
	}
	return p.err
}

type times struct {
	key, name string
	h         *Histogram
}

func (m *Measure) times() []times {
	return []times{
		{"fragment", "fragment, from handing it over to its acknowledgement", &m.Fragments},
		{"decision", "sessionStart, to the hub's decision", &m.Decisions},
		{"answer", "answer, from the last fragment on", &m.Answers},
		{"connect", "connect", &m.Connects},
		{"ping", "ping", &m.Pings},
	}
}

// printer writes until something fails.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) f(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format, args...)
	}
}

// quantiles are a Histogram's, in milliseconds.
type quantiles struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50_ms"`
	P90   float64 `json:"p90_ms"`
	P99   float64 `json:"p99_ms"`
	P999  float64 `json:"p999_ms"`
	Max   float64 `json:"max_ms"`
}

func (h *Histogram) quantiles() quantiles {
	q := func(f float64) float64 { return milliseconds(h.Quantile(f)) }
	return quantiles{h.Count(), q(0.5), q(0.9), q(0.99), q(0.999), milliseconds(h.Max())}
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// MarshalJSON is r for programs.
func (r *Report) MarshalJSON() ([]byte, error) {
	m := r.Measure
	latency := make(map[string]quantiles)
	for _, t := range m.times() {
		latency[t.key] = t.h.quantiles()
	}
	return json.Marshal(map[string]any{
		"hub": r.Hub, "dtls": r.Secured, "satellites": r.Satellites, "talking": r.Talking, "connected": r.Connected,
		"garbage_per_s": r.Garbage, "seconds": m.Took.Seconds(), "latency": latency,
		"utterances": m.Utterances.Load(), "answered": m.Answered.Load(), "errors": m.Errors.Counts(),
		"hub_bytes": r.Resident, "hub_bytes_grown": r.Grown, "hub_processors": r.Processor,
	})
}
