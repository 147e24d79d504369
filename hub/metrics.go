package hub

import (
	"os"
	"runtime"

	"vapd/hub/speech"
	"vapd/internal/metrics"
	"vapd/internal/procfs"
	"vapd/protocol/coap"
	"vapd/protocol/control"
)

// latencies are how long people wait. The hub sees the end of speech in what arrives.
type latencies struct{ transcript, firstAudio *metrics.Histogram }

func newLatencies() latencies { return latencies{metrics.Latency(), metrics.Latency()} }

// observe takes a turn that was answered; one that was typed, or in which nobody spoke,
// has no times.
func (l latencies) observe(e control.HubEvent) {
	if e.Transcript > 0 {
		l.transcript.Observe(e.Transcript / 1000)
	}
	if e.FirstAudio > 0 {
		l.firstAudio.Observe(e.FirstAudio / 1000)
	}
}

// Metrics are the hub's measurements for Prometheus. Nobody's name or word is in them.
func (h *Hub) Metrics() []metrics.Family {
	load := func(n interface{ Load() int64 }) float64 { return float64(n.Load()) }
	stored, ready := 1.0, map[string]float64{}
	if h.cfg.Store.Health().Problem != "" {
		stored = 0
	}
	crashes := map[string]float64{}
	for _, e := range h.cfg.Engines() {
		ready[e.Engine], crashes[e.Engine] = 0, float64(e.Crashes)
		if e.State == speech.Ready {
			ready[e.Engine] = 1
		}
	}
	voices := h.peopleCounts()
	all := []metrics.Family{
		metrics.One(metrics.Gauge, "vapd_hub_uptime_seconds", "Time since the start.", h.cfg.Now().Sub(h.started).Seconds()),
		metrics.One(metrics.Gauge, "vapd_hub_memory_bytes", "Resident memory, without the engines.", float64(procfs.Resident(os.Getpid()))),
		metrics.One(metrics.Gauge, "vapd_hub_goroutines", "Goroutines.", float64(runtime.NumGoroutine())),
		metrics.One(metrics.Gauge, "vapd_hub_satellites", "Satellites that are connected.", float64(h.server.Count())),
		metrics.One(metrics.Gauge, "vapd_hub_sessions", "Conversations now.", load(&h.sessions)),
		metrics.By(metrics.Counter, "vapd_hub_turns_total", "Utterances by what came of them.", "result", map[string]float64{
			"understood": load(&h.counts.understood), "not_understood": load(&h.counts.rejected), "failed": load(&h.counts.failed),
			"nothing_said": load(&h.counts.heard) - load(&h.counts.understood) - load(&h.counts.rejected),
		}),
		metrics.By(metrics.Counter, "vapd_hub_refused_sessions_total", "Sessions refused, by why.", "why", map[string]float64{
			"another_was_nearer": load(&h.counts.focusLost), "wake_word_not_confirmed": load(&h.counts.wakeRejected),
			"speaker_not_known": float64(voices.Refused),
		}),
		h.looks.family(),
		h.near.family(),
		metrics.By(metrics.Counter, "vapd_hub_voices_total", "Utterances while somebody's voice is known, by what it told.", "result", map[string]float64{
			"named": float64(voices.Named), "unsure": float64(voices.Unsure), "short": float64(voices.Short),
		}),
		h.latencies.transcript.Family("vapd_hub_transcript_seconds", "From the end of speech to its transcript."),
		h.latencies.firstAudio.Family("vapd_hub_first_audio_seconds", "From the end of speech to the first sample of the answer."),
		metrics.One(metrics.Gauge, "vapd_hub_store_writable", "1 while what the hub knows can be kept.", stored),
		metrics.By(metrics.Gauge, "vapd_hub_engine_ready", "1 while a speech engine is ready.", "engine", ready),
		metrics.By(metrics.Counter, "vapd_hub_engine_crashes_total", "Crashes of a speech engine.", "engine", crashes),
	}
	all = append(all, h.skills.Metrics()...)
	all = append(all, metrics.Sockets("vapd_hub", map[string]metrics.Traffic{
		"plain": traffic(h.doors.plain.Stats()), "dtls": traffic(h.doors.secured.Stats()),
	})...)
	return append(all, h.handshakes()...)
}

func traffic(s coap.Stats) metrics.Traffic {
	return metrics.Traffic{
		Sent: s.Sent, Received: s.Received, Retransmitted: s.Retransmitted,
		Duplicates: s.Duplicates, Malformed: s.Malformed, Dropped: s.Dropped,
	}
}

// handshakes are the measurements of DTLS.
func (h *Hub) handshakes() []metrics.Family {
	s := h.doors.transport.Stats()
	return []metrics.Family{
		metrics.One(metrics.Gauge, "vapd_hub_dtls_associations", "DTLS associations now.", float64(s.Associations)),
		metrics.One(metrics.Gauge, "vapd_hub_dtls_half_open", "DTLS handshakes that strangers have begun and not ended.", float64(s.HalfOpen)),
		metrics.By(metrics.Counter, "vapd_hub_dtls_handshakes_total", "DTLS handshakes by result.", "result", map[string]float64{
			"finished": float64(s.Finished), "failed": float64(s.Failed), "refused": float64(s.Refused),
		}),
		metrics.By(metrics.Counter, "vapd_hub_dtls_dropped_total", "Datagrams that were dropped, by why.", "why", map[string]float64{
			"no_association": float64(s.Dropped), "forged": float64(s.Forged),
		}),
		metrics.One(metrics.Counter, "vapd_hub_dtls_moved_total", "Times that a satellite was heard from a new address.", float64(s.Moved)),
	}
}
