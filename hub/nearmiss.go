package hub

import (
	"context"
	"maps"
	"sync"
	"time"

	"vapd/audio"
	"vapd/hub/recordings"
	"vapd/internal/metrics"
	"vapd/protocol/control"
	"vapd/protocol/vap"
	"vapd/wakeword/verify"
)

// Near misses of satellites are looked at one after the other, beside the sessions: nobody
// waits for them, so that a few wait and more than these are lost.
const maxNearMisses = 16 // 640 kB

// What came of a near miss.
const (
	nearRejected = "rejected" // kept as a negative
	nearUnsure   = "unsure"   // kept until a person has listened to it
	// The others are not kept.
	nearNotAllowed = "not_allowed"
	nearTooMany    = "too_many"
	nearMalformed  = "malformed"
	nearBusy       = "busy"
)

// nearMisses has what satellites nearly took for their words, until it was looked at.
type nearMisses struct {
	queue  chan nearMiss
	counts *metrics.Tally

	mu    sync.Mutex
	paces map[string]*vap.NearMissPace // of who sent one within the hour, also over a new connection
}

type nearMiss struct {
	vap.NearMiss
	client string
	keep   func(samples []int16, about recordings.Wake, unsure bool)
}

func newNearMisses() *nearMisses {
	return &nearMisses{queue: make(chan nearMiss, maxNearMisses), counts: metrics.NewTally(), paces: make(map[string]*vap.NearMissPace)}
}

// may reports whether a client may send one now, and takes that for one.
func (n *nearMisses) may(client string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := n.paces[client]
	if p == nil {
		maps.DeleteFunc(n.paces, func(_ string, p *vap.NearMissPace) bool { return p.Idle(now) })
		p = new(vap.NearMissPace)
		n.paces[client] = p
	}
	if !p.May(now) {
		return false
	}
	p.Note(now)
	return true
}

// nearMissed takes a near miss of a client, on the goroutine that reads the socket.
func (h *Hub) nearMissed(client string, c vap.Capability) error {
	now := h.cfg.Now()
	keep := h.recorder.ofNearMiss(client, now.Add(-audio.WakeRate.Duration(vap.MaxNearMiss)))
	switch {
	case keep == nil:
		h.near.counts.Add(nearNotAllowed)
		return nil
	case !h.near.may(client, now):
		h.near.counts.Add(nearTooMany)
		return nil
	}
	m, err := vap.ParseNearMiss(c)
	if err != nil {
		h.near.counts.Add(nearMalformed)
		return err
	}
	select {
	case h.near.queue <- nearMiss{m, client, keep}:
	default:
		h.near.counts.Add(nearBusy)
	}
	return nil
}

// runNearMisses looks at near misses until ctx ends.
func (h *Hub) runNearMisses(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case m := <-h.near.queue:
			h.lookAtNearMiss(m)
		}
	}
}

// lookAtNearMiss has a larger model say whether the satellite was right. Only then is it
// known as far as a program can know it: what the model takes for the word may have been
// said and missed, and must not teach anybody not to hear it.
func (h *Hub) lookAtNearMiss(m nearMiss) {
	about := recordings.Wake{Word: m.Word, Heard: m.Score, NearMiss: true}
	result := nearUnsure
	if p := h.packFor(m.Pack, m.Word); p != nil {
		v, err := verify.Judge(p, m.Sound, m.End)
		if err != nil {
			h.log.Error("a near miss is not looked at", "error", err)
			return
		}
		about.Word, about.Model, about.Score, about.Cutoff = v.Word, v.Pack, v.Score, v.Cutoff
		if v.Kind == verify.Rejected {
			result = nearRejected
		}
	}
	m.keep(m.Sound, about, result == nearUnsure)
	h.near.counts.Add(result)
	h.log.Debug("a satellite nearly woke", "client", m.client, "pack", about.Model, "score", about.Score, "result", result)
}

// family is the counts for Prometheus.
func (n *nearMisses) family() metrics.Family {
	return n.counts.Family("vapd_hub_near_misses_total", "What satellites nearly took for their words, by what came of it.", "result")
}

// sums are the counts for people.
func (n *nearMisses) sums() (v control.HubNearMisses) {
	for _, s := range n.family().Samples {
		switch s.Labels[0].Value {
		case nearRejected:
			v.Rejected = int64(s.Value)
		case nearUnsure:
			v.Unsure = int64(s.Value)
		default:
			v.Refused += int64(s.Value)
		}
	}
	return v
}
