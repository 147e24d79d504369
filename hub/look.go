package hub

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"vapd/hub/audit"
	"vapd/hub/recordings"
	"vapd/hub/session"
	"vapd/internal/metrics"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/wakeword/pack"
	"vapd/wakeword/verify"
)

// look begins the second look at a wake word; nil where there is no model for it.
func (h *Hub) look(w vap.Wakeword) session.SecondLook {
	p := h.packFor(w.Pack, w.Word)
	if p == nil {
		return nil
	}
	end := w.End
	if n := len(w.Audio) / 2; n > 0 {
		end = int64(n)
	}
	return verify.Start(p, end)
}

// packFor is the model that looks again at what a satellite heard; nil when there is none.
func (h *Hub) packFor(id, word string) *pack.Pack {
	if h.cfg.SecondLook == nil {
		return nil
	}
	return h.cfg.SecondLook.Pack(id, word)
}

// looked takes what came of the second look in a session that a client begins now.
func (h *Hub) looked(client string, now time.Time) func(session.Looked) {
	keep := h.recorder.ofWake(client, now)
	return func(l session.Looked) {
		h.looks.add(l)
		h.log.Info("second look at a wake word", "client", client, "word", l.Wake.Word, "verdict", l.Kind,
			"heard", l.Wake.Score, "pack", l.Pack, "score", l.Score, "cutoff", l.Cutoff)
		if l.Kind != verify.Rejected {
			return
		}
		// A television may wake a satellite all day: the log shall not be full of it.
		h.journal.refuse(audit.Entry{
			Actor: "client " + client, Action: "wake.rejected", Object: client,
			Result: fmt.Sprintf("%.2f of %.2f by %s", l.Score, l.Cutoff, l.Pack),
		}, 1)
		if keep != nil {
			keep(l.Samples, recordings.Wake{Word: l.Word, Heard: l.Wake.Score, Model: l.Pack, Score: l.Score, Cutoff: l.Cutoff})
		}
	}
}

// looks counts what came of second looks. The zero value is ready.
type looks struct {
	mu sync.Mutex
	n  map[looksOf]map[verify.Kind]int64
}

// looksOf is what is counted together.
type looksOf struct{ client, pack string }

// Bounds of what is counted apart; both names come from the network.
const (
	mostLooks   = 500
	longestName = 64 // of a pack, as in package pack
)

func (l *looks) add(of session.Looked) {
	k := looksOf{of.Client, of.Pack}
	if of.Pack == "" {
		k.pack = of.Wake.Pack[:min(len(of.Wake.Pack), longestName)]
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.n == nil {
		l.n = make(map[looksOf]map[verify.Kind]int64)
	}
	if _, known := l.n[k]; !known && len(l.n) >= mostLooks {
		k = looksOf{"other", "other"}
	}
	if l.n[k] == nil {
		l.n[k] = make(map[verify.Kind]int64)
	}
	l.n[k][of.Kind]++
}

// family is the counts for Prometheus.
func (l *looks) family() metrics.Family {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := metrics.Family{Name: "vapd_hub_second_looks_total", Help: "Wake words looked at again, by what came of it.", Type: metrics.Counter}
	for k, n := range l.n {
		for _, kind := range slices.Sorted(maps.Keys(n)) {
			f.Samples = append(f.Samples, metrics.Sample{
				Labels: []metrics.Label{{Name: "client", Value: k.client}, {Name: "pack", Value: k.pack}, {Name: "result", Value: string(kind)}},
				Value:  float64(n[kind]),
			})
		}
	}
	return f
}

// sums are the counts of all clients and words.
func (l *looks) sums() control.HubLooks {
	l.mu.Lock()
	defer l.mu.Unlock()
	sum := make(map[verify.Kind]int64)
	for _, n := range l.n {
		for kind, n := range n {
			sum[kind] += n
		}
	}
	return control.HubLooks{
		Accepted: sum[verify.Accepted], Rejected: sum[verify.Rejected], Incomplete: sum[verify.Incomplete],
		Late: sum[verify.Late], NoModel: sum[verify.NoModel],
	}
}
